// SPDX-License-Identifier: MIT
#include "views/gpu/textures.h"

#include <algorithm>
#include <cstring>

namespace orrery::gpu {

namespace {
constexpr int kTextSide = 2048; // pixels
} // namespace

Textures::Textures(const VulkanDevice& device, const Pipelines& pipelines, VkDeviceSize budget)
    : m_device(device), m_pipelines(pipelines), m_budget(budget), m_text(kTextSide) {
  const VkDescriptorPoolSize size{VK_DESCRIPTOR_TYPE_COMBINED_IMAGE_SAMPLER,
                                  static_cast<std::uint32_t>(kMostTextures + 8)};
  VkDescriptorPoolCreateInfo info{};
  info.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO;
  info.flags = VK_DESCRIPTOR_POOL_CREATE_FREE_DESCRIPTOR_SET_BIT;
  info.maxSets = size.descriptorCount;
  info.poolSizeCount = 1;
  info.pPoolSizes = &size;
  must(vkCreateDescriptorPool(device.device(), &info, nullptr, &m_pool), "vkCreateDescriptorPool");
  m_textSlot = create(kTextSide, kTextSide);
  m_slots[m_textSlot].inUse = true;
}

Textures::~Textures() { vkDestroyDescriptorPool(m_device.device(), m_pool, nullptr); }

void Textures::beginFrame() {
  ++m_frame;
  m_copies.clear();
  m_uploading = 0;
  m_incomplete = m_textRecovered = false;
  m_slots[m_textSlot].lastUsed = m_frame;
}

std::size_t Textures::count() const {
  return static_cast<std::size_t>(
      std::count_if(m_slots.begin(), m_slots.end(), [](const Slot& slot) { return slot.image != nullptr; }));
}

std::optional<std::uint32_t> Textures::tile(const scene::ImageLayer& layer, std::int64_t column, std::int64_t row) {
  const Key key{layer.id, layer.id == 0 ? layer.rgba.get() : nullptr, column, row};
  if (const auto found = m_tiles.find(key); found != m_tiles.end()) {
    m_slots[found->second].lastUsed = m_frame;
    return found->second;
  }
  const auto width = static_cast<std::uint32_t>(std::min(kTileSide, layer.width - column * kTileSide));
  const auto height = static_cast<std::uint32_t>(std::min(kTileSide, layer.height - row * kTileSide));
  const VkDeviceSize size = VkDeviceSize{4} * width * height;
  if (m_uploading > 0 && m_uploading + size > kUploadPerFrame) {
    m_incomplete = true;
    return std::nullopt;
  }
  m_uploading += size;
  const std::uint32_t index = acquire(width, height);
  Slot& slot = m_slots[index];
  slot.inUse = true;
  slot.key = key;
  slot.lastUsed = m_frame;
  slot.pixels = layer.id == 0 ? layer.rgba : nullptr;
  m_tiles[key] = index;
  m_copies.push_back({index, layer.rgba, layer.width, column * kTileSide, row * kTileSide});
  return index;
}

// A free texture of that size, the least recently used one of that size when the budget is spent, or a new one.
std::uint32_t Textures::acquire(std::uint32_t width, std::uint32_t height) {
  const VkDeviceSize size = VkDeviceSize{4} * width * height;
  const bool full = m_bytes + size > m_budget || count() >= kMostTextures;
  std::uint32_t best = UINT32_MAX;
  for (std::uint32_t i = 0; i < m_slots.size(); ++i) {
    const Slot& slot = m_slots[i];
    if (i == m_textSlot || !slot.image || slot.image->width() != width || slot.image->height() != height) continue;
    // Live pictures get new ids all the time: what no frame has used for a while is taken first.
    const bool old = slot.lastUsed + 60 < m_frame || (full && slot.lastUsed < m_frame);
    if ((!slot.inUse || old) && (best == UINT32_MAX || slot.lastUsed < m_slots[best].lastUsed)) best = i;
  }
  if (best != UINT32_MAX) {
    if (m_slots[best].inUse) m_tiles.erase(m_slots[best].key);
    return best;
  }
  if (full) shrink(size);
  return create(width, height);
}

// Frees least recently used textures until `coming` bytes fit; those of frames in flight stay.
void Textures::shrink(VkDeviceSize coming) {
  std::vector<std::uint32_t> order;
  for (std::uint32_t i = 0; i < m_slots.size(); ++i)
    if (i != m_textSlot && m_slots[i].image && m_slots[i].lastUsed + kFramesUntilUnused < m_frame) order.push_back(i);
  std::sort(order.begin(), order.end(),
            [this](std::uint32_t a, std::uint32_t b) { return m_slots[a].lastUsed < m_slots[b].lastUsed; });
  std::size_t left = count();
  for (const std::uint32_t i : order) {
    if (m_bytes + coming <= m_budget && left < kMostTextures) break;
    if (m_slots[i].inUse) m_tiles.erase(m_slots[i].key);
    destroy(m_slots[i]);
    --left;
  }
}

void Textures::destroy(Slot& slot) {
  m_bytes -= slot.image->bytes();
  vkFreeDescriptorSets(m_device.device(), m_pool, 1, &slot.set);
  slot = {};
}

std::uint32_t Textures::create(std::uint32_t width, std::uint32_t height) {
  auto free = std::find_if(m_slots.begin(), m_slots.end(), [](const Slot& slot) { return !slot.image; });
  if (free == m_slots.end()) free = m_slots.insert(m_slots.end(), Slot{});
  Slot& slot = *free;
  auto image = std::make_unique<DeviceImage>(m_device, width, height);
  const VkDescriptorSetLayout layout = m_pipelines.textureLayout();
  VkDescriptorSetAllocateInfo allocate{};
  allocate.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO;
  allocate.descriptorPool = m_pool;
  allocate.descriptorSetCount = 1;
  allocate.pSetLayouts = &layout;
  must(vkAllocateDescriptorSets(m_device.device(), &allocate, &slot.set), "vkAllocateDescriptorSets");
  slot.image = std::move(image);
  m_bytes += slot.image->bytes();
  const VkDescriptorImageInfo info{m_pipelines.nearest(), slot.image->view(), VK_IMAGE_LAYOUT_SHADER_READ_ONLY_OPTIMAL};
  VkWriteDescriptorSet write{};
  write.sType = VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET;
  write.dstSet = slot.set;
  write.descriptorCount = 1;
  write.descriptorType = VK_DESCRIPTOR_TYPE_COMBINED_IMAGE_SAMPLER;
  write.pImageInfo = &info;
  vkUpdateDescriptorSets(m_device.device(), 1, &write, 0, nullptr);
  return static_cast<std::uint32_t>(free - m_slots.begin());
}

std::optional<TextRun> Textures::run(const scene::Text& text, double pixelRatio) {
  return m_text.run(text, pixelRatio);
}

bool Textures::recoverText() {
  if (!m_text.overflowed() || m_textRecovered) return false;
  m_text.clear();
  m_textCopies.clear();
  m_textRecovered = true;
  return true;
}

void Textures::record(VkCommandBuffer commands, HostBuffer& staging) {
  for (TextAtlas::Upload& upload : m_text.takeUploads()) m_textCopies.push_back(std::move(upload));
  VkDeviceSize total = m_uploading;
  for (const TextAtlas::Upload& upload : m_textCopies) total += upload.pixels.size() * 4;
  if (total == 0) return;
  staging.reserve(total);
  VkDeviceSize offset = 0;
  for (const Copy& copy : m_copies) {
    DeviceImage& image = *m_slots[copy.slot].image;
    for (std::uint32_t y = 0; y < image.height(); ++y) {
      const auto from = static_cast<std::size_t>((copy.y + y) * copy.stride + copy.x);
      std::memcpy(staging.bytes() + offset + VkDeviceSize{4} * y * image.width(), copy.pixels->data() + from,
                  std::size_t{4} * image.width());
    }
    VkBufferImageCopy region{};
    region.bufferOffset = offset;
    region.imageSubresource = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 0, 1};
    region.imageExtent = {image.width(), image.height(), 1};
    image.beginWrite(commands);
    vkCmdCopyBufferToImage(commands, staging.handle(), image.image(), VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL, 1, &region);
    image.endWrite(commands);
    offset += image.bytes();
  }
  recordText(commands, staging, offset);
  m_copies.clear();
}

void Textures::recordText(VkCommandBuffer commands, HostBuffer& staging, VkDeviceSize& offset) {
  if (m_textCopies.empty()) return;
  std::vector<VkBufferImageCopy> regions;
  for (const TextAtlas::Upload& upload : m_textCopies) {
    VkBufferImageCopy region{};
    region.bufferOffset = offset;
    region.imageSubresource = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 0, 1};
    region.imageOffset = {upload.x, upload.y, 0};
    region.imageExtent = {static_cast<std::uint32_t>(upload.w), static_cast<std::uint32_t>(upload.h), 1};
    std::memcpy(staging.bytes() + offset, upload.pixels.data(), upload.pixels.size() * 4);
    offset += upload.pixels.size() * 4;
    regions.push_back(region);
  }
  DeviceImage& image = *m_slots[m_textSlot].image;
  image.beginWrite(commands);
  vkCmdCopyBufferToImage(commands, staging.handle(), image.image(), VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL,
                         static_cast<std::uint32_t>(regions.size()), regions.data());
  image.endWrite(commands);
  m_textCopies.clear();
}

} // namespace orrery::gpu
