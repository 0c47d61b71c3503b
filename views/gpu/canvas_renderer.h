// SPDX-License-Identifier: MIT
// Draws Frames on one surface: swapchain, textures, batches, overlay. Every member is called on the render thread;
// failures are thrown as VulkanFailure.
#pragma once
#include <memory>
#include <vector>

#include "views/gpu/frame.h"
#include "views/gpu/instrument_overlay.h"
#include "views/gpu/swapchain.h"
#include "views/gpu/textures.h"

namespace orrery::gpu {

// Pixels of a frame, as they went to the screen.
struct GrabbedPixels {
  int width = 0, height = 0;
  std::vector<std::uint32_t> rgba; // [height, width] 0xAABBGGRR
};

class CanvasRenderer {
public:
  CanvasRenderer(std::shared_ptr<VulkanDevice> device, VkSurfaceKHR surface);
  ~CanvasRenderer(); // waits for the device

  // True: another frame is needed (tiles are still to be uploaded). Nothing is drawn while the window has no area.
  // `grab` gets the pixels if it is not null; stays empty if the surface cannot be read.
  bool render(const Frame& frame, const std::vector<PointerEvent>& events, Feedback& feedback,
              GrabbedPixels* grab = nullptr);

private:
  static constexpr std::size_t kInFlight = 2;
  struct Slot { // what one frame in flight uses
    explicit Slot(const VulkanDevice& device)
        : vertices(device, VK_BUFFER_USAGE_VERTEX_BUFFER_BIT), indices(device, VK_BUFFER_USAGE_INDEX_BUFFER_BIT),
          staging(device, VK_BUFFER_USAGE_TRANSFER_SRC_BIT) {}
    VkCommandBuffer commands = VK_NULL_HANDLE;
    VkSemaphore acquired = VK_NULL_HANDLE;
    VkFence done = VK_NULL_HANDLE;
    HostBuffer vertices, indices, staging;
  };

  void createSlots();
  bool ensureSwapchain(const Frame& frame);
  bool acquire(Slot& slot, const Frame& frame, std::uint32_t& image);
  void batch(const Frame& frame);
  void upload(Slot& slot);
  void record(Slot& slot, std::uint32_t image, const Frame& frame, HostBuffer* readBack);
  void drawBatches(VkCommandBuffer commands, Slot& slot);
  void submit(Slot& slot, std::uint32_t image);
  void copyOut(VkCommandBuffer commands, std::uint32_t image, HostBuffer& readBack);
  void fillGrab(const HostBuffer& readBack, GrabbedPixels& grab) const;

  std::shared_ptr<VulkanDevice> m_device;
  VkSurfaceFormatKHR m_format;
  Pipelines m_pipelines;
  Swapchain m_swapchain;
  Textures m_textures;
  VkCommandPool m_commandPool = VK_NULL_HANDLE;
  std::vector<std::unique_ptr<Slot>> m_slots;
  std::unique_ptr<InstrumentOverlay> m_overlay; // made when first shown
  DrawList m_list;
  std::uint64_t m_frames = 0;
  VkExtent2D m_wanted{};
  bool m_outOfDate = true;
  double m_lastMilliseconds = 0;
};

} // namespace orrery::gpu
