// SPDX-License-Identifier: MIT
#include "core/models/row_block.h"

#include <algorithm>

#include "core/hooks/score_kernel.h"
#include "core/models/kernels.h"
#include "core/models/weigh_kernel.h"

namespace orrery::models {
namespace {

// Columns [c0, c1) that any row of the block sees, and S or P over them: [rows, stride], whole panels.
template <class T> struct Scratch {
  std::int64_t c0 = 0, c1 = 0;
  T* s = nullptr;
  std::int64_t width() const { return c1 - c0; }
  std::int64_t stride() const { return hooks::panels(width()) * hooks::kPanel; }
  T* row(std::int64_t r) const { return s + r * stride(); }
};

template <class T> std::vector<T>& threadMemory(int which) {
  thread_local std::vector<T> memory[3];
  return memory[which];
}
template <class T> T* scratchMemory(int which, std::int64_t count) {
  auto& memory = threadMemory<T>(which);
  if (static_cast<std::int64_t>(memory.size()) < count) memory.resize(static_cast<std::size_t>(count));
  return memory.data();
}

template <class T> std::int64_t firstKey(const RowBlock<T>& b, std::int64_t query) {
  return b.window > 0 ? std::max<std::int64_t>(0, query - b.window + 1) : 0;
}

template <class T> Scratch<T> scratchFor(const RowBlock<T>& b, bool allKeys) {
  const std::int64_t from = firstKey(b, b.first) / hooks::kPanel * hooks::kPanel;
  Scratch<T> s{allKeys ? 0 : from, allKeys ? b.keys : b.first + b.rows, nullptr};
  s.s = scratchMemory<T>(0, b.rows * s.stride());
  return s;
}

// All keys of `from` [rows, keys].
template <class T> void copyRows(const T* from, const RowBlock<T>& b, const Scratch<T>& to) {
  for (std::int64_t r = 0; r < b.rows; ++r) std::copy(from + r * b.keys, from + (r + 1) * b.keys, to.row(r));
}

template <class T> void computeScores(const RowBlock<T>& b, const Scratch<T>& s) {
  if (b.packed) {
    hooks::scorePanels(hooks::ScoreJob<T>{.q = b.q,
                                          .qRow = b.qStride,
                                          .packed = b.packed + (s.c0 - b.packedFrom) * b.headDim,
                                          .rows = b.rows,
                                          .panels = hooks::panels(s.width()),
                                          .headDim = b.headDim,
                                          .scale = b.scale,
                                          .out = s.s,
                                          .outRow = s.stride()});
  } else {
    const T* keys = b.k + s.c0 * b.headDim;
    for (std::int64_t r = 0; r < b.rows; ++r)
      hooks::scoreRow(keys, b.first + r + 1 - s.c0, b.headDim, b.q + r * b.qStride, b.scale, s.row(r));
  }
  if (b.softcap > 0)
    for (std::int64_t r = 0; r < b.rows; ++r) kernels::softcapRow(s.row(r), b.first + r + 1 - s.c0, b.softcap);
}

template <class T> void weigh(const RowBlock<T>& b, const Scratch<T>& p) {
  kernels::weigh(kernels::WeighJob<T>{.p = p.s,
                                      .pRow = p.stride(),
                                      .rows = b.rows,
                                      .keys = p.width(),
                                      .v = b.v + p.c0 * b.headDim,
                                      .headDim = b.headDim,
                                      .out = b.z,
                                      .outRow = b.zStride});
}

// Sums and maxima of one row of cells: `sum` and `max` run over columns [c0, c0 + width).
template <class T>
void poolCells(const T* sum, const T* max, std::int64_t c0, std::int64_t width, std::int64_t cell, double* cellSum,
               float* cellMax) {
  for (std::int64_t j = 0; j < width;) {
    const std::int64_t c = (c0 + j) / cell, end = std::min(width, (c + 1) * cell - c0);
    T total = 0, top = 0;
    for (; j < end; ++j) {
      total += sum[j];
      top = std::max(top, max[j]);
    }
    cellSum[c] += static_cast<double>(total);
    cellMax[c] = std::max(cellMax[c], static_cast<float>(top));
  }
}

// P of the block into cells: rows of one cell row are added up column by column first.
template <class T> void poolBlock(const RowBlock<T>& b, const Scratch<T>& p) {
  BlockPool& pool = *b.pool;
  pool.firstRow = b.first / b.cell;
  pool.rows = (b.first + b.rows - 1) / b.cell - pool.firstRow + 1;
  pool.width = (b.first + b.rows - 1) / b.cell + 1;
  pool.sum.assign(static_cast<std::size_t>(pool.rows * pool.width), 0);
  pool.max.assign(static_cast<std::size_t>(pool.rows * pool.width), 0);
  for (std::int64_t r = 0; r < b.rows;) {
    const std::int64_t cellRow = (b.first + r) / b.cell, end = std::min(b.rows, (cellRow + 1) * b.cell - b.first);
    const std::int64_t width = std::min(b.first + end, p.c1) - p.c0; // up to the diagonal of the last of these rows
    const T *sum = p.row(r), *max = p.row(r);
    if (end - r > 1) {
      T *sums = scratchMemory<T>(1, width), *tops = scratchMemory<T>(2, width);
      std::copy(sum, sum + width, sums);
      std::copy(sum, sum + width, tops);
      for (std::int64_t i = r + 1; i < end; ++i) kernels::poolRow(p.row(i), width, sums, tops);
      sum = sums;
      max = tops;
    }
    const auto at = static_cast<std::size_t>((cellRow - pool.firstRow) * pool.width);
    poolCells(sum, max, p.c0, width, b.cell, pool.sum.data() + at, pool.max.data() + at);
    r = end;
  }
}

template <class T> void softmaxBlock(const RowBlock<T>& b, const Scratch<T>& s, bool allKeys) {
  for (std::int64_t r = 0; r < b.rows; ++r) {
    const std::int64_t query = b.first + r;
    const std::int64_t begin = allKeys ? 0 : firstKey(b, query) - s.c0, end = allKeys ? s.width() : query + 1 - s.c0;
    T* row = s.row(r);
    std::fill(row, row + begin, T(0));
    b.lse[r] = kernels::softmaxRow(row + begin, end - begin);
    std::fill(row + end, row + s.width(), T(0));
  }
}

} // namespace

template <class T> void attendBlock(const RowBlock<T>& b, bool readScores) {
  const Scratch<T> s = scratchFor(b, readScores);
  if (readScores)
    copyRows(b.scores, b, s);
  else
    computeScores(b, s);
  softmaxBlock(b, s, readScores);
  if (b.pool) poolBlock(b, s);
  if (b.pattern)
    for (std::int64_t r = 0; r < b.rows; ++r) std::copy(s.row(r), s.row(r) + s.width(), b.pattern + r * b.keys + s.c0);
  if (b.z) weigh(b, s);
}

template <class T> void scoreBlock(const RowBlock<T>& b) {
  const Scratch<T> s = scratchFor(b, false);
  computeScores(b, s);
  for (std::int64_t r = 0; r < b.rows; ++r) {
    const std::int64_t query = b.first + r, begin = firstKey(b, query);
    std::copy(s.row(r) + begin - s.c0, s.row(r) + query + 1 - s.c0, b.scores + r * b.keys + begin);
  }
}

template <class T> void weighBlock(const RowBlock<T>& b) {
  const Scratch<T> p = scratchFor(b, true);
  copyRows(b.pattern, b, p);
  weigh(b, p);
}

template void attendBlock(const RowBlock<float>&, bool);
template void attendBlock(const RowBlock<double>&, bool);
template void scoreBlock(const RowBlock<float>&);
template void scoreBlock(const RowBlock<double>&);
template void weighBlock(const RowBlock<float>&);
template void weighBlock(const RowBlock<double>&);

} // namespace orrery::models
