// SPDX-License-Identifier: MIT
// TileCache: cells of attention maps, kept up to a number of bytes, least recently used out first. One cache serves all
// views of a registry. Any thread.
//
// A tile is keyed by what it is computed from: run, layer, head, rectangle, cell, quantity and a hash of the row
// log-sum-exps of its queries. Rows of a causal model never change once computed, so a tile that lies inside an older,
// shorter text is found again as the text grows; after a cut and another continuation the log-sum-exps differ.
#pragma once
#include <compare>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

namespace orrery::views {

struct TileKey {
  std::uint64_t run = 0, content = 0; // content: hash over the log-sum-exps of the rows
  std::int64_t layer = 0, head = 0;
  std::int64_t rowBegin = 0, rowEnd = 0, colBegin = 0, colEnd = 0; // tokens
  std::int64_t cell = 1;                                           // tokens a cell spans
  int quantity = 0;                                                // view-defined: pattern, scores ...
  friend auto operator<=>(const TileKey&, const TileKey&) = default;
};

struct Tile {
  std::int64_t rows = 0, cols = 0; // cells
  std::vector<float> mean, max;    // [rows, cols]; max is empty when it equals mean (cell = 1)
  const std::vector<float>& maxima() const { return max.empty() ? mean : max; }
  std::size_t bytes() const { return sizeof *this + (mean.capacity() + max.capacity()) * sizeof(float); }
};
using TilePtr = std::shared_ptr<const Tile>;

class TileCache {
public:
  explicit TileCache(std::size_t maxBytes = std::size_t{128} << 20) : m_maxBytes(maxBytes) {}

  TilePtr find(const TileKey& key); // null if unknown
  void insert(const TileKey& key, TilePtr tile);
  std::size_t bytes() const;
  std::size_t size() const;

private:
  using Entry = std::pair<TileKey, TilePtr>;
  const std::size_t m_maxBytes;
  mutable std::mutex m_mutex;
  std::list<Entry> m_recent;                             // guarded by m_mutex; front: used last
  std::map<TileKey, std::list<Entry>::iterator> m_index; // guarded by m_mutex
  std::size_t m_bytes = 0;                               // guarded by m_mutex
};

} // namespace orrery::views
