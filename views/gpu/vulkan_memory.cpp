// SPDX-License-Identifier: MIT
#include "views/gpu/vulkan_memory.h"

#include <algorithm>

namespace orrery::gpu {

namespace {

VkDeviceMemory allocate(const VulkanDevice& device, const VkMemoryRequirements& needs, VkMemoryPropertyFlags flags) {
  VkMemoryAllocateInfo info{};
  info.sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO;
  info.allocationSize = needs.size;
  info.memoryTypeIndex = device.memoryType(needs.memoryTypeBits, flags);
  VkDeviceMemory memory = VK_NULL_HANDLE;
  must(vkAllocateMemory(device.device(), &info, nullptr, &memory), "vkAllocateMemory");
  return memory;
}

} // namespace

void HostBuffer::release() {
  if (m_memory) vkUnmapMemory(m_device.device(), m_memory);
  if (m_buffer) vkDestroyBuffer(m_device.device(), m_buffer, nullptr);
  if (m_memory) vkFreeMemory(m_device.device(), m_memory, nullptr);
  m_buffer = VK_NULL_HANDLE;
  m_memory = VK_NULL_HANDLE;
  m_bytes = nullptr;
  m_capacity = 0;
}

void HostBuffer::reserve(VkDeviceSize bytes) {
  if (bytes <= m_capacity) return;
  const VkDeviceSize size = std::max(bytes, m_capacity * 2);
  release();
  VkBufferCreateInfo info{};
  info.sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO;
  info.size = size;
  info.usage = m_usage;
  must(vkCreateBuffer(m_device.device(), &info, nullptr, &m_buffer), "vkCreateBuffer");
  VkMemoryRequirements needs{};
  vkGetBufferMemoryRequirements(m_device.device(), m_buffer, &needs);
  m_memory = allocate(m_device, needs, VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT);
  must(vkBindBufferMemory(m_device.device(), m_buffer, m_memory, 0), "vkBindBufferMemory");
  void* mapped = nullptr;
  must(vkMapMemory(m_device.device(), m_memory, 0, VK_WHOLE_SIZE, 0, &mapped), "vkMapMemory");
  m_bytes = static_cast<std::uint8_t*>(mapped);
  m_capacity = size;
}

DeviceImage::DeviceImage(const VulkanDevice& device, std::uint32_t width, std::uint32_t height)
    : m_device(device), m_width(width), m_height(height) {
  try {
    VkImageCreateInfo info{};
    info.sType = VK_STRUCTURE_TYPE_IMAGE_CREATE_INFO;
    info.imageType = VK_IMAGE_TYPE_2D;
    info.format = VK_FORMAT_R8G8B8A8_UNORM;
    info.extent = {width, height, 1};
    info.mipLevels = info.arrayLayers = 1;
    info.samples = VK_SAMPLE_COUNT_1_BIT;
    info.tiling = VK_IMAGE_TILING_OPTIMAL;
    info.usage = VK_IMAGE_USAGE_SAMPLED_BIT | VK_IMAGE_USAGE_TRANSFER_DST_BIT;
    must(vkCreateImage(device.device(), &info, nullptr, &m_image), "vkCreateImage");
    VkMemoryRequirements needs{};
    vkGetImageMemoryRequirements(device.device(), m_image, &needs);
    m_memory = allocate(device, needs, VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT);
    must(vkBindImageMemory(device.device(), m_image, m_memory, 0), "vkBindImageMemory");
    VkImageViewCreateInfo view{};
    view.sType = VK_STRUCTURE_TYPE_IMAGE_VIEW_CREATE_INFO;
    view.image = m_image;
    view.viewType = VK_IMAGE_VIEW_TYPE_2D;
    view.format = VK_FORMAT_R8G8B8A8_UNORM;
    view.subresourceRange = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 1, 0, 1};
    must(vkCreateImageView(device.device(), &view, nullptr, &m_view), "vkCreateImageView");
  } catch (const VulkanFailure&) {
    release();
    throw;
  }
}

void DeviceImage::release() {
  if (m_view) vkDestroyImageView(m_device.device(), m_view, nullptr);
  if (m_image) vkDestroyImage(m_device.device(), m_image, nullptr);
  if (m_memory) vkFreeMemory(m_device.device(), m_memory, nullptr);
  m_view = VK_NULL_HANDLE;
  m_image = VK_NULL_HANDLE;
  m_memory = VK_NULL_HANDLE;
}

void changeLayout(VkCommandBuffer commands, VkImage image, const LayoutChange& change) {
  VkImageMemoryBarrier barrier{};
  barrier.sType = VK_STRUCTURE_TYPE_IMAGE_MEMORY_BARRIER;
  barrier.srcAccessMask = change.fromAccess;
  barrier.dstAccessMask = change.toAccess;
  barrier.oldLayout = change.from;
  barrier.newLayout = change.to;
  barrier.srcQueueFamilyIndex = barrier.dstQueueFamilyIndex = VK_QUEUE_FAMILY_IGNORED;
  barrier.image = image;
  barrier.subresourceRange = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 1, 0, 1};
  vkCmdPipelineBarrier(commands, change.fromStage, change.toStage, 0, 0, nullptr, 0, nullptr, 1, &barrier);
}

// An image that was in use is read by earlier frames first; the barrier makes the copy wait for them.
void DeviceImage::beginWrite(VkCommandBuffer commands) {
  changeLayout(commands, m_image,
               {m_layout, VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL, 0, VK_ACCESS_TRANSFER_WRITE_BIT,
                VK_PIPELINE_STAGE_FRAGMENT_SHADER_BIT | VK_PIPELINE_STAGE_TRANSFER_BIT,
                VK_PIPELINE_STAGE_TRANSFER_BIT});
}

void DeviceImage::endWrite(VkCommandBuffer commands) {
  changeLayout(commands, m_image,
               {VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL, VK_IMAGE_LAYOUT_SHADER_READ_ONLY_OPTIMAL,
                VK_ACCESS_TRANSFER_WRITE_BIT, VK_ACCESS_SHADER_READ_BIT, VK_PIPELINE_STAGE_TRANSFER_BIT,
                VK_PIPELINE_STAGE_FRAGMENT_SHADER_BIT});
  m_layout = VK_IMAGE_LAYOUT_SHADER_READ_ONLY_OPTIMAL;
}

} // namespace orrery::gpu
