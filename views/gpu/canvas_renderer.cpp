// SPDX-License-Identifier: MIT
#include "views/gpu/canvas_renderer.h"

#include <algorithm>
#include <chrono>
#include <cstring>

namespace orrery::gpu {

CanvasRenderer::CanvasRenderer(std::shared_ptr<VulkanDevice> device, VkSurfaceKHR surface)
    : m_device(std::move(device)), m_format(chooseFormat(*m_device, surface)), m_pipelines(*m_device, m_format.format),
      m_swapchain(*m_device, surface, m_format), m_textures(*m_device, m_pipelines) {
  createSlots();
}

CanvasRenderer::~CanvasRenderer() {
  vkDeviceWaitIdle(m_device->device());
  m_overlay.reset();
  for (const auto& slot : m_slots) {
    vkDestroySemaphore(m_device->device(), slot->acquired, nullptr);
    vkDestroyFence(m_device->device(), slot->done, nullptr);
  }
  m_slots.clear();
  vkDestroyCommandPool(m_device->device(), m_commandPool, nullptr);
}

void CanvasRenderer::createSlots() {
  VkCommandPoolCreateInfo pool{};
  pool.sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO;
  pool.flags = VK_COMMAND_POOL_CREATE_RESET_COMMAND_BUFFER_BIT;
  pool.queueFamilyIndex = m_device->queueFamily();
  must(vkCreateCommandPool(m_device->device(), &pool, nullptr, &m_commandPool), "vkCreateCommandPool");
  for (std::size_t i = 0; i < kInFlight; ++i) {
    m_slots.push_back(std::make_unique<Slot>(*m_device));
    Slot& slot = *m_slots.back();
    VkCommandBufferAllocateInfo allocate{};
    allocate.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO;
    allocate.commandPool = m_commandPool;
    allocate.level = VK_COMMAND_BUFFER_LEVEL_PRIMARY;
    allocate.commandBufferCount = 1;
    must(vkAllocateCommandBuffers(m_device->device(), &allocate, &slot.commands), "vkAllocateCommandBuffers");
    VkSemaphoreCreateInfo semaphore{};
    semaphore.sType = VK_STRUCTURE_TYPE_SEMAPHORE_CREATE_INFO;
    must(vkCreateSemaphore(m_device->device(), &semaphore, nullptr, &slot.acquired), "vkCreateSemaphore");
    VkFenceCreateInfo fence{};
    fence.sType = VK_STRUCTURE_TYPE_FENCE_CREATE_INFO;
    fence.flags = VK_FENCE_CREATE_SIGNALED_BIT;
    must(vkCreateFence(m_device->device(), &fence, nullptr, &slot.done), "vkCreateFence");
  }
}

bool CanvasRenderer::ensureSwapchain(const Frame& frame) {
  const VkExtent2D wanted{frame.width, frame.height};
  // Compared with what was asked for: while the window system is behind, the surface has another size.
  if (!m_outOfDate && m_wanted.width == wanted.width && m_wanted.height == wanted.height) return true;
  m_wanted = wanted;
  must(vkDeviceWaitIdle(m_device->device()), "vkDeviceWaitIdle");
  m_outOfDate = !m_swapchain.recreate(wanted, m_pipelines.renderPass());
  return !m_outOfDate;
}

bool CanvasRenderer::acquire(Slot& slot, const Frame& frame, std::uint32_t& image) {
  for (int attempt = 0; attempt < 3; ++attempt) {
    if (!ensureSwapchain(frame)) return false;
    const VkResult result = vkAcquireNextImageKHR(m_device->device(), m_swapchain.handle(), UINT64_MAX, slot.acquired,
                                                  VK_NULL_HANDLE, &image);
    if (result == VK_SUCCESS) return true;
    m_outOfDate = true;
    if (result == VK_SUBOPTIMAL_KHR) return true; // drawn once more at the old size, then made anew
    if (result != VK_ERROR_OUT_OF_DATE_KHR) must(result, "vkAcquireNextImageKHR");
  }
  return false;
}

bool CanvasRenderer::render(const Frame& frame, const std::vector<PointerEvent>& events, Feedback& feedback,
                            GrabbedPixels* grab) {
  const auto begin = std::chrono::steady_clock::now();
  Slot& slot = *m_slots[m_frames % kInFlight];
  must(vkWaitForFences(m_device->device(), 1, &slot.done, VK_TRUE, UINT64_MAX), "vkWaitForFences");
  std::uint32_t image = 0;
  if (!acquire(slot, frame, image)) return false;

  const auto stats = [this] {
    return RenderStats{m_lastMilliseconds, m_textures.bytes(), m_textures.count(), m_frames};
  };
  const bool instrument = frame.instrument.showRange || frame.instrument.showMeter;
  if (m_overlay && m_overlay->pixelRatio() != frame.pixelRatio) {
    must(vkDeviceWaitIdle(m_device->device()), "vkDeviceWaitIdle");
    m_overlay.reset();
  }
  if (!m_overlay && instrument)
    m_overlay =
        std::make_unique<InstrumentOverlay>(*m_device, m_pipelines.renderPass(),
                                            static_cast<std::uint32_t>(kInFlight + 1), m_commandPool, frame.pixelRatio);
  if (m_overlay) m_overlay->update(frame, events, stats(), feedback);

  HostBuffer readBack(*m_device, VK_BUFFER_USAGE_TRANSFER_DST_BIT);
  const bool reading = grab && m_swapchain.readable();
  batch(frame);
  upload(slot);
  record(slot, image, frame, reading ? &readBack : nullptr);
  submit(slot, image);
  if (reading) {
    must(vkWaitForFences(m_device->device(), 1, &slot.done, VK_TRUE, UINT64_MAX), "vkWaitForFences");
    fillGrab(readBack, *grab);
  }
  ++m_frames;
  m_lastMilliseconds = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
  feedback.stats = stats(); // with this frame: it may be the last for long
  return m_textures.incomplete() || m_outOfDate;
}

void CanvasRenderer::batch(const Frame& frame) {
  m_textures.beginFrame();
  do {
    m_list.clear();
    if (frame.scene) appendScene(m_list, *frame.scene, frame.cameras, frame.pixelRatio, m_textures);
    appendScene(m_list, frame.overlay, {}, frame.pixelRatio, m_textures);
  } while (m_textures.recoverText());
}

void CanvasRenderer::upload(Slot& slot) {
  const std::size_t vertexBytes = m_list.vertices.size() * sizeof(Vertex);
  const std::size_t indexBytes = m_list.indices.size() * sizeof(std::uint32_t);
  if (indexBytes == 0) return;
  slot.vertices.reserve(vertexBytes);
  slot.indices.reserve(indexBytes);
  std::memcpy(slot.vertices.bytes(), m_list.vertices.data(), vertexBytes);
  std::memcpy(slot.indices.bytes(), m_list.indices.data(), indexBytes);
}

void CanvasRenderer::record(Slot& slot, std::uint32_t image, const Frame& frame, HostBuffer* readBack) {
  must(vkResetCommandBuffer(slot.commands, 0), "vkResetCommandBuffer");
  VkCommandBufferBeginInfo begin{};
  begin.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO;
  begin.flags = VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT;
  must(vkBeginCommandBuffer(slot.commands, &begin), "vkBeginCommandBuffer");
  m_textures.record(slot.commands, slot.staging);

  const scene::Color ground = frame.scene ? frame.scene->background : frame.overlay.background;
  VkClearValue clear{};
  clear.color = {
      {static_cast<float>(ground.r) / 255, static_cast<float>(ground.g) / 255, static_cast<float>(ground.b) / 255, 1}};
  VkRenderPassBeginInfo pass{};
  pass.sType = VK_STRUCTURE_TYPE_RENDER_PASS_BEGIN_INFO;
  pass.renderPass = m_pipelines.renderPass();
  pass.framebuffer = m_swapchain.framebuffer(image);
  pass.renderArea = {{0, 0}, m_swapchain.extent()};
  pass.clearValueCount = 1;
  pass.pClearValues = &clear;
  vkCmdBeginRenderPass(slot.commands, &pass, VK_SUBPASS_CONTENTS_INLINE);
  drawBatches(slot.commands, slot);
  if (m_overlay) m_overlay->draw(slot.commands);
  vkCmdEndRenderPass(slot.commands);
  if (readBack) copyOut(slot.commands, image, *readBack);
  must(vkEndCommandBuffer(slot.commands), "vkEndCommandBuffer");
}

void CanvasRenderer::drawBatches(VkCommandBuffer commands, Slot& slot) {
  if (m_list.indices.empty()) return;
  const VkExtent2D extent = m_swapchain.extent();
  const VkViewport viewport{0, 0, static_cast<float>(extent.width), static_cast<float>(extent.height), 0, 1};
  vkCmdSetViewport(commands, 0, 1, &viewport);
  const float toClip[2] = {2 / viewport.width, 2 / viewport.height};
  vkCmdPushConstants(commands, m_pipelines.layout(), VK_SHADER_STAGE_VERTEX_BIT, 0, sizeof toClip, toClip);
  const VkDeviceSize zero = 0;
  const VkBuffer vertices = slot.vertices.handle();
  vkCmdBindVertexBuffers(commands, 0, 1, &vertices, &zero);
  vkCmdBindIndexBuffer(commands, slot.indices.handle(), 0, VK_INDEX_TYPE_UINT32);
  VkPipeline bound = VK_NULL_HANDLE;
  for (const Batch& batch : m_list.batches) {
    const int right = std::min(batch.clip.x + batch.clip.w, static_cast<int>(extent.width));
    const int bottom = std::min(batch.clip.y + batch.clip.h, static_cast<int>(extent.height));
    if (batch.count == 0 || right <= batch.clip.x || bottom <= batch.clip.y) continue;
    if (const VkPipeline wanted = m_pipelines.of(batch.pipe); wanted != bound) {
      vkCmdBindPipeline(commands, VK_PIPELINE_BIND_POINT_GRAPHICS, wanted);
      bound = wanted;
    }
    if (batch.pipe != Pipe::Shape) {
      const VkDescriptorSet set = m_textures.descriptor(batch.texture);
      vkCmdBindDescriptorSets(commands, VK_PIPELINE_BIND_POINT_GRAPHICS, m_pipelines.layout(), 0, 1, &set, 0, nullptr);
    }
    const VkRect2D scissor{
        {batch.clip.x, batch.clip.y},
        {static_cast<std::uint32_t>(right - batch.clip.x), static_cast<std::uint32_t>(bottom - batch.clip.y)}};
    vkCmdSetScissor(commands, 0, 1, &scissor);
    vkCmdDrawIndexed(commands, batch.count, 1, batch.first, 0, 0);
  }
}

void CanvasRenderer::submit(Slot& slot, std::uint32_t image) {
  const VkSemaphore rendered = m_swapchain.rendered(image);
  const VkPipelineStageFlags stage = VK_PIPELINE_STAGE_COLOR_ATTACHMENT_OUTPUT_BIT;
  VkSubmitInfo submit{};
  submit.sType = VK_STRUCTURE_TYPE_SUBMIT_INFO;
  submit.waitSemaphoreCount = submit.commandBufferCount = submit.signalSemaphoreCount = 1;
  submit.pWaitSemaphores = &slot.acquired;
  submit.pWaitDstStageMask = &stage;
  submit.pCommandBuffers = &slot.commands;
  submit.pSignalSemaphores = &rendered;
  must(vkResetFences(m_device->device(), 1, &slot.done), "vkResetFences");
  must(vkQueueSubmit(m_device->queue(), 1, &submit, slot.done), "vkQueueSubmit");

  const VkSwapchainKHR swapchain = m_swapchain.handle();
  VkPresentInfoKHR present{};
  present.sType = VK_STRUCTURE_TYPE_PRESENT_INFO_KHR;
  present.waitSemaphoreCount = present.swapchainCount = 1;
  present.pWaitSemaphores = &rendered;
  present.pSwapchains = &swapchain;
  present.pImageIndices = &image;
  const VkResult result = vkQueuePresentKHR(m_device->queue(), &present);
  if (result == VK_ERROR_OUT_OF_DATE_KHR || result == VK_SUBOPTIMAL_KHR)
    m_outOfDate = true;
  else
    must(result, "vkQueuePresentKHR");
}

void CanvasRenderer::copyOut(VkCommandBuffer commands, std::uint32_t image, HostBuffer& readBack) {
  const VkExtent2D extent = m_swapchain.extent();
  readBack.reserve(VkDeviceSize{4} * extent.width * extent.height);
  changeLayout(commands, m_swapchain.image(image),
               {VK_IMAGE_LAYOUT_PRESENT_SRC_KHR, VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL,
                VK_ACCESS_COLOR_ATTACHMENT_WRITE_BIT, VK_ACCESS_TRANSFER_READ_BIT,
                VK_PIPELINE_STAGE_COLOR_ATTACHMENT_OUTPUT_BIT, VK_PIPELINE_STAGE_TRANSFER_BIT});
  VkBufferImageCopy region{};
  region.imageSubresource = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 0, 1};
  region.imageExtent = {extent.width, extent.height, 1};
  vkCmdCopyImageToBuffer(commands, m_swapchain.image(image), VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL, readBack.handle(), 1,
                         &region);
  changeLayout(commands, m_swapchain.image(image),
               {VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL, VK_IMAGE_LAYOUT_PRESENT_SRC_KHR, VK_ACCESS_TRANSFER_READ_BIT, 0,
                VK_PIPELINE_STAGE_TRANSFER_BIT, VK_PIPELINE_STAGE_BOTTOM_OF_PIPE_BIT});
}

void CanvasRenderer::fillGrab(const HostBuffer& readBack, GrabbedPixels& grab) const {
  const VkExtent2D extent = m_swapchain.extent();
  grab.width = static_cast<int>(extent.width);
  grab.height = static_cast<int>(extent.height);
  grab.rgba.resize(std::size_t{extent.width} * extent.height);
  std::memcpy(grab.rgba.data(), readBack.bytes(), grab.rgba.size() * 4);
  if (m_format.format != VK_FORMAT_B8G8R8A8_UNORM) return;
  for (std::uint32_t& p : grab.rgba) p = (p & 0xff00ff00u) | (p & 0xffu) << 16 | (p >> 16 & 0xffu);
}

} // namespace orrery::gpu
