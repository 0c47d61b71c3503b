// SPDX-License-Identifier: MIT
// Schedule: what is still to be trained for a map and its further layers, and in which order. Layer 0 is the map
// itself; a follower (second computation, null map) wants exactly the pixels that layer 0 has computed. Thread: one at
// a time (Sweep guards it).
#pragma once
#include <array>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "core/sweep/lattice.h"
#include "core/sweep/trainer.h"

namespace orrery::sweep {

struct PixelRect { // half-open
  std::int64_t row = 0, column = 0, rows = 0, columns = 0;
};

// Pixels of one layer to be trained in one call.
struct Tile {
  std::uint32_t layer = 0;
  std::vector<std::uint32_t> pixels;
};

struct ScheduleLayer {
  std::string name;                 // stands in the journal
  const Trainer* trainer = nullptr; // outlives the schedule
  std::function<RunParameters(std::uint32_t pixel)> run;
  // What is known without training (cache, another map); may be empty.
  std::function<std::optional<Digest>(std::uint32_t pixel)> recall;
};

class Schedule {
public:
  using Classify = std::function<std::uint8_t(const Digest&)>;
  // layers[0] is the map. shard of shards: pixels of others are never handed out.
  Schedule(std::int64_t height, std::int64_t width, const Refinement& how, std::vector<ScheduleLayer> layers,
           Classify classify, int shard, int shards);

  // What stands in a file or journal; before begin(). Nothing is asked for yet.
  void restore(std::uint32_t layer, std::uint32_t pixel, const Digest& digest);
  void begin();

  // Up to `most` runs and what a call of the trainer takes, fewer when little is left for `hands` hands. nullopt:
  // nothing to hand out now (more may come while tiles are out).
  std::optional<Tile> take(std::size_t most, std::size_t hands);
  void finish(const Tile& tile, std::span<const Digest> digests);
  void giveBack(const Tile& tile);
  void setView(const PixelRect& view);
  bool over() const { return m_pending == 0 && m_out == 0; }

  const std::vector<ScheduleLayer>& layers() const { return m_layers; }
  // Computed so far; kUnknown where not. Pixels that were restored but not asked for do not count.
  const std::vector<std::uint8_t>& classes(std::uint32_t layer) const { return m_data[layer].classes; }
  const std::vector<Digest>& digests(std::uint32_t layer) const { return m_data[layer].digests; }
  const Lattice& lattice() const { return m_lattice; }
  std::int64_t done(std::uint32_t layer) const { return m_data[layer].done; }
  std::int64_t asked(std::uint32_t layer) const { return m_data[layer].asked; }
  std::int64_t pending() const { return m_pending; }
  bool mine(std::uint32_t pixel) const;

private:
  enum Mark : std::uint8_t { kAsked = 1, kOut = 2, kRestored = 4 };
  struct LayerData {
    std::vector<std::uint8_t> classes, marks;
    std::vector<Digest> digests;
    // [in view 0, outside 1][level]: pixels, the next at the back; stale entries are skipped.
    std::array<std::array<std::vector<std::uint32_t>, Lattice::kLevels>, 2> queue;
    std::vector<std::uint8_t> level;
    std::int64_t done = 0, asked = 0;
  };

  void ask(std::uint32_t layer, std::uint32_t pixel, std::uint8_t level);
  void enqueue(std::uint32_t layer, std::uint32_t pixel);
  void learn(std::uint32_t layer, std::uint32_t pixel, const Digest& digest);
  void settleQueue(); // all that follows from what was learnt
  bool inView(std::uint32_t pixel) const;
  bool isOpen(const LayerData& data, std::uint32_t pixel) const;

  std::int64_t m_width;
  Lattice m_lattice;
  std::vector<ScheduleLayer> m_layers;
  Classify m_classify;
  std::int64_t m_shard, m_shards, m_tileSide;
  std::vector<LayerData> m_data;
  std::vector<Wanted> m_wanted; // asked for by the lattice, not yet looked at
  PixelRect m_view;
  std::int64_t m_pending = 0, m_out = 0;
};

} // namespace orrery::sweep
