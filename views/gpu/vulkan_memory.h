// SPDX-License-Identifier: MIT
// Buffers that the host writes and images that shaders read. Render thread only; every function throws VulkanFailure.
#pragma once
#include <cstdint>
#include <utility>

#include "views/gpu/vulkan_device.h"

namespace orrery::gpu {

// Mapped for its whole life. Grows by being made anew: the caller knows that the device no longer reads it.
class HostBuffer {
public:
  HostBuffer(const VulkanDevice& device, VkBufferUsageFlags usage) : m_device(device), m_usage(usage) {}
  ~HostBuffer() { release(); }
  HostBuffer(const HostBuffer&) = delete;
  HostBuffer& operator=(const HostBuffer&) = delete;

  void reserve(VkDeviceSize bytes);
  VkBuffer handle() const { return m_buffer; }
  std::uint8_t* bytes() const { return m_bytes; }
  VkDeviceSize capacity() const { return m_capacity; }

private:
  void release();

  const VulkanDevice& m_device;
  VkBufferUsageFlags m_usage;
  VkBuffer m_buffer = VK_NULL_HANDLE;
  VkDeviceMemory m_memory = VK_NULL_HANDLE;
  std::uint8_t* m_bytes = nullptr;
  VkDeviceSize m_capacity = 0;
};

// R8G8B8A8_UNORM, sampled.
class DeviceImage {
public:
  DeviceImage(const VulkanDevice& device, std::uint32_t width, std::uint32_t height);
  ~DeviceImage() { release(); }
  DeviceImage(const DeviceImage&) = delete;
  DeviceImage& operator=(const DeviceImage&) = delete;

  VkImage image() const { return m_image; }
  VkImageView view() const { return m_view; }
  std::uint32_t width() const { return m_width; }
  std::uint32_t height() const { return m_height; }
  VkDeviceSize bytes() const { return VkDeviceSize{4} * m_width * m_height; }

  // Records the change of layout before and after a copy into it.
  void beginWrite(VkCommandBuffer commands);
  void endWrite(VkCommandBuffer commands);

private:
  void release();

  const VulkanDevice& m_device;
  std::uint32_t m_width, m_height;
  VkImage m_image = VK_NULL_HANDLE;
  VkDeviceMemory m_memory = VK_NULL_HANDLE;
  VkImageView m_view = VK_NULL_HANDLE;
  VkImageLayout m_layout = VK_IMAGE_LAYOUT_UNDEFINED;
};

// One layout change of a whole colour image.
struct LayoutChange {
  VkImageLayout from, to;
  VkAccessFlags fromAccess, toAccess;
  VkPipelineStageFlags fromStage, toStage;
};
void changeLayout(VkCommandBuffer commands, VkImage image, const LayoutChange& change);

} // namespace orrery::gpu
