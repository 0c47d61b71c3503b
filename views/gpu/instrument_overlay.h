// SPDX-License-Identifier: MIT
// Dear ImGui inside a canvas: range sliders and the frame and memory meter. One ImGui context per canvas; all of them
// live on the one render thread (ImGui's current context is a global). Throws VulkanFailure.
#pragma once
#include <chrono>
#include <vector>

#include "views/gpu/frame.h"
#include "views/gpu/vulkan_device.h"

struct ImGuiContext;

namespace orrery::gpu {

class InstrumentOverlay {
public:
  InstrumentOverlay(const VulkanDevice& device, VkRenderPass renderPass, std::uint32_t images, VkCommandPool pool,
                    double pixelRatio);
  ~InstrumentOverlay();
  InstrumentOverlay(const InstrumentOverlay&) = delete;
  InstrumentOverlay& operator=(const InstrumentOverlay&) = delete;

  double pixelRatio() const { return m_ratio; } // fonts are made for it: another ratio needs another overlay
  // Runs ImGui over the events; fills busy and edited of `feedback`.
  void update(const Frame& frame, const std::vector<PointerEvent>& events, const RenderStats& stats,
              Feedback& feedback);
  // Inside the render pass. Does nothing when there is nothing to draw.
  void draw(VkCommandBuffer commands);

private:
  void createPool();
  void uploadFonts(VkCommandPool pool);
  void apply(const PointerEvent& event);
  void windows(const Frame& frame, const RenderStats& stats, Feedback& feedback);
  void rangeWindow(const Instrument& instrument, Feedback& feedback);
  void meterWindow(const Instrument& instrument, const RenderStats& stats, Feedback& feedback);

  const VulkanDevice& m_device;
  double m_ratio;
  VkDescriptorPool m_pool = VK_NULL_HANDLE;
  ImGuiContext* m_context = nullptr;
  bool m_visible = false, m_held = false; // m_held: a slider is being dragged
  RangeState m_range;
  std::chrono::steady_clock::time_point m_lastUpdate{};
};

} // namespace orrery::gpu
