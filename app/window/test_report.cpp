// SPDX-License-Identifier: MIT
#include "app/window/test_report.h"

#include "app/window/main_window.h"
#include "core/base/atomic_file.h"
#include "core/base/json.h"
#include "core/base/log.h"
#include "views/gpu/vulkan_device.h"

namespace orrery::app {
namespace {

Json meterJson(const gpu::FrameMeter::Stats& stats) {
  return {{"count", stats.count}, {"over_16_ms", stats.over16}, {"p50", stats.p50},       {"p99", stats.p99},
          {"max", stats.max},     {"cpu_p99", stats.cpuP99},    {"cpu_max", stats.cpuMax}};
}

} // namespace

void writeTestReport(const std::string& path, const WorkMeter& meter, MainWindow& window) {
  const Json report = {{"frames", meterJson(meter.frames())},
                       {"callbacks", meterJson(meter.callbacks())},
                       {"backend", window.activeCanvas().backendName().toStdString()},
                       {"tokens", window.desk().link().length()},
                       {"run", window.desk().link().state().runs.size()},
                       {"validation_messages", gpu::VulkanDevice::validationMessages()}};
  auto file = AtomicFile::create(path);
  if (!file || !file->write(report.dump(2)) || !file->commit())
    spdlog::warn("the test report could not be written to {}", path);
}

} // namespace orrery::app
