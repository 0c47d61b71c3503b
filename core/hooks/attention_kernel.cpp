// SPDX-License-Identifier: MIT
// Compiled once per vector unit (Highway's foreach_target) and chosen at run time.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/hooks/attention_kernel.cpp"
#include "hwy/foreach_target.h" // stands first: it includes this file again

#include "core/hooks/attention_kernel.h"
#include "hwy/contrib/math/math-inl.h"
#include "hwy/highway.h"

#include <algorithm>
#include <limits>
#include <vector>

HWY_BEFORE_NAMESPACE();
namespace orrery::hooks {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

constexpr std::int64_t kRowBlock = 4;
constexpr std::int64_t kKeyBlock = 64; // keys of one transposed block; a multiple of every vector length below 2 KiB

// block[d, j] = K[j, d]; columns beyond `keys` are 0.
template <class T> void transposeKeys(const TileJob<T>& job, std::int64_t first, std::int64_t keys, T* block) {
  for (std::int64_t j = 0; j < keys; ++j) {
    const T* key = job.k + (first + j) * job.kRow;
    for (std::int64_t d = 0; d < job.headDim; ++d) block[d * kKeyBlock + j] = key[d * job.kColumn];
  }
  for (std::int64_t d = 0; d < job.headDim; ++d)
    std::fill(block + d * kKeyBlock + keys, block + (d + 1) * kKeyBlock, T(0));
}

// queries[d, r] = Q[first + r, d]; rows beyond the range repeat the last one.
template <class T> void packQueries(const TileJob<T>& job, std::int64_t first, std::int64_t count, T* queries) {
  for (std::int64_t r = 0; r < kRowBlock; ++r) {
    const T* row = job.q + (first + std::min(r, count - 1)) * job.qRow;
    for (std::int64_t d = 0; d < job.headDim; ++d) queries[d * kRowBlock + r] = row[d * job.qColumn];
  }
}

// dots[r, j] = sum over d, ascending, one fused multiply-add each: the order of a GEMM micro-kernel.
template <class T> void multiply(std::int64_t headDim, const T* queries, const T* block, T* dots) {
  const hn::ScalableTag<T> tag;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(tag));
  for (std::int64_t j = 0; j < kKeyBlock; j += lanes) {
    auto a0 = hn::Zero(tag), a1 = hn::Zero(tag), a2 = hn::Zero(tag), a3 = hn::Zero(tag);
    for (std::int64_t d = 0; d < headDim; ++d) {
      const auto key = hn::LoadU(tag, block + d * kKeyBlock + j);
      const T* q = queries + d * kRowBlock;
      a0 = hn::MulAdd(hn::Set(tag, q[0]), key, a0);
      a1 = hn::MulAdd(hn::Set(tag, q[1]), key, a1);
      a2 = hn::MulAdd(hn::Set(tag, q[2]), key, a2);
      a3 = hn::MulAdd(hn::Set(tag, q[3]), key, a3);
    }
    hn::StoreU(a0, tag, dots + j);
    hn::StoreU(a1, tag, dots + kKeyBlock + j);
    hn::StoreU(a2, tag, dots + 2 * kKeyBlock + j);
    hn::StoreU(a3, tag, dots + 3 * kKeyBlock + j);
  }
}

// In place: scale, soft-cap, exp(s - lse) of one row of a block.
template <class T> void finishRow(const TileJob<T>& job, std::int64_t row, T* dots) {
  const hn::ScalableTag<T> tag;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(tag));
  const auto scale = hn::Set(tag, job.scale), cap = hn::Set(tag, job.softcap);
  const auto lse = hn::Set(tag, job.lse ? job.lse[row] : T(0));
  for (std::int64_t j = 0; j < kKeyBlock; j += lanes) {
    auto s = hn::Mul(hn::LoadU(tag, dots + j), scale);
    if (job.softcap > 0) s = hn::Mul(cap, hn::Tanh(tag, hn::Div(s, cap)));
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

template <class T> void tile(const TileJob<T>& job) {
  std::vector<T> block(static_cast<std::size_t>(job.headDim * kKeyBlock));
  std::vector<T> queries(static_cast<std::size_t>(job.headDim * kRowBlock));
  T dots[kRowBlock * kKeyBlock] = {};
  for (std::int64_t first = 0; first < job.cols; first += kKeyBlock) {
    const std::int64_t keys = std::min(kKeyBlock, job.cols - first);
    transposeKeys(job, first, keys, block.data());
    for (std::int64_t row = 0; row < job.rows; row += kRowBlock) {
      const std::int64_t count = std::min(kRowBlock, job.rows - row);
      if (job.rowBegin + row + count > job.colBegin + first) { // else the whole block lies above the diagonal
        packQueries(job, row, count, queries.data());
        multiply(job.headDim, queries.data(), block.data(), dots);
        for (std::int64_t r = 0; r < count; ++r) finishRow(job, row + r, dots + r * kKeyBlock);
      }
      for (std::int64_t r = 0; r < count; ++r) copyAllowed(job, row + r, first, keys, dots + r * kKeyBlock);
    }
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
