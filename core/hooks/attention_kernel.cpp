// SPDX-License-Identifier: MIT
// Compiled once per vector unit (Highway's foreach_target) and chosen at run time.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/hooks/attention_kernel.cpp"
#include "hwy/foreach_target.h" // stands first: it includes this file again

#include "core/hooks/attention_kernel.h"
#include "core/hooks/score_kernel.h"
#include "hwy/contrib/math/math-inl.h"
#include "hwy/highway.h"

#include <algorithm>
#include <limits>
#include <vector>

HWY_BEFORE_NAMESPACE();
namespace orrery::hooks {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// In place: soft-cap, exp(s - lse) of one row of a panel.
template <class T> void finishRow(const TileJob<T>& job, std::int64_t row, T* dots) {
  const hn::ScalableTag<T> tag;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(tag));
  const auto cap = hn::Set(tag, job.softcap), inverse = hn::Set(tag, T(1) / job.softcap); // as kernels::softcapRow
  const auto lse = hn::Set(tag, job.lse ? job.lse[row] : T(0));
  for (std::int64_t j = 0; j < kPanel; j += lanes) {
    auto s = hn::LoadU(tag, dots + j);
    if (job.softcap > 0) s = hn::Mul(cap, hn::Tanh(tag, hn::Mul(s, inverse)));
    if (job.lse) s = hn::Exp(tag, hn::Sub(s, lse));
    hn::StoreU(s, tag, dots + j);
  }
}

template <class T>
void copyAllowed(const TileJob<T>& job, std::int64_t row, std::int64_t first, std::int64_t keys, const T* dots) {
  const T masked = job.lse ? T(0) : -std::numeric_limits<T>::infinity();
  const Allowed allowed = allowedKeys(job.rowBegin + row, job.window, job.colBegin + first, keys);
  T* out = job.out + row * job.cols + first;
  std::fill(out, out + allowed.begin, masked);
  std::copy(dots + allowed.begin, dots + allowed.end, out + allowed.begin);
  std::fill(out + allowed.end, out + keys, masked);
}

// [rows, headDim] without gaps
template <class T> std::vector<T> gatherQueries(const TileJob<T>& job) {
  std::vector<T> queries(static_cast<std::size_t>(job.rows * job.headDim));
  for (std::int64_t r = 0; r < job.rows; ++r)
    for (std::int64_t d = 0; d < job.headDim; ++d)
      queries[static_cast<std::size_t>(r * job.headDim + d)] = job.q[r * job.qRow + d * job.qColumn];
  return queries;
}

template <class T> void tile(const TileJob<T>& job) {
  const std::vector<T> queries = gatherQueries(job);
  std::vector<T> packed(static_cast<std::size_t>(job.headDim * kPanel));
  std::vector<T> dots(static_cast<std::size_t>(job.rows * kPanel));
  for (std::int64_t first = 0; first < job.cols; first += kPanel) {
    const std::int64_t keys = std::min(kPanel, job.cols - first);
    // Rows before `row` look at none of these keys: they lie above the diagonal.
    const std::int64_t row = std::clamp<std::int64_t>(job.colBegin + first - job.rowBegin, 0, job.rows);
    packKeys(KeyRows<T>{job.k + first * job.kRow, job.kRow, job.kColumn, keys, job.headDim}, packed.data());
    scorePanels(ScoreJob<T>{.q = queries.data() + row * job.headDim,
                            .qRow = job.headDim,
                            .packed = packed.data(),
                            .rows = job.rows - row,
                            .panels = 1,
                            .headDim = job.headDim,
                            .scale = job.scale,
                            .out = dots.data() + row * kPanel,
                            .outRow = kPanel});
    for (std::int64_t r = row; r < job.rows; ++r) finishRow(job, r, dots.data() + r * kPanel);
    for (std::int64_t r = 0; r < job.rows; ++r) copyAllowed(job, r, first, keys, dots.data() + r * kPanel);
  }
}

void tileF32(const TileJob<float>& job) { tile(job); }
void tileF64(const TileJob<double>& job) { tile(job); }

} // namespace HWY_NAMESPACE
} // namespace orrery::hooks
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace orrery::hooks {

HWY_EXPORT(tileF32);
HWY_EXPORT(tileF64);

void runTile(const TileJob<float>& job) { HWY_DYNAMIC_DISPATCH(tileF32)(job); }
void runTile(const TileJob<double>& job) { HWY_DYNAMIC_DISPATCH(tileF64)(job); }

Allowed allowedKeys(std::int64_t query, std::int64_t window, std::int64_t colBegin, std::int64_t cols) {
  const std::int64_t first = window > 0 ? query - window + 1 : 0;
  const std::int64_t begin = std::clamp<std::int64_t>(first - colBegin, 0, cols);
  return {begin, std::clamp<std::int64_t>(query + 1 - colBegin, begin, cols)};
}

} // namespace orrery::hooks
#endif
