// SPDX-License-Identifier: MIT
// The render pass and the three pipelines (image, shape, text) of a canvas. Render thread only; throws VulkanFailure.
#pragma once
#include "views/gpu/draw_list.h"
#include "views/gpu/vulkan_device.h"

namespace orrery::gpu {

class Pipelines {
public:
  Pipelines(const VulkanDevice& device, VkFormat format);
  ~Pipelines() { release(); }
  Pipelines(const Pipelines&) = delete;
  Pipelines& operator=(const Pipelines&) = delete;

  VkRenderPass renderPass() const { return m_renderPass; }
  VkPipelineLayout layout() const { return m_layout; } // push constants: 2 floats, 2 / size in pixels
  VkDescriptorSetLayout textureLayout() const { return m_textureLayout; }
  VkSampler nearest() const { return m_sampler; }
  VkPipeline of(Pipe pipe) const { return m_pipelines[static_cast<int>(pipe)]; }

private:
  void createRenderPass(VkFormat format);
  void createLayout();
  VkShaderModule module(const std::uint32_t* code, std::size_t bytes) const;
  VkPipeline pipeline(VkShaderModule vertex, VkShaderModule fragment) const;
  void release();

  const VulkanDevice& m_device;
  VkRenderPass m_renderPass = VK_NULL_HANDLE;
  VkSampler m_sampler = VK_NULL_HANDLE;
  VkDescriptorSetLayout m_textureLayout = VK_NULL_HANDLE;
  VkPipelineLayout m_layout = VK_NULL_HANDLE;
  VkPipeline m_pipelines[3] = {}; // by Pipe
};

} // namespace orrery::gpu
