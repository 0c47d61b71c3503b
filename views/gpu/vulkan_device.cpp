// SPDX-License-Identifier: MIT
#include "views/gpu/vulkan_device.h"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <optional>

#include "core/base/log.h"

namespace orrery::gpu {

namespace {

std::atomic<std::uint64_t> validationCount{0};

constexpr const char* kValidationLayer = "VK_LAYER_KHRONOS_validation";

VkBool32 VKAPI_CALL onMessage(VkDebugUtilsMessageSeverityFlagBitsEXT, VkDebugUtilsMessageTypeFlagsEXT types,
                              const VkDebugUtilsMessengerCallbackDataEXT* data, void*) {
  if (types & VK_DEBUG_UTILS_MESSAGE_TYPE_VALIDATION_BIT_EXT) {
    ++validationCount;
    spdlog::error("Vulkan validation: {}", data->pMessage);
  } else {
    spdlog::debug("Vulkan: {}", data->pMessage);
  }
  return VK_FALSE;
}

VkDebugUtilsMessengerCreateInfoEXT messengerInfo() {
  VkDebugUtilsMessengerCreateInfoEXT info{};
  info.sType = VK_STRUCTURE_TYPE_DEBUG_UTILS_MESSENGER_CREATE_INFO_EXT;
  info.messageSeverity =
      VK_DEBUG_UTILS_MESSAGE_SEVERITY_WARNING_BIT_EXT | VK_DEBUG_UTILS_MESSAGE_SEVERITY_ERROR_BIT_EXT;
  info.messageType = VK_DEBUG_UTILS_MESSAGE_TYPE_GENERAL_BIT_EXT | VK_DEBUG_UTILS_MESSAGE_TYPE_VALIDATION_BIT_EXT;
  info.pfnUserCallback = onMessage;
  return info;
}

bool hasInstanceExtension(const char* name) {
  std::uint32_t count = 0;
  vkEnumerateInstanceExtensionProperties(nullptr, &count, nullptr);
  std::vector<VkExtensionProperties> all(count);
  vkEnumerateInstanceExtensionProperties(nullptr, &count, all.data());
  return std::any_of(all.begin(), all.end(), [&](const auto& e) { return std::strcmp(e.extensionName, name) == 0; });
}

bool hasValidationLayer() {
  std::uint32_t count = 0;
  vkEnumerateInstanceLayerProperties(&count, nullptr);
  std::vector<VkLayerProperties> all(count);
  vkEnumerateInstanceLayerProperties(&count, all.data());
  return std::any_of(all.begin(), all.end(),
                     [](const auto& layer) { return std::strcmp(layer.layerName, kValidationLayer) == 0; });
}

bool hasDeviceExtension(VkPhysicalDevice device, const char* name) {
  std::uint32_t count = 0;
  vkEnumerateDeviceExtensionProperties(device, nullptr, &count, nullptr);
  std::vector<VkExtensionProperties> all(count);
  vkEnumerateDeviceExtensionProperties(device, nullptr, &count, all.data());
  return std::any_of(all.begin(), all.end(), [&](const auto& e) { return std::strcmp(e.extensionName, name) == 0; });
}

std::optional<std::uint32_t> graphicsFamily(VkPhysicalDevice device) {
  std::uint32_t count = 0;
  vkGetPhysicalDeviceQueueFamilyProperties(device, &count, nullptr);
  std::vector<VkQueueFamilyProperties> families(count);
  vkGetPhysicalDeviceQueueFamilyProperties(device, &count, families.data());
  for (std::uint32_t i = 0; i < count; ++i)
    if (families[i].queueFlags & VK_QUEUE_GRAPHICS_BIT) return i;
  return std::nullopt;
}

int rank(VkPhysicalDeviceType type) {
  switch (type) {
  case VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU:
    return 4;
  case VK_PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU:
    return 3;
  case VK_PHYSICAL_DEVICE_TYPE_VIRTUAL_GPU:
    return 2;
  default:
    return 1;
  }
}

// Empty if the device can draw a canvas, else why not.
std::string refusal(VkPhysicalDevice device, const VkPhysicalDeviceProperties& properties) {
  if (properties.apiVersion < VK_API_VERSION_1_1)
    return "needs Vulkan 1.1, has 1." + std::to_string(VK_API_VERSION_MINOR(properties.apiVersion));
  if (!hasDeviceExtension(device, VK_KHR_SWAPCHAIN_EXTENSION_NAME)) return "has no VK_KHR_swapchain";
  if (!graphicsFamily(device)) return "has no graphics queue";
  if (properties.limits.maxImageDimension2D < 4096)
    return "images of " + std::to_string(properties.limits.maxImageDimension2D) + " pixels, 4096 needed";
  return {};
}

} // namespace

std::string resultName(VkResult result) {
  switch (result) {
  case VK_ERROR_OUT_OF_HOST_MEMORY:
    return "VK_ERROR_OUT_OF_HOST_MEMORY";
  case VK_ERROR_OUT_OF_DEVICE_MEMORY:
    return "VK_ERROR_OUT_OF_DEVICE_MEMORY";
  case VK_ERROR_INITIALIZATION_FAILED:
    return "VK_ERROR_INITIALIZATION_FAILED";
  case VK_ERROR_DEVICE_LOST:
    return "VK_ERROR_DEVICE_LOST";
  case VK_ERROR_LAYER_NOT_PRESENT:
    return "VK_ERROR_LAYER_NOT_PRESENT";
  case VK_ERROR_EXTENSION_NOT_PRESENT:
    return "VK_ERROR_EXTENSION_NOT_PRESENT";
  case VK_ERROR_INCOMPATIBLE_DRIVER:
    return "VK_ERROR_INCOMPATIBLE_DRIVER (no driver installed)";
  case VK_ERROR_SURFACE_LOST_KHR:
    return "VK_ERROR_SURFACE_LOST_KHR";
  case VK_ERROR_OUT_OF_DATE_KHR:
    return "VK_ERROR_OUT_OF_DATE_KHR";
  default:
    return "VkResult " + std::to_string(static_cast<int>(result));
  }
}

void must(VkResult result, const char* call) {
  if (result != VK_SUCCESS) throw VulkanFailure{result, std::string(call) + ": " + resultName(result)};
}

std::uint64_t VulkanDevice::validationMessages() { return validationCount; }

Result<std::shared_ptr<VulkanDevice>> VulkanDevice::create() {
  std::shared_ptr<VulkanDevice> device(new VulkanDevice);
  try {
    device->createInstance();
    device->choosePhysical();
    device->createDevice();
  } catch (const VulkanFailure& failure) {
    Error error = unsupported("no Vulkan device to draw with: " + failure.what);
    error.notes = device->m_refused;
    return error;
  }
  return device;
}

void VulkanDevice::createInstance() {
  std::vector<const char*> extensions;
  if (!hasInstanceExtension(VK_KHR_SURFACE_EXTENSION_NAME))
    throw VulkanFailure{VK_ERROR_EXTENSION_NOT_PRESENT, "the Vulkan loader has no driver with VK_KHR_surface"};
  for (const char* name : {VK_KHR_SURFACE_EXTENSION_NAME, "VK_KHR_xcb_surface", "VK_KHR_wayland_surface"})
    if (hasInstanceExtension(name)) extensions.push_back(name);

  const char* wanted = std::getenv("ORRERY_VULKAN_VALIDATION");
  m_validation = wanted && std::strcmp(wanted, "1") == 0 && hasValidationLayer();
  if (wanted && !m_validation) spdlog::warn("Vulkan validation was asked for, but {} is not there", kValidationLayer);
  if (m_validation) extensions.push_back(VK_EXT_DEBUG_UTILS_EXTENSION_NAME);

  VkApplicationInfo application{};
  application.sType = VK_STRUCTURE_TYPE_APPLICATION_INFO;
  application.pApplicationName = "orrery";
  application.apiVersion = VK_API_VERSION_1_1;
  const VkDebugUtilsMessengerCreateInfoEXT messages = messengerInfo();
  VkInstanceCreateInfo info{};
  info.sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO;
  info.pNext = m_validation ? &messages : nullptr;
  info.pApplicationInfo = &application;
  info.enabledExtensionCount = static_cast<std::uint32_t>(extensions.size());
  info.ppEnabledExtensionNames = extensions.data();
  info.enabledLayerCount = m_validation ? 1 : 0;
  info.ppEnabledLayerNames = &kValidationLayer;
  must(vkCreateInstance(&info, nullptr, &m_instance), "vkCreateInstance");
  if (m_validation) {
    const auto make = reinterpret_cast<PFN_vkCreateDebugUtilsMessengerEXT>(
        vkGetInstanceProcAddr(m_instance, "vkCreateDebugUtilsMessengerEXT"));
    if (make) make(m_instance, &messages, nullptr, &m_messenger);
  }
}

void VulkanDevice::choosePhysical() {
  std::uint32_t count = 0;
  must(vkEnumeratePhysicalDevices(m_instance, &count, nullptr), "vkEnumeratePhysicalDevices");
  std::vector<VkPhysicalDevice> devices(count);
  if (count > 0) must(vkEnumeratePhysicalDevices(m_instance, &count, devices.data()), "vkEnumeratePhysicalDevices");
  int best = 0;
  for (VkPhysicalDevice device : devices) {
    VkPhysicalDeviceProperties properties{};
    vkGetPhysicalDeviceProperties(device, &properties);
    const std::string reason = refusal(device, properties);
    if (!reason.empty()) {
      m_refused.push_back(std::string(properties.deviceName) + ": " + reason);
    } else if (rank(properties.deviceType) > best) {
      best = rank(properties.deviceType);
      m_physical = device;
      m_name = properties.deviceName;
      m_maxImageSide = properties.limits.maxImageDimension2D;
    }
  }
  if (m_physical == VK_NULL_HANDLE)
    throw VulkanFailure{VK_ERROR_INITIALIZATION_FAILED,
                        "none of " + std::to_string(count) + " devices can draw a canvas"};
  m_family = *graphicsFamily(m_physical);
  vkGetPhysicalDeviceMemoryProperties(m_physical, &m_memory);
}

void VulkanDevice::createDevice() {
  const float priority = 1;
  VkDeviceQueueCreateInfo queue{};
  queue.sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO;
  queue.queueFamilyIndex = m_family;
  queue.queueCount = 1;
  queue.pQueuePriorities = &priority;
  const char* extension = VK_KHR_SWAPCHAIN_EXTENSION_NAME;
  VkDeviceCreateInfo info{};
  info.sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO;
  info.queueCreateInfoCount = 1;
  info.pQueueCreateInfos = &queue;
  info.enabledExtensionCount = 1;
  info.ppEnabledExtensionNames = &extension;
  must(vkCreateDevice(m_physical, &info, nullptr, &m_device), "vkCreateDevice");
  vkGetDeviceQueue(m_device, m_family, 0, &m_queue);
}

VulkanDevice::~VulkanDevice() {
  if (m_device) {
    vkDeviceWaitIdle(m_device);
    vkDestroyDevice(m_device, nullptr);
  }
  if (m_messenger) {
    const auto destroy = reinterpret_cast<PFN_vkDestroyDebugUtilsMessengerEXT>(
        vkGetInstanceProcAddr(m_instance, "vkDestroyDebugUtilsMessengerEXT"));
    if (destroy) destroy(m_instance, m_messenger, nullptr);
  }
  if (m_instance) vkDestroyInstance(m_instance, nullptr);
}

std::uint32_t VulkanDevice::memoryType(std::uint32_t bits, VkMemoryPropertyFlags flags) const {
  for (std::uint32_t i = 0; i < m_memory.memoryTypeCount; ++i)
    if ((bits & (1u << i)) && (m_memory.memoryTypes[i].propertyFlags & flags) == flags) return i;
  throw VulkanFailure{VK_ERROR_OUT_OF_DEVICE_MEMORY, "no memory type with the flags " + std::to_string(flags)};
}

} // namespace orrery::gpu
