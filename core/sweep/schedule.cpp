// SPDX-License-Identifier: MIT
#include "core/sweep/schedule.h"

#include <algorithm>

namespace orrery::sweep {
namespace {

constexpr int kMinTilesAShard = 4;
constexpr std::size_t kSmallestTile = 8; // less than this keeps no vector unit busy

// Side of the squares that are dealt out to shards: blocks of the lattice, as many together as leave every shard enough
// of them to be even.
std::int64_t tileSide(std::int64_t height, std::int64_t width, int start, std::int64_t shards) {
  std::int64_t side = start;
  const auto tiles = [&](std::int64_t s) { return ((height + s - 1) / s) * ((width + s - 1) / s); };
  while (side < 64 && tiles(2 * side) >= kMinTilesAShard * shards) side *= 2;
  return side;
}

} // namespace

Schedule::Schedule(std::int64_t height, std::int64_t width, const Refinement& how, std::vector<ScheduleLayer> layers,
                   Classify classify, int shard, int shards)
    : m_width(width), m_lattice(height, width, how), m_layers(std::move(layers)), m_classify(std::move(classify)),
      m_shard(shard), m_shards(shards), m_tileSide(tileSide(height, width, m_lattice.how().start, shards)),
      m_data(m_layers.size()), m_view{0, 0, height, width} {
  const auto pixels = static_cast<std::size_t>(height * width);
  for (LayerData& data : m_data) {
    data.classes.assign(pixels, Lattice::kUnknown);
    data.marks.assign(pixels, 0);
    data.level.assign(pixels, 0);
    data.digests.resize(pixels);
  }
}

bool Schedule::mine(std::uint32_t pixel) const {
  if (m_shards == 1) return true;
  const std::int64_t row = pixel / m_width / m_tileSide, column = pixel % m_width / m_tileSide;
  return (row * ((m_width + m_tileSide - 1) / m_tileSide) + column) % m_shards == m_shard;
}

bool Schedule::inView(std::uint32_t pixel) const {
  const std::int64_t row = pixel / m_width - m_view.row, column = pixel % m_width - m_view.column;
  return row >= 0 && row < m_view.rows && column >= 0 && column < m_view.columns;
}

// Asked for, not known and not being trained.
bool Schedule::isOpen(const LayerData& data, std::uint32_t pixel) const {
  return (data.marks[pixel] & (kAsked | kOut)) == kAsked && data.classes[pixel] == Lattice::kUnknown;
}

void Schedule::restore(std::uint32_t layer, std::uint32_t pixel, const Digest& digest) {
  m_data[layer].digests[pixel] = digest;
  m_data[layer].marks[pixel] |= kRestored;
}

void Schedule::begin() {
  m_wanted = m_lattice.begin();
  std::reverse(m_wanted.begin(), m_wanted.end()); // queues are emptied from the back
  settleQueue();
}

void Schedule::settleQueue() {
  while (!m_wanted.empty()) {
    std::vector<Wanted> wanted;
    wanted.swap(m_wanted);
    for (const Wanted& one : wanted) ask(0, one.pixel, one.level);
  }
}

void Schedule::ask(std::uint32_t layer, std::uint32_t pixel, std::uint8_t level) {
  LayerData& data = m_data[layer];
  if (data.classes[pixel] != Lattice::kUnknown || !mine(pixel)) return;
  const bool again = (data.marks[pixel] & kAsked) != 0;
  if (!again) {
    data.marks[pixel] |= kAsked;
    ++data.asked;
  }
  data.level[pixel] = level;
  if ((data.marks[pixel] & kRestored) != 0) return learn(layer, pixel, data.digests[pixel]);
  if (m_layers[layer].recall)
    if (const auto known = m_layers[layer].recall(pixel)) return learn(layer, pixel, *known);
  if (!again) ++m_pending;
  if (isOpen(data, pixel)) enqueue(layer, pixel);
}

void Schedule::enqueue(std::uint32_t layer, std::uint32_t pixel) {
  LayerData& data = m_data[layer];
  data.queue[inView(pixel) ? 0 : 1][data.level[pixel]].push_back(pixel);
}

void Schedule::learn(std::uint32_t layer, std::uint32_t pixel, const Digest& digest) {
  LayerData& data = m_data[layer];
  data.digests[pixel] = digest;
  data.classes[pixel] = m_classify(digest);
  ++data.done;
  if (layer != 0) return;
  m_lattice.know(pixel, data.classes[pixel], m_wanted);
  for (std::uint32_t follower = 1; follower < m_data.size(); ++follower) ask(follower, pixel, data.level[pixel]);
}

std::optional<Tile> Schedule::take(std::size_t most, std::size_t hands) {
  const auto share = static_cast<std::size_t>(m_pending) / std::max<std::size_t>(1, hands) + 1;
  for (std::uint32_t layer = 0; layer < m_data.size(); ++layer) {
    Tile tile{layer, {}};
    LayerData& data = m_data[layer];
    const std::size_t size = std::min({most, m_layers[layer].trainer->batch(), std::max(kSmallestTile, share)});
    for (auto& side : data.queue)
      for (auto& queue : side)
        while (!queue.empty() && tile.pixels.size() < size) {
          const std::uint32_t pixel = queue.back();
          queue.pop_back();
          if (!isOpen(data, pixel)) continue;
          data.marks[pixel] |= kOut;
          tile.pixels.push_back(pixel);
        }
    if (tile.pixels.empty()) continue;
    m_pending -= static_cast<std::int64_t>(tile.pixels.size());
    m_out += static_cast<std::int64_t>(tile.pixels.size());
    return tile;
  }
  return std::nullopt;
}

void Schedule::finish(const Tile& tile, std::span<const Digest> digests) {
  m_out -= static_cast<std::int64_t>(tile.pixels.size());
  for (std::size_t i = 0; i < tile.pixels.size(); ++i) learn(tile.layer, tile.pixels[i], digests[i]);
  settleQueue();
}

void Schedule::giveBack(const Tile& tile) {
  LayerData& data = m_data[tile.layer];
  m_out -= static_cast<std::int64_t>(tile.pixels.size());
  m_pending += static_cast<std::int64_t>(tile.pixels.size());
  for (const std::uint32_t pixel : tile.pixels) {
    data.marks[pixel] &= static_cast<std::uint8_t>(~kOut);
    enqueue(tile.layer, pixel);
  }
}

void Schedule::setView(const PixelRect& view) {
  m_view = view;
  for (std::uint32_t layer = 0; layer < m_data.size(); ++layer) {
    std::vector<std::uint32_t> all;
    for (auto& side : m_data[layer].queue)
      for (auto& queue : side) {
        all.insert(all.end(), queue.begin(), queue.end());
        queue.clear();
      }
    for (const std::uint32_t pixel : all)
      if (isOpen(m_data[layer], pixel)) enqueue(layer, pixel);
  }
}

} // namespace orrery::sweep
