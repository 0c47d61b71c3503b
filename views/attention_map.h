// SPDX-License-Identifier: MIT
// Cells of one attention head for a picture, as a pyramid: level 0 has one token a cell, every further level cells
// twice as wide, up to the overview that the forward pass gathered. A cell is the mean (and maximum) of the exact cells
// that it covers, masked ones counting as 0. Levels below the overview are computed in tiles of 64 x 64 cells. Never a
// T x T buffer. Any thread; pure but for the tile cache.
#pragma once
#include <cstdint>
#include <stop_token>
#include <vector>

#include "core/base/result.h"
#include "core/hooks/attention_record.h"
#include "views/api/tile_cache.h"
#include "views/api/view.h"

namespace orrery::views {

// T of the picture: the whole run, or what the time line is scrubbed to.
std::int64_t shownTokens(const Request& request);

// One layer of a snapshot, cut at the shown tokens (a layer may lag behind while the forward pass runs).
struct LayerAttention {
  store::SnapshotPtr snapshot; // keeps `record` alive
  const hooks::AttentionRecord* record = nullptr;
  std::uint64_t run = 0;
  std::int64_t layer = 0, tokens = 0;
};
// NotFound if there is no run, no such layer, or its attention was not captured.
Result<LayerAttention> layerAttention(const Request& request, std::int64_t layer);
// The same, and checks selection.head against the layer.
Result<LayerAttention> selectedAttention(const Request& request);

enum class Quantity { Pattern, Scores };

struct HeadMap {
  std::int64_t cell = 1;                                        // tokens a cell spans
  hooks::TileRange rows, cols;                                  // tokens covered; begins are multiples of cell
  std::int64_t height = 0, width = 0;                           // cells
  std::vector<float> mean, max;                                 // [height, width]
  std::vector<std::uint8_t> mask;                               // [height, width] 1: no allowed pair in the cell
  bool incomplete = false;                                      // some cells show those of a coarser level
  std::size_t at(std::int64_t row, std::int64_t column) const { // flat index
    return static_cast<std::size_t>(row * width + column);
  }
};

struct MapRequest {
  hooks::TileRange rows, cols; // tokens, inside [0, T]
  std::int64_t cell = 1;       // power of two
  Quantity quantity = Quantity::Pattern;
  // Null: all is computed here. Else tiles that take long are left to it, and their cells show the nearest coarser
  // level that is at hand: of the cache, of the overview, or 0 where there is none.
  std::shared_ptr<TileLoader> loader = nullptr;
};

// Errors: Cancelled; TooLarge for a picture of scores over more pairs than can be computed while somebody waits.
Result<HeadMap> headMap(const LayerAttention& attention, std::int64_t head, const MapRequest& wanted,
                        const std::shared_ptr<TileCache>& cache, std::stop_token stop);

// The whole head in at most `cells` cells a side, from the overview alone where T is long: what thumbnails show. Rows
// of a cell that is not full at a scrubbed-back T are left out.
Result<HeadMap> thumbnail(const LayerAttention& attention, std::int64_t head, std::int64_t cells,
                          const std::shared_ptr<TileCache>& cache, std::stop_token stop);

// Mask of one pair or of a pooled cell: true if no allowed (query, key) pair lies inside.
bool allMasked(const hooks::AttentionRecord& record, hooks::TileRange queries, hooks::TileRange keys);

} // namespace orrery::views
