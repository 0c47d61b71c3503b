// SPDX-License-Identifier: MIT
// The arithmetic of attention tiles for the vector units of this processor. Inner header of core/hooks: sizes are
// checked by attention_tile.cpp.
#pragma once
#include <cstddef>
#include <cstdint>

namespace orrery::hooks {

// Rows [rowBegin, rowBegin + rows) x keys [colBegin, colBegin + cols) of one head. T is float or double.
template <class T> struct TileJob {
  const T* q = nullptr; // first query row; element (i, d) at i * qRow + d * qColumn
  std::ptrdiff_t qRow = 0, qColumn = 1;
  const T* k = nullptr; // first key row of the range
  std::ptrdiff_t kRow = 0, kColumn = 1;
  const T* lse = nullptr; // [rows]; null: write scores, masked cells -inf
  std::int64_t headDim = 0;
  std::int64_t rowBegin = 0, rows = 0, colBegin = 0, cols = 0;
  T scale = 1, softcap = 0;
  std::int64_t window = 0;
  T* out = nullptr; // [rows, cols]
};

void runTile(const TileJob<float>& job);
void runTile(const TileJob<double>& job);

// Keys that query i may look at, cut to [colBegin, colBegin + cols), counted from colBegin: [begin, end).
struct Allowed {
  std::int64_t begin = 0, end = 0;
};
Allowed allowedKeys(std::int64_t query, std::int64_t window, std::int64_t colBegin, std::int64_t cols);

} // namespace orrery::hooks
