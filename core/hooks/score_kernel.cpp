// SPDX-License-Identifier: MIT
// Compiled once per vector unit (Highway's foreach_target) and chosen at run time. Vectors without a size at compile
// time cannot stand in arrays; those processors have another unit (NEON) too.
#define HWY_DISABLED_TARGETS (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/hooks/score_kernel.cpp"
#include "hwy/foreach_target.h" // stands first: it includes this file again

#include "core/hooks/score_kernel.h"
#include "hwy/highway.h"

#include <algorithm>
#include <cmath>

HWY_BEFORE_NAMESPACE();
namespace orrery::hooks {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// At most 16 lanes, so that a panel is whole strips of vectors on every processor.
template <class T> using Tag = hn::CappedTag<T, 16>;

// Accumulators in registers: kRows x kStrip vectors, with kStrip keys and one query beside them.
#if HWY_TARGET <= HWY_AVX3 || HWY_TARGET == HWY_NEON // 32 registers
constexpr std::int64_t kStrip = 4;
#else
constexpr std::int64_t kStrip = 2;
#endif
constexpr std::int64_t kRows = 6;

template <class T, std::int64_t kCount>
HWY_INLINE void scoreStrip(const ScoreJob<T>& job, const T* q, const T* keys, T* out) {
  const Tag<T> tag;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(tag));
  using V = hn::Vec<Tag<T>>;
  V sum[kCount][kStrip];
  for (std::int64_t r = 0; r < kCount; ++r)
    for (std::int64_t s = 0; s < kStrip; ++s) sum[r][s] = hn::Zero(tag);
  for (std::int64_t d = 0; d < job.headDim; ++d) {
    V key[kStrip];
    for (std::int64_t s = 0; s < kStrip; ++s) key[s] = hn::LoadU(tag, keys + d * kPanel + s * lanes);
    for (std::int64_t r = 0; r < kCount; ++r) {
      const V x = hn::Set(tag, q[r * job.qRow + d]);
      for (std::int64_t s = 0; s < kStrip; ++s) sum[r][s] = hn::MulAdd(x, key[s], sum[r][s]);
    }
  }
  const V scale = hn::Set(tag, job.scale);
  for (std::int64_t r = 0; r < kCount; ++r)
    for (std::int64_t s = 0; s < kStrip; ++s)
      hn::StoreU(hn::Mul(sum[r][s], scale), tag, out + r * job.outRow + s * lanes);
}

template <class T, std::int64_t kCount> void scoreRows(const ScoreJob<T>& job, std::int64_t row, std::int64_t panel) {
  const auto step = kStrip * static_cast<std::int64_t>(hn::Lanes(Tag<T>()));
  const T* keys = job.packed + panel * kPanel * job.headDim;
  T* out = job.out + row * job.outRow + panel * kPanel;
  for (std::int64_t j = 0; j < kPanel; j += step) scoreStrip<T, kCount>(job, job.q + row * job.qRow, keys + j, out + j);
}

template <class T> void scoreRest(const ScoreJob<T>& job, std::int64_t row, std::int64_t panel) {
  switch (job.rows - row) {
  case 1:
    return scoreRows<T, 1>(job, row, panel);
  case 2:
    return scoreRows<T, 2>(job, row, panel);
  case 3:
    return scoreRows<T, 3>(job, row, panel);
  case 4:
    return scoreRows<T, 4>(job, row, panel);
  case 5:
    return scoreRows<T, 5>(job, row, panel);
  default:
    return;
  }
}

template <class T> void scorePanelsAny(const ScoreJob<T>& job) {
  for (std::int64_t panel = 0; panel < job.panels; ++panel) {
    std::int64_t row = 0;
    for (; row + kRows <= job.rows; row += kRows) scoreRows<T, kRows>(job, row, panel);
    scoreRest(job, row, panel);
  }
}

template <class T> void packKeysAny(const KeyRows<T>& keys, T* out) {
  for (std::int64_t first = 0; first < keys.count; first += kPanel, out += keys.headDim * kPanel) {
    const std::int64_t count = std::min(kPanel, keys.count - first);
    const T* from = keys.k + first * keys.row;
    for (std::int64_t d = 0; d < keys.headDim; ++d) {
      T* to = out + d * kPanel;
      for (std::int64_t j = 0; j < count; ++j) to[j] = from[j * keys.row + d * keys.column];
      std::fill(to + count, to + kPanel, T(0));
    }
  }
}

// What hn::MulAdd does on this processor, for one number.
template <class T> T mulAdd(T a, T b, T c) {
#if HWY_NATIVE_FMA
  return std::fma(a, b, c);
#else
  return a * b + c;
#endif
}

// Eight independent chains of scalar multiply-adds: as many as hide their latency.
template <class T> void scoreRowAny(const T* k, std::int64_t keys, std::int64_t headDim, const T* q, T scale, T* out) {
  constexpr std::int64_t kChains = 8;
  std::int64_t r = 0;
  for (; r + kChains <= keys; r += kChains) {
    const T* row = k + r * headDim;
    T sum[kChains] = {};
    for (std::int64_t d = 0; d < headDim; ++d)
      for (std::int64_t i = 0; i < kChains; ++i) sum[i] = mulAdd(row[i * headDim + d], q[d], sum[i]);
    for (std::int64_t i = 0; i < kChains; ++i) out[r + i] = sum[i] * scale;
  }
  for (; r < keys; ++r) {
    T sum = 0;
    for (std::int64_t d = 0; d < headDim; ++d) sum = mulAdd(k[r * headDim + d], q[d], sum);
    out[r] = sum * scale;
  }
}

void pack32(const KeyRows<float>& keys, float* out) { packKeysAny(keys, out); }
void pack64(const KeyRows<double>& keys, double* out) { packKeysAny(keys, out); }
void score32(const ScoreJob<float>& job) { scorePanelsAny(job); }
void score64(const ScoreJob<double>& job) { scorePanelsAny(job); }
void row32(const float* k, std::int64_t keys, std::int64_t headDim, const float* q, float scale, float* out) {
  scoreRowAny(k, keys, headDim, q, scale, out);
}
void row64(const double* k, std::int64_t keys, std::int64_t headDim, const double* q, double scale, double* out) {
  scoreRowAny(k, keys, headDim, q, scale, out);
}

} // namespace HWY_NAMESPACE
} // namespace orrery::hooks
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace orrery::hooks {

HWY_EXPORT(pack32);
HWY_EXPORT(pack64);
HWY_EXPORT(score32);
HWY_EXPORT(score64);
HWY_EXPORT(row32);
HWY_EXPORT(row64);

void packKeys(const KeyRows<float>& keys, float* out) { HWY_DYNAMIC_DISPATCH(pack32)(keys, out); }
void packKeys(const KeyRows<double>& keys, double* out) { HWY_DYNAMIC_DISPATCH(pack64)(keys, out); }
void scorePanels(const ScoreJob<float>& job) { HWY_DYNAMIC_DISPATCH(score32)(job); }
void scorePanels(const ScoreJob<double>& job) { HWY_DYNAMIC_DISPATCH(score64)(job); }
void scoreRow(const float* k, std::int64_t keys, std::int64_t headDim, const float* q, float scale, float* out) {
  HWY_DYNAMIC_DISPATCH(row32)(k, keys, headDim, q, scale, out);
}
void scoreRow(const double* k, std::int64_t keys, std::int64_t headDim, const double* q, double scale, double* out) {
  HWY_DYNAMIC_DISPATCH(row64)(k, keys, headDim, q, scale, out);
}

} // namespace orrery::hooks
#endif
