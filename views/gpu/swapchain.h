// SPDX-License-Identifier: MIT
// The images of one window's surface. Render thread only; throws VulkanFailure.
#pragma once
#include <cstdint>
#include <vector>

#include "views/gpu/vulkan_device.h"

namespace orrery::gpu {

// B8G8R8A8_UNORM where the surface has it, else R8G8B8A8_UNORM (never sRGB: the colours are sRGB already).
VkSurfaceFormatKHR chooseFormat(const VulkanDevice& device, VkSurfaceKHR surface);

class Swapchain {
public:
  Swapchain(const VulkanDevice& device, VkSurfaceKHR surface, VkSurfaceFormatKHR format)
      : m_device(device), m_surface(surface), m_format(format) {}
  ~Swapchain();
  Swapchain(const Swapchain&) = delete;
  Swapchain& operator=(const Swapchain&) = delete;

  // Makes the images anew; the device must be idle. False while the surface has no area (minimised).
  bool recreate(VkExtent2D wanted, VkRenderPass renderPass);

  VkSwapchainKHR handle() const { return m_swapchain; }
  VkExtent2D extent() const { return m_extent; }
  std::size_t size() const { return m_images.size(); }
  VkImage image(std::uint32_t index) const { return m_images[index]; }
  VkFramebuffer framebuffer(std::uint32_t index) const { return m_framebuffers[index]; }
  VkSemaphore rendered(std::uint32_t index) const { return m_rendered[index]; } // signalled by the frame, for present
  bool readable() const { return m_readable; }                                  // images can be copied from

private:
  void releaseImages();
  void createImages(VkRenderPass renderPass);

  const VulkanDevice& m_device;
  VkSurfaceKHR m_surface;
  VkSurfaceFormatKHR m_format;
  VkSwapchainKHR m_swapchain = VK_NULL_HANDLE;
  VkExtent2D m_extent{};
  bool m_readable = false;
  std::vector<VkImage> m_images;
  std::vector<VkImageView> m_views;
  std::vector<VkFramebuffer> m_framebuffers;
  std::vector<VkSemaphore> m_rendered;
};

} // namespace orrery::gpu
