// SPDX-License-Identifier: MIT
// Textures of a canvas: tiles of image layers, kept by ImageLayer::id in a byte-bounded LRU, and the text atlas.
// Large layers are cut into tiles and uploaded over several frames. Render thread only; throws VulkanFailure.
#pragma once
#include <map>
#include <memory>
#include <tuple>
#include <vector>

#include "views/gpu/pipelines.h"
#include "views/gpu/text_atlas.h"
#include "views/gpu/vulkan_memory.h"

namespace orrery::gpu {

class Textures : public TextureSource {
public:
  static constexpr std::int64_t kTileSide = 1024;            // cells
  static constexpr VkDeviceSize kUploadPerFrame = 8u << 20;  // bytes
  static constexpr VkDeviceSize kDefaultBudget = 256u << 20; // bytes
  static constexpr std::size_t kMostTextures = 3000;         // devices allow 4096 allocations
  static constexpr std::uint64_t kFramesUntilUnused = 3;     // more than are in flight

  Textures(const VulkanDevice& device, const Pipelines& pipelines, VkDeviceSize budget = kDefaultBudget);
  ~Textures() override;

  void beginFrame(); // nothing of the frame before may be half recorded
  std::int64_t tileSide() const override { return kTileSide; }
  std::optional<std::uint32_t> tile(const scene::ImageLayer& layer, std::int64_t column, std::int64_t row) override;
  std::optional<TextRun> run(const scene::Text& text, double pixelRatio) override;
  std::uint32_t textTexture() const override { return m_textSlot; }
  // True if the text atlas filled up: it was emptied, and the frame has to be batched again (once).
  bool recoverText();
  bool incomplete() const { return m_incomplete; } // tiles are missing: draw another frame soon

  // Records the copies of this frame; `staging` is free to be overwritten.
  void record(VkCommandBuffer commands, HostBuffer& staging);
  VkDescriptorSet descriptor(std::uint32_t texture) const { return m_slots[texture].set; }
  VkDeviceSize bytes() const { return m_bytes; }
  std::size_t count() const;

private:
  using Key = std::tuple<std::uint64_t, const void*, std::int64_t, std::int64_t>; // id, pixels if id is 0, column, row
  struct Slot {
    std::unique_ptr<DeviceImage> image;
    VkDescriptorSet set = VK_NULL_HANDLE;
    std::uint64_t lastUsed = 0; // frame
    bool inUse = false;         // holds the pixels of `key`
    Key key{};
    std::shared_ptr<const std::vector<std::uint32_t>> pixels; // keeps the address of a layer without id its own
  };
  struct Copy {
    std::uint32_t slot = 0;
    std::shared_ptr<const std::vector<std::uint32_t>> pixels;
    std::int64_t stride = 0, x = 0, y = 0; // cells of the layer
  };

  std::uint32_t acquire(std::uint32_t width, std::uint32_t height);
  std::uint32_t create(std::uint32_t width, std::uint32_t height);
  void destroy(Slot& slot);
  void shrink(VkDeviceSize coming);
  void recordText(VkCommandBuffer commands, HostBuffer& staging, VkDeviceSize& offset);

  const VulkanDevice& m_device;
  const Pipelines& m_pipelines;
  VkDeviceSize m_budget, m_bytes = 0, m_uploading = 0;
  VkDescriptorPool m_pool = VK_NULL_HANDLE;
  std::vector<Slot> m_slots;
  std::map<Key, std::uint32_t> m_tiles;
  std::vector<Copy> m_copies;
  std::vector<TextAtlas::Upload> m_textCopies;
  TextAtlas m_text;
  std::uint32_t m_textSlot = 0;
  std::uint64_t m_frame = 0;
  bool m_incomplete = false, m_textRecovered = false;
};

} // namespace orrery::gpu
