// SPDX-License-Identifier: MIT
// One VkInstance and one VkDevice for the process. Created on the GUI thread at start; after that every call that
// needs outside synchronisation (queue, command pools) is made on the one render thread of GpuContext.
// Environment: ORRERY_VULKAN_VALIDATION=1 turns the Khronos validation layer on.
#pragma once
#include <vulkan/vulkan.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/base/result.h"

namespace orrery::gpu {

// Thrown and caught inside views/gpu only; the entry points of the renderer turn it into an Error.
struct VulkanFailure {
  VkResult result = VK_SUCCESS;
  std::string what;
};
void must(VkResult result, const char* call); // throws VulkanFailure unless VK_SUCCESS
std::string resultName(VkResult result);      // "VK_ERROR_DEVICE_LOST"

class VulkanDevice {
public:
  // Errors: Unsupported when there is no usable device; notes hold one line for every refused device, and the reason
  // when even the instance could not be made.
  static Result<std::shared_ptr<VulkanDevice>> create();
  ~VulkanDevice();
  VulkanDevice(const VulkanDevice&) = delete;
  VulkanDevice& operator=(const VulkanDevice&) = delete;

  VkInstance instance() const { return m_instance; }
  VkPhysicalDevice physical() const { return m_physical; }
  VkDevice device() const { return m_device; }
  VkQueue queue() const { return m_queue; }
  std::uint32_t queueFamily() const { return m_family; }
  const std::string& name() const { return m_name; }                    // "llvmpipe (LLVM 15.0.6, 256 bits)"
  const std::vector<std::string>& refused() const { return m_refused; } // one line each
  std::uint32_t maxImageSide() const { return m_maxImageSide; }         // pixels

  // Index of a memory type allowed by `bits` that has `flags`; throws VulkanFailure.
  std::uint32_t memoryType(std::uint32_t bits, VkMemoryPropertyFlags flags) const;

  // Messages of the validation layer since the program started (any thread).
  static std::uint64_t validationMessages();
  bool validation() const { return m_validation; }

private:
  VulkanDevice() = default;
  void createInstance();
  void choosePhysical();
  void createDevice();

  VkInstance m_instance = VK_NULL_HANDLE;
  VkDebugUtilsMessengerEXT m_messenger = VK_NULL_HANDLE;
  VkPhysicalDevice m_physical = VK_NULL_HANDLE;
  VkDevice m_device = VK_NULL_HANDLE;
  VkQueue m_queue = VK_NULL_HANDLE;
  VkPhysicalDeviceMemoryProperties m_memory{};
  std::uint32_t m_family = 0, m_maxImageSide = 0;
  std::string m_name;
  std::vector<std::string> m_refused;
  bool m_validation = false;
};

} // namespace orrery::gpu
