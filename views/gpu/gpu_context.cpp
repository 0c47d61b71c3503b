// SPDX-License-Identifier: MIT
#include "views/gpu/gpu_context.h"

#include <QGuiApplication>
#include <future>

namespace orrery::gpu {

GpuContext::GpuContext(std::shared_ptr<VulkanDevice> device) : m_device(std::move(device)) {}

Result<std::shared_ptr<GpuContext>> GpuContext::acquire() {
  static std::weak_ptr<GpuContext> living; // GUI thread only
  if (auto context = living.lock()) return context;
  const QString platform = QGuiApplication::platformName();
  if (platform != QStringLiteral("xcb") && platform != QStringLiteral("wayland"))
    return unsupported("no Vulkan device to draw with: the window system \"" + platform.toStdString() +
                       "\" has no Vulkan surfaces");
  auto device = VulkanDevice::create();
  if (!device) return device.error();
  std::shared_ptr<GpuContext> context(new GpuContext(*device));
  context->m_qtInstance.setVkInstance(context->m_device->instance());
  if (!context->m_qtInstance.create())
    return unsupported("no Vulkan device to draw with: Qt's platform plugin \"" + platform.toStdString() +
                       "\" was built without Vulkan");
  living = context;
  return context;
}

void GpuContext::runAndWait(const std::function<void()>& task) {
  std::promise<void> done;
  m_thread.post([&] {
    task();
    done.set_value();
  });
  done.get_future().wait();
}

} // namespace orrery::gpu
