// SPDX-License-Identifier: MIT
// The Vulkan backend of a Canvas: a QWindow (embedded by QWidget::createWindowContainer) whose frames are drawn on the
// render thread of GpuContext. Members are called on the GUI thread; posting a frame costs it microseconds, and a
// newer frame replaces one that was not begun.
#pragma once
#include <QImage>
#include <QWindow>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "views/gpu/frame.h"
#include "views/gpu/gpu_context.h"

namespace orrery::gpu {

class VulkanCanvas : public QWindow {
public:
  // `input` gets every mouse, wheel, touch and drag event and says whether it took it; `feedback` is called on the GUI
  // thread after frames. Feedback with `failure` is the last.
  VulkanCanvas(std::shared_ptr<GpuContext> context, std::function<bool(QEvent*)> input,
               std::function<void(const Feedback&)> feedback, std::function<void()> exposed);
  ~VulkanCanvas() override;

  void draw(Frame frame);
  void addEvent(const PointerEvent& event); // goes to ImGui with the next frame
  // Draws the newest frame again and reads it back from the swapchain. Waits: for tests and screenshots only.
  QImage grab();
  bool alive() const; // has a surface and has not failed

protected:
  bool event(QEvent* event) override;
  void exposeEvent(QExposeEvent* event) override;

private:
  struct Target;
  void ensureSurface();
  void releaseSurface();

  std::shared_ptr<GpuContext> m_context;
  std::shared_ptr<Target> m_target;
  std::function<bool(QEvent*)> m_input;
  std::function<void()> m_exposed;
  VkSurfaceKHR m_surface = VK_NULL_HANDLE; // owned by Qt
};

} // namespace orrery::gpu
