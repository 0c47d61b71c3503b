// SPDX-License-Identifier: MIT
#include "views/gpu/swapchain.h"

#include <algorithm>

namespace orrery::gpu {

VkSurfaceFormatKHR chooseFormat(const VulkanDevice& device, VkSurfaceKHR surface) {
  VkBool32 supported = VK_FALSE;
  must(vkGetPhysicalDeviceSurfaceSupportKHR(device.physical(), device.queueFamily(), surface, &supported),
       "vkGetPhysicalDeviceSurfaceSupportKHR");
  if (!supported) throw VulkanFailure{VK_ERROR_FEATURE_NOT_PRESENT, device.name() + " cannot draw on this window"};
  std::uint32_t count = 0;
  must(vkGetPhysicalDeviceSurfaceFormatsKHR(device.physical(), surface, &count, nullptr),
       "vkGetPhysicalDeviceSurfaceFormatsKHR");
  std::vector<VkSurfaceFormatKHR> formats(count);
  must(vkGetPhysicalDeviceSurfaceFormatsKHR(device.physical(), surface, &count, formats.data()),
       "vkGetPhysicalDeviceSurfaceFormatsKHR");
  for (const VkFormat wanted : {VK_FORMAT_B8G8R8A8_UNORM, VK_FORMAT_R8G8B8A8_UNORM})
    for (const VkSurfaceFormatKHR& format : formats)
      if (format.format == wanted) return format;
  throw VulkanFailure{VK_ERROR_FORMAT_NOT_SUPPORTED, "the window has neither B8G8R8A8_UNORM nor R8G8B8A8_UNORM"};
}

namespace {

// One thread draws all canvases, so a present that waits for the screen would make them wait for each other.
VkPresentModeKHR choosePresentMode(const VulkanDevice& device, VkSurfaceKHR surface) {
  std::uint32_t count = 0;
  vkGetPhysicalDeviceSurfacePresentModesKHR(device.physical(), surface, &count, nullptr);
  std::vector<VkPresentModeKHR> modes(count);
  vkGetPhysicalDeviceSurfacePresentModesKHR(device.physical(), surface, &count, modes.data());
  for (const VkPresentModeKHR wanted : {VK_PRESENT_MODE_MAILBOX_KHR, VK_PRESENT_MODE_IMMEDIATE_KHR})
    if (std::find(modes.begin(), modes.end(), wanted) != modes.end()) return wanted;
  return VK_PRESENT_MODE_FIFO_KHR;
}

VkCompositeAlphaFlagBitsKHR chooseAlpha(VkCompositeAlphaFlagsKHR supported) {
  return supported & VK_COMPOSITE_ALPHA_OPAQUE_BIT_KHR ? VK_COMPOSITE_ALPHA_OPAQUE_BIT_KHR
                                                       : VK_COMPOSITE_ALPHA_INHERIT_BIT_KHR;
}

VkExtent2D chooseExtent(const VkSurfaceCapabilitiesKHR& can, VkExtent2D wanted) {
  if (can.currentExtent.width != UINT32_MAX) return can.currentExtent;
  return {std::clamp(wanted.width, can.minImageExtent.width, can.maxImageExtent.width),
          std::clamp(wanted.height, can.minImageExtent.height, can.maxImageExtent.height)};
}

} // namespace

Swapchain::~Swapchain() {
  releaseImages();
  vkDestroySwapchainKHR(m_device.device(), m_swapchain, nullptr);
}

void Swapchain::releaseImages() {
  for (VkSemaphore semaphore : m_rendered) vkDestroySemaphore(m_device.device(), semaphore, nullptr);
  for (VkFramebuffer framebuffer : m_framebuffers) vkDestroyFramebuffer(m_device.device(), framebuffer, nullptr);
  for (VkImageView view : m_views) vkDestroyImageView(m_device.device(), view, nullptr);
  m_rendered.clear();
  m_framebuffers.clear();
  m_views.clear();
  m_images.clear();
}

bool Swapchain::recreate(VkExtent2D wanted, VkRenderPass renderPass) {
  VkSurfaceCapabilitiesKHR can{};
  must(vkGetPhysicalDeviceSurfaceCapabilitiesKHR(m_device.physical(), m_surface, &can),
       "vkGetPhysicalDeviceSurfaceCapabilitiesKHR");
  m_extent = chooseExtent(can, wanted);
  if (m_extent.width == 0 || m_extent.height == 0) return false;
  m_readable = (can.supportedUsageFlags & VK_IMAGE_USAGE_TRANSFER_SRC_BIT) != 0;

  VkSwapchainCreateInfoKHR info{};
  info.sType = VK_STRUCTURE_TYPE_SWAPCHAIN_CREATE_INFO_KHR;
  info.surface = m_surface;
  info.minImageCount = std::max(can.minImageCount, 3u);
  if (can.maxImageCount > 0) info.minImageCount = std::min(info.minImageCount, can.maxImageCount);
  info.imageFormat = m_format.format;
  info.imageColorSpace = m_format.colorSpace;
  info.imageExtent = m_extent;
  info.imageArrayLayers = 1;
  info.imageUsage = VK_IMAGE_USAGE_COLOR_ATTACHMENT_BIT |
                    (m_readable ? VkImageUsageFlags{VK_IMAGE_USAGE_TRANSFER_SRC_BIT} : VkImageUsageFlags{0});
  info.preTransform = can.currentTransform;
  info.compositeAlpha = chooseAlpha(can.supportedCompositeAlpha);
  info.presentMode = choosePresentMode(m_device, m_surface);
  info.clipped = VK_TRUE;
  info.oldSwapchain = m_swapchain;
  VkSwapchainKHR made = VK_NULL_HANDLE;
  must(vkCreateSwapchainKHR(m_device.device(), &info, nullptr, &made), "vkCreateSwapchainKHR");
  releaseImages();
  vkDestroySwapchainKHR(m_device.device(), m_swapchain, nullptr);
  m_swapchain = made;
  createImages(renderPass);
  return true;
}

void Swapchain::createImages(VkRenderPass renderPass) {
  std::uint32_t count = 0;
  must(vkGetSwapchainImagesKHR(m_device.device(), m_swapchain, &count, nullptr), "vkGetSwapchainImagesKHR");
  m_images.resize(count);
  must(vkGetSwapchainImagesKHR(m_device.device(), m_swapchain, &count, m_images.data()), "vkGetSwapchainImagesKHR");
  for (VkImage image : m_images) {
    VkImageViewCreateInfo view{};
    view.sType = VK_STRUCTURE_TYPE_IMAGE_VIEW_CREATE_INFO;
    view.image = image;
    view.viewType = VK_IMAGE_VIEW_TYPE_2D;
    view.format = m_format.format;
    view.subresourceRange = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 1, 0, 1};
    m_views.push_back(VK_NULL_HANDLE);
    must(vkCreateImageView(m_device.device(), &view, nullptr, &m_views.back()), "vkCreateImageView");

    VkFramebufferCreateInfo framebuffer{};
    framebuffer.sType = VK_STRUCTURE_TYPE_FRAMEBUFFER_CREATE_INFO;
    framebuffer.renderPass = renderPass;
    framebuffer.attachmentCount = 1;
    framebuffer.pAttachments = &m_views.back();
    framebuffer.width = m_extent.width;
    framebuffer.height = m_extent.height;
    framebuffer.layers = 1;
    m_framebuffers.push_back(VK_NULL_HANDLE);
    must(vkCreateFramebuffer(m_device.device(), &framebuffer, nullptr, &m_framebuffers.back()), "vkCreateFramebuffer");

    VkSemaphoreCreateInfo semaphore{};
    semaphore.sType = VK_STRUCTURE_TYPE_SEMAPHORE_CREATE_INFO;
    m_rendered.push_back(VK_NULL_HANDLE);
    must(vkCreateSemaphore(m_device.device(), &semaphore, nullptr, &m_rendered.back()), "vkCreateSemaphore");
  }
}

} // namespace orrery::gpu
