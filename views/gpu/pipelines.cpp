// SPDX-License-Identifier: MIT
#include "views/gpu/pipelines.h"

#include <cstddef>

#include "views/gpu/shaders/image.frag.h"
#include "views/gpu/shaders/quad.vert.h"
#include "views/gpu/shaders/shape.frag.h"
#include "views/gpu/shaders/text.frag.h"

namespace orrery::gpu {

Pipelines::Pipelines(const VulkanDevice& device, VkFormat format) : m_device(device) {
  try {
    createRenderPass(format);
    createLayout();
    const VkShaderModule vertex = module(kQuadVert, sizeof kQuadVert);
    const VkShaderModule fragments[3] = {module(kImageFrag, sizeof kImageFrag), module(kShapeFrag, sizeof kShapeFrag),
                                         module(kTextFrag, sizeof kTextFrag)};
    for (int i = 0; i < 3; ++i) m_pipelines[i] = pipeline(vertex, fragments[i]);
    vkDestroyShaderModule(device.device(), vertex, nullptr);
    for (VkShaderModule fragment : fragments) vkDestroyShaderModule(device.device(), fragment, nullptr);
  } catch (const VulkanFailure&) {
    release();
    throw;
  }
}

void Pipelines::release() {
  for (VkPipeline pipeline : m_pipelines) vkDestroyPipeline(m_device.device(), pipeline, nullptr);
  vkDestroyPipelineLayout(m_device.device(), m_layout, nullptr);
  vkDestroyDescriptorSetLayout(m_device.device(), m_textureLayout, nullptr);
  vkDestroySampler(m_device.device(), m_sampler, nullptr);
  vkDestroyRenderPass(m_device.device(), m_renderPass, nullptr);
}

void Pipelines::createRenderPass(VkFormat format) {
  VkAttachmentDescription color{};
  color.format = format;
  color.samples = VK_SAMPLE_COUNT_1_BIT;
  color.loadOp = VK_ATTACHMENT_LOAD_OP_CLEAR;
  color.storeOp = VK_ATTACHMENT_STORE_OP_STORE;
  color.stencilLoadOp = VK_ATTACHMENT_LOAD_OP_DONT_CARE;
  color.stencilStoreOp = VK_ATTACHMENT_STORE_OP_DONT_CARE;
  color.initialLayout = VK_IMAGE_LAYOUT_UNDEFINED;
  color.finalLayout = VK_IMAGE_LAYOUT_PRESENT_SRC_KHR;
  const VkAttachmentReference reference{0, VK_IMAGE_LAYOUT_COLOR_ATTACHMENT_OPTIMAL};
  VkSubpassDescription subpass{};
  subpass.pipelineBindPoint = VK_PIPELINE_BIND_POINT_GRAPHICS;
  subpass.colorAttachmentCount = 1;
  subpass.pColorAttachments = &reference;
  VkSubpassDependency acquired{};
  acquired.srcSubpass = VK_SUBPASS_EXTERNAL;
  acquired.srcStageMask = acquired.dstStageMask = VK_PIPELINE_STAGE_COLOR_ATTACHMENT_OUTPUT_BIT;
  acquired.dstAccessMask = VK_ACCESS_COLOR_ATTACHMENT_WRITE_BIT;
  VkRenderPassCreateInfo info{};
  info.sType = VK_STRUCTURE_TYPE_RENDER_PASS_CREATE_INFO;
  info.attachmentCount = info.subpassCount = info.dependencyCount = 1;
  info.pAttachments = &color;
  info.pSubpasses = &subpass;
  info.pDependencies = &acquired;
  must(vkCreateRenderPass(m_device.device(), &info, nullptr, &m_renderPass), "vkCreateRenderPass");
}

void Pipelines::createLayout() {
  VkSamplerCreateInfo sampler{};
  sampler.sType = VK_STRUCTURE_TYPE_SAMPLER_CREATE_INFO;
  sampler.magFilter = sampler.minFilter = VK_FILTER_NEAREST;
  sampler.mipmapMode = VK_SAMPLER_MIPMAP_MODE_NEAREST;
  sampler.addressModeU = sampler.addressModeV = sampler.addressModeW = VK_SAMPLER_ADDRESS_MODE_CLAMP_TO_EDGE;
  must(vkCreateSampler(m_device.device(), &sampler, nullptr, &m_sampler), "vkCreateSampler");

  VkDescriptorSetLayoutBinding binding{};
  binding.descriptorType = VK_DESCRIPTOR_TYPE_COMBINED_IMAGE_SAMPLER;
  binding.descriptorCount = 1;
  binding.stageFlags = VK_SHADER_STAGE_FRAGMENT_BIT;
  VkDescriptorSetLayoutCreateInfo set{};
  set.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_CREATE_INFO;
  set.bindingCount = 1;
  set.pBindings = &binding;
  must(vkCreateDescriptorSetLayout(m_device.device(), &set, nullptr, &m_textureLayout), "vkCreateDescriptorSetLayout");

  const VkPushConstantRange push{VK_SHADER_STAGE_VERTEX_BIT, 0, 2 * sizeof(float)};
  VkPipelineLayoutCreateInfo info{};
  info.sType = VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO;
  info.setLayoutCount = info.pushConstantRangeCount = 1;
  info.pSetLayouts = &m_textureLayout;
  info.pPushConstantRanges = &push;
  must(vkCreatePipelineLayout(m_device.device(), &info, nullptr, &m_layout), "vkCreatePipelineLayout");
}

VkShaderModule Pipelines::module(const std::uint32_t* code, std::size_t bytes) const {
  VkShaderModuleCreateInfo info{};
  info.sType = VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO;
  info.codeSize = bytes;
  info.pCode = code;
  VkShaderModule made = VK_NULL_HANDLE;
  must(vkCreateShaderModule(m_device.device(), &info, nullptr, &made), "vkCreateShaderModule");
  return made;
}

// Long because Vulkan wants every state said in one call.
VkPipeline Pipelines::pipeline(VkShaderModule vertex, VkShaderModule fragment) const {
  VkPipelineShaderStageCreateInfo stages[2]{};
  for (auto& stage : stages) {
    stage.sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO;
    stage.pName = "main";
  }
  stages[0].stage = VK_SHADER_STAGE_VERTEX_BIT;
  stages[0].module = vertex;
  stages[1].stage = VK_SHADER_STAGE_FRAGMENT_BIT;
  stages[1].module = fragment;

  const VkVertexInputBindingDescription binding{0, sizeof(Vertex), VK_VERTEX_INPUT_RATE_VERTEX};
  const VkVertexInputAttributeDescription attributes[3] = {{0, 0, VK_FORMAT_R32G32_SFLOAT, offsetof(Vertex, x)},
                                                           {1, 0, VK_FORMAT_R32G32_SFLOAT, offsetof(Vertex, u)},
                                                           {2, 0, VK_FORMAT_R8G8B8A8_UNORM, offsetof(Vertex, color)}};
  VkPipelineVertexInputStateCreateInfo input{};
  input.sType = VK_STRUCTURE_TYPE_PIPELINE_VERTEX_INPUT_STATE_CREATE_INFO;
  input.vertexBindingDescriptionCount = 1;
  input.pVertexBindingDescriptions = &binding;
  input.vertexAttributeDescriptionCount = 3;
  input.pVertexAttributeDescriptions = attributes;

  VkPipelineInputAssemblyStateCreateInfo assembly{};
  assembly.sType = VK_STRUCTURE_TYPE_PIPELINE_INPUT_ASSEMBLY_STATE_CREATE_INFO;
  assembly.topology = VK_PRIMITIVE_TOPOLOGY_TRIANGLE_LIST;
  VkPipelineViewportStateCreateInfo viewport{};
  viewport.sType = VK_STRUCTURE_TYPE_PIPELINE_VIEWPORT_STATE_CREATE_INFO;
  viewport.viewportCount = viewport.scissorCount = 1;
  VkPipelineRasterizationStateCreateInfo raster{};
  raster.sType = VK_STRUCTURE_TYPE_PIPELINE_RASTERIZATION_STATE_CREATE_INFO;
  raster.lineWidth = 1;
  VkPipelineMultisampleStateCreateInfo samples{};
  samples.sType = VK_STRUCTURE_TYPE_PIPELINE_MULTISAMPLE_STATE_CREATE_INFO;
  samples.rasterizationSamples = VK_SAMPLE_COUNT_1_BIT;

  VkPipelineColorBlendAttachmentState over{}; // premultiplied
  over.blendEnable = VK_TRUE;
  over.srcColorBlendFactor = over.srcAlphaBlendFactor = VK_BLEND_FACTOR_ONE;
  over.dstColorBlendFactor = over.dstAlphaBlendFactor = VK_BLEND_FACTOR_ONE_MINUS_SRC_ALPHA;
  over.colorWriteMask = 0xf;
  VkPipelineColorBlendStateCreateInfo blend{};
  blend.sType = VK_STRUCTURE_TYPE_PIPELINE_COLOR_BLEND_STATE_CREATE_INFO;
  blend.attachmentCount = 1;
  blend.pAttachments = &over;
  const VkDynamicState states[2] = {VK_DYNAMIC_STATE_VIEWPORT, VK_DYNAMIC_STATE_SCISSOR};
  VkPipelineDynamicStateCreateInfo dynamic{};
  dynamic.sType = VK_STRUCTURE_TYPE_PIPELINE_DYNAMIC_STATE_CREATE_INFO;
  dynamic.dynamicStateCount = 2;
  dynamic.pDynamicStates = states;

  VkGraphicsPipelineCreateInfo info{};
  info.sType = VK_STRUCTURE_TYPE_GRAPHICS_PIPELINE_CREATE_INFO;
  info.stageCount = 2;
  info.pStages = stages;
  info.pVertexInputState = &input;
  info.pInputAssemblyState = &assembly;
  info.pViewportState = &viewport;
  info.pRasterizationState = &raster;
  info.pMultisampleState = &samples;
  info.pColorBlendState = &blend;
  info.pDynamicState = &dynamic;
  info.layout = m_layout;
  info.renderPass = m_renderPass;
  VkPipeline made = VK_NULL_HANDLE;
  must(vkCreateGraphicsPipelines(m_device.device(), VK_NULL_HANDLE, 1, &info, nullptr, &made),
       "vkCreateGraphicsPipelines");
  return made;
}

} // namespace orrery::gpu
