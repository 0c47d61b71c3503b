// SPDX-License-Identifier: MIT
// What all Vulkan canvases of the process share: the device, Qt's wrapper of the instance, and the one thread that
// draws. The last canvas takes it down: thread, device, instance, in this order.
#pragma once
#include <QVulkanInstance>
#include <functional>
#include <memory>

#include "core/base/thread_pool.h"
#include "views/gpu/vulkan_device.h"

namespace orrery::gpu {

class GpuContext {
public:
  // GUI thread. The living context, or a new one. Errors: Unsupported, with one note per reason.
  static Result<std::shared_ptr<GpuContext>> acquire();
  ~GpuContext() = default; // thread, Qt's wrapper, device
  GpuContext(const GpuContext&) = delete;
  GpuContext& operator=(const GpuContext&) = delete;

  const std::shared_ptr<VulkanDevice>& device() const { return m_device; }
  QVulkanInstance& qtInstance() { return m_qtInstance; }
  void post(std::function<void()> task) { m_thread.post(std::move(task)); } // runs on the render thread
  void runAndWait(const std::function<void()>& task);                       // GUI thread, for releases and grabs only

private:
  explicit GpuContext(std::shared_ptr<VulkanDevice> device);

  std::shared_ptr<VulkanDevice> m_device;
  QVulkanInstance m_qtInstance;
  ThreadPool m_thread{1}; // last member: joined first
};

} // namespace orrery::gpu
