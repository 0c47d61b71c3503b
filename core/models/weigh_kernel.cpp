// SPDX-License-Identifier: MIT
// Compiled once per vector unit (Highway's foreach_target) and chosen at run time. Vectors without a size at compile
// time cannot stand in arrays; those processors have another unit (NEON) too.
#define HWY_DISABLED_TARGETS (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/models/weigh_kernel.cpp"
#include "hwy/foreach_target.h" // stands first: it includes this file again

#include "core/models/kernels.h"
#include "core/models/weigh_kernel.h"
#include "hwy/highway.h"

#include <algorithm>
#include <vector>

HWY_BEFORE_NAMESPACE();
namespace orrery::models::kernels {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

template <class T> using Tag = hn::ScalableTag<T>;

// Accumulators in registers: kRows x kStrip vectors, with kStrip vectors of V and one weight beside them.
#if HWY_TARGET <= HWY_AVX3 || HWY_TARGET == HWY_NEON // 32 registers
constexpr std::int64_t kStrip = 4;
#else
constexpr std::int64_t kStrip = 2;
#endif
constexpr std::int64_t kRows = 6;
constexpr std::int64_t kKeys = 256; // of V that stay in the second cache while all rows pass

// Sums so far: [rows, vectors, lanes]. Vector i covers columns from i * lanes on, the last one the last columns, so it
// may overlap the one before.
template <class T> struct Sums {
  const WeighJob<T>& job;
  std::int64_t lanes, vectors;
  T* memory;
  std::int64_t column(std::int64_t vector) const { return std::min(vector * lanes, job.headDim - lanes); }
  T* at(std::int64_t row, std::int64_t vector) const { return memory + (row * vectors + vector) * lanes; }
};

template <class T, std::int64_t kCount, std::int64_t kWide>
HWY_INLINE void weighStrip(const Sums<T>& sums, std::int64_t row, std::int64_t vector, std::int64_t first,
                           std::int64_t keys) {
  const Tag<T> tag;
  using V = hn::Vec<Tag<T>>;
  V sum[kCount][kWide];
  std::int64_t column[kWide];
  for (std::int64_t s = 0; s < kWide; ++s) column[s] = sums.column(vector + s);
  for (std::int64_t r = 0; r < kCount; ++r)
    for (std::int64_t s = 0; s < kWide; ++s)
      sum[r][s] = first == 0 ? hn::Zero(tag) : hn::LoadU(tag, sums.at(row + r, vector + s));
  const WeighJob<T>& job = sums.job;
  const T *p = job.p + row * job.pRow + first, *v = job.v + first * job.headDim;
  for (std::int64_t j = 0; j < keys; ++j, v += job.headDim) {
    V value[kWide];
    for (std::int64_t s = 0; s < kWide; ++s) value[s] = hn::LoadU(tag, v + column[s]);
    for (std::int64_t r = 0; r < kCount; ++r) {
      const V weight = hn::Set(tag, p[r * job.pRow + j]);
      for (std::int64_t s = 0; s < kWide; ++s) sum[r][s] = hn::MulAdd(weight, value[s], sum[r][s]);
    }
  }
  for (std::int64_t r = 0; r < kCount; ++r)
    for (std::int64_t s = 0; s < kWide; ++s) hn::StoreU(sum[r][s], tag, sums.at(row + r, vector + s));
}

template <class T, std::int64_t kCount>
void weighRows(const Sums<T>& sums, std::int64_t row, std::int64_t first, std::int64_t keys) {
  std::int64_t vector = 0;
  for (; vector + kStrip <= sums.vectors; vector += kStrip)
    weighStrip<T, kCount, kStrip>(sums, row, vector, first, keys);
  for (; vector + 2 <= sums.vectors; vector += 2) weighStrip<T, kCount, 2>(sums, row, vector, first, keys);
  for (; vector < sums.vectors; ++vector) weighStrip<T, kCount, 1>(sums, row, vector, first, keys);
}

template <class T> void weighRest(const Sums<T>& sums, std::int64_t row, std::int64_t first, std::int64_t keys) {
  switch (sums.job.rows - row) {
  case 1:
    return weighRows<T, 1>(sums, row, first, keys);
  case 2:
    return weighRows<T, 2>(sums, row, first, keys);
  case 3:
    return weighRows<T, 3>(sums, row, first, keys);
  case 4:
    return weighRows<T, 4>(sums, row, first, keys);
  case 5:
    return weighRows<T, 5>(sums, row, first, keys);
  default:
    return;
  }
}

template <class T> void writeSums(const Sums<T>& sums) {
  const Tag<T> tag;
  for (std::int64_t r = 0; r < sums.job.rows; ++r)
    for (std::int64_t i = 0; i < sums.vectors; ++i)
      hn::StoreU(hn::LoadU(tag, sums.at(r, i)), tag, sums.job.out + r * sums.job.outRow + sums.column(i));
}

template <class T> void weighNarrow(const WeighJob<T>& job) { // a head narrower than a vector
  for (std::int64_t r = 0; r < job.rows; ++r)
    weightedSum(job.p + r * job.pRow, job.v, job.keys, job.headDim, job.out + r * job.outRow);
}

template <class T> void weighAny(const WeighJob<T>& job) {
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(Tag<T>()));
  if (job.headDim < lanes) return weighNarrow(job);
  thread_local std::vector<T> memory;
  const std::int64_t vectors = (job.headDim + lanes - 1) / lanes;
  memory.resize(static_cast<std::size_t>(job.rows * vectors * lanes));
  const Sums<T> sums{job, lanes, vectors, memory.data()};
  for (std::int64_t first = 0; first < std::max<std::int64_t>(1, job.keys); first += kKeys) {
    const std::int64_t keys = std::min(kKeys, job.keys - first);
    std::int64_t row = 0;
    for (; row + kRows <= job.rows; row += kRows) weighRows<T, kRows>(sums, row, first, keys);
    weighRest(sums, row, first, keys);
  }
  writeSums(sums);
}

void weigh32(const WeighJob<float>& job) { weighAny(job); }
void weigh64(const WeighJob<double>& job) { weighAny(job); }

} // namespace HWY_NAMESPACE
} // namespace orrery::models::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace orrery::models::kernels {

HWY_EXPORT(weigh32);
HWY_EXPORT(weigh64);
void weigh(const WeighJob<float>& job) { HWY_DYNAMIC_DISPATCH(weigh32)(job); }
void weigh(const WeighJob<double>& job) { HWY_DYNAMIC_DISPATCH(weigh64)(job); }

} // namespace orrery::models::kernels
#endif
