// SPDX-License-Identifier: MIT
#include "core/base/log.h"

#include <spdlog/sinks/stdout_color_sinks.h>

namespace orrery {
void setUpLog(bool verbose) {
  auto logger = std::make_shared<spdlog::logger>("orrery", std::make_shared<spdlog::sinks::stderr_color_sink_mt>());
  logger->set_pattern("orrery: %^%l%$: %v");
  logger->set_level(verbose ? spdlog::level::debug : spdlog::level::info);
  spdlog::set_default_logger(logger);
}
} // namespace orrery
