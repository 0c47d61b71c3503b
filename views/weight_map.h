// SPDX-License-Identifier: MIT
// Cells of a weight for a picture, as a pyramid over rows and columns apart: a cell pools `rowCell` x `colCell`
// elements (powers of two). Tiles are read straight from the file when they come into view; coarser ones show until
// they are there. Pure but for the tile cache; any thread.
#pragma once
#include <cstdint>
#include <functional>
#include <stop_token>
#include <vector>

#include "core/base/result.h"
#include "views/weight_input.h"

namespace orrery::views {

// What is shown as a matrix [rows, cols]: elements of a file, block scales, the difference of two, a product of
// factors.
struct MapSource {
  std::int64_t rows = 0, cols = 0;
  TileKey key; // of what it shows; cells and ranges are filled in
  // Elements [col, col + width) of rows [row, row + height) to out [height, width].
  std::function<Status(std::int64_t row, std::int64_t height, std::int64_t col, std::int64_t width, float* out)> read;
};
MapSource mapOf(const weights::WeightsPtr& set, const weights::Weight& weight);
// Scale of every block of a quantised tensor. Errors: Unsupported.
Result<MapSource> scalesOf(const weights::WeightsPtr& set, const weights::Weight& weight);

struct CellRange {
  std::int64_t begin = 0, end = 0;
  std::int64_t size() const { return end - begin; }
};
struct WeightMap {
  std::int64_t rowCell = 1, colCell = 1;
  CellRange rows, cols;               // elements covered; begins are multiples of the cells
  std::int64_t height = 0, width = 0; // cells
  std::vector<float> mean,
      extreme; // [height, width]; extreme: the value furthest from 0, with its sign; NaN where any is
  std::vector<std::uint8_t> mask; // [height, width] 1: not there yet
  std::size_t at(std::int64_t r, std::int64_t c) const { return static_cast<std::size_t>(r * width + c); }
};
// Rows and columns inside the source. What is missing goes to `missing`, the middle of the picture first.
Result<WeightMap> weightMap(const MapSource& source, CellRange rows, CellRange cols, std::int64_t rowCell,
                            std::int64_t colCell, const std::shared_ptr<TileCache>& cache, Missing& missing,
                            const std::stop_token& stop);

} // namespace orrery::views
