// SPDX-License-Identifier: MIT
// Compiled once per vector unit (Highway's foreach_target) and chosen at run time.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/models/kernels.cpp"
#include "hwy/foreach_target.h" // stands first: it includes this file again

#include "core/models/kernels.h"
#include "hwy/contrib/math/math-inl.h"
#include "hwy/highway.h"

#include <algorithm>
#include <cmath>
#include <limits>

HWY_BEFORE_NAMESPACE();
namespace orrery::models::kernels {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

template <class T> using Tag = hn::ScalableTag<T>;
template <class T> std::int64_t lanesOf() { return static_cast<std::int64_t>(hn::Lanes(Tag<T>())); }
template <class T> T total(hn::Vec<Tag<T>> v) { return hn::GetLane(hn::SumOfLanes(Tag<T>(), v)); }

// Rest of a row that fills no vector: lanes beyond are `fill`.
template <class T> hn::Vec<Tag<T>> loadRest(const T* x, std::int64_t count, T fill) {
  const Tag<T> tag;
  HWY_ALIGN T padded[hn::MaxLanes(Tag<T>())];
  std::fill(padded, padded + lanesOf<T>(), fill);
  std::copy(x, x + count, padded);
  return hn::Load(tag, padded);
}
template <class T> void storeRest(hn::Vec<Tag<T>> v, std::int64_t count, T* out) {
  HWY_ALIGN T padded[hn::MaxLanes(Tag<T>())];
  hn::Store(v, Tag<T>(), padded);
  std::copy(padded, padded + count, out);
}

// out[i] = f(x[i]) by vectors; lanes that pad the rest see 0.
template <class T, class F> void mapRow(const T* x, std::int64_t n, T* out, F f) {
  const Tag<T> tag;
  const std::int64_t lanes = lanesOf<T>();
  std::int64_t i = 0;
  for (; i + lanes <= n; i += lanes) hn::StoreU(f(hn::LoadU(tag, x + i)), tag, out + i);
  if (i < n) storeRest<T>(f(loadRest<T>(x + i, n - i, T(0))), n - i, out + i);
}
template <class T, class F> void mapRows(const T* x, const T* y, std::int64_t n, T* out, F f) {
  const Tag<T> tag;
  const std::int64_t lanes = lanesOf<T>();
  std::int64_t i = 0;
  for (; i + lanes <= n; i += lanes) hn::StoreU(f(hn::LoadU(tag, x + i), hn::LoadU(tag, y + i)), tag, out + i);
  if (i < n) storeRest<T>(f(loadRest<T>(x + i, n - i, T(0)), loadRest<T>(y + i, n - i, T(0))), n - i, out + i);
}

// Four rows at a time share the loads of x; two accumulators each hide the latency.
template <class T> void matVecRows4(const MatVec<T>& job, std::int64_t row) {
  const Tag<T> tag;
  const std::int64_t lanes = lanesOf<T>(), n = job.columns;
  const T *w0 = job.w + row * job.stride, *w1 = w0 + job.stride, *w2 = w1 + job.stride, *w3 = w2 + job.stride;
  auto a0 = hn::Zero(tag), a1 = a0, a2 = a0, a3 = a0, b0 = a0, b1 = a0, b2 = a0, b3 = a0;
  std::int64_t i = 0;
  for (; i + 2 * lanes <= n; i += 2 * lanes) {
    const auto x = hn::LoadU(tag, job.x + i), y = hn::LoadU(tag, job.x + i + lanes);
    a0 = hn::MulAdd(hn::LoadU(tag, w0 + i), x, a0);
    a1 = hn::MulAdd(hn::LoadU(tag, w1 + i), x, a1);
    a2 = hn::MulAdd(hn::LoadU(tag, w2 + i), x, a2);
    a3 = hn::MulAdd(hn::LoadU(tag, w3 + i), x, a3);
    b0 = hn::MulAdd(hn::LoadU(tag, w0 + i + lanes), y, b0);
    b1 = hn::MulAdd(hn::LoadU(tag, w1 + i + lanes), y, b1);
    b2 = hn::MulAdd(hn::LoadU(tag, w2 + i + lanes), y, b2);
    b3 = hn::MulAdd(hn::LoadU(tag, w3 + i + lanes), y, b3);
  }
  T sum[4] = {total<T>(hn::Add(a0, b0)), total<T>(hn::Add(a1, b1)), total<T>(hn::Add(a2, b2)),
              total<T>(hn::Add(a3, b3))};
  for (; i < n; ++i) {
    sum[0] += w0[i] * job.x[i];
    sum[1] += w1[i] * job.x[i];
    sum[2] += w2[i] * job.x[i];
    sum[3] += w3[i] * job.x[i];
  }
  for (std::int64_t r = 0; r < 4; ++r) job.out[row + r] = job.alpha * sum[r] + (job.bias ? job.bias[row + r] : T(0));
}

template <class T> void matVecRow(const MatVec<T>& job, std::int64_t row) {
  const Tag<T> tag;
  const std::int64_t lanes = lanesOf<T>();
  const T* w = job.w + row * job.stride;
  auto a = hn::Zero(tag);
  std::int64_t i = 0;
  for (; i + lanes <= job.columns; i += lanes) a = hn::MulAdd(hn::LoadU(tag, w + i), hn::LoadU(tag, job.x + i), a);
  T sum = total<T>(a);
  for (; i < job.columns; ++i) sum += w[i] * job.x[i];
  job.out[row] = job.alpha * sum + (job.bias ? job.bias[row] : T(0));
}

template <class T> void matVecAny(const MatVec<T>& job) {
  std::int64_t row = 0;
  for (; row + 4 <= job.rows; row += 4) matVecRows4(job, row);
  for (; row < job.rows; ++row) matVecRow(job, row);
}

template <class T> void weightedSumAny(const T* weight, const T* v, std::int64_t rows, std::int64_t columns, T* out) {
  const Tag<T> tag;
  const std::int64_t lanes = lanesOf<T>();
  std::int64_t c = 0;
  for (; c + 4 * lanes <= columns; c += 4 * lanes) { // four vectors of columns stay in registers
    auto a0 = hn::Zero(tag), a1 = a0, a2 = a0, a3 = a0;
    for (std::int64_t r = 0; r < rows; ++r) {
      const auto p = hn::Set(tag, weight[r]);
      const T* row = v + r * columns + c;
      a0 = hn::MulAdd(p, hn::LoadU(tag, row), a0);
      a1 = hn::MulAdd(p, hn::LoadU(tag, row + lanes), a1);
      a2 = hn::MulAdd(p, hn::LoadU(tag, row + 2 * lanes), a2);
      a3 = hn::MulAdd(p, hn::LoadU(tag, row + 3 * lanes), a3);
    }
    hn::StoreU(a0, tag, out + c);
    hn::StoreU(a1, tag, out + c + lanes);
    hn::StoreU(a2, tag, out + c + 2 * lanes);
    hn::StoreU(a3, tag, out + c + 3 * lanes);
  }
  for (; c < columns; ++c) {
    T sum = 0;
    for (std::int64_t r = 0; r < rows; ++r) sum += weight[r] * v[r * columns + c];
    out[c] = sum;
  }
}

template <class T> T maxOf(const T* s, std::int64_t n, bool* hasNaN) {
  const Tag<T> tag;
  const std::int64_t lanes = lanesOf<T>();
  constexpr T kLowest = -std::numeric_limits<T>::infinity();
  auto top = hn::Set(tag, kLowest), poison = hn::Zero(tag); // x - x is NaN for NaN (and infinities)
  std::int64_t i = 0;
  const auto see = [&](hn::Vec<Tag<T>> x) {
    top = hn::Max(top, x);
    poison = hn::Add(poison, hn::Sub(x, x));
  };
  for (; i + lanes <= n; i += lanes) see(hn::LoadU(tag, s + i));
  if (i < n) see(loadRest<T>(s + i, n - i, s[i]));
  *hasNaN = std::isnan(total<T>(poison)) && std::any_of(s, s + n, [](T x) { return std::isnan(x); });
  return hn::GetLane(hn::MaxOfLanes(tag, top));
}

template <class T> T softmaxRowAny(T* s, std::int64_t n) {
  const Tag<T> tag;
  const std::int64_t lanes = lanesOf<T>();
  bool hasNaN = false;
  const T top = maxOf(s, n, &hasNaN);
  if (hasNaN || n == 0 || top == -std::numeric_limits<T>::infinity()) {
    std::fill(s, s + n, T(0));
    return hasNaN ? std::numeric_limits<T>::quiet_NaN() : top;
  }
  const auto vtop = hn::Set(tag, top);
  auto sum = hn::Zero(tag);
  std::int64_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    const auto e = hn::Exp(tag, hn::Sub(hn::LoadU(tag, s + i), vtop));
    sum = hn::Add(sum, e);
    hn::StoreU(e, tag, s + i);
  }
  if (i < n) {
    const auto e = hn::Exp(tag, hn::Sub(loadRest<T>(s + i, n - i, -std::numeric_limits<T>::infinity()), vtop));
    sum = hn::Add(sum, e);
    storeRest<T>(e, n - i, s + i);
  }
  const T lse = static_cast<T>(static_cast<double>(top) + std::log(static_cast<double>(total<T>(sum))));
  // Divides by the sum that the rounded lse stands for: P is then exp(s - lse), as tiles compute it again.
  const auto scale = hn::Set(tag, static_cast<T>(std::exp(static_cast<double>(top) - static_cast<double>(lse))));
  mapRow(s, n, s, [&](hn::Vec<Tag<T>> e) { return hn::Mul(e, scale); });
  return lse;
}

template <class T> void softcapRowAny(T* s, std::int64_t n, T softcap) {
  const Tag<T> tag;
  const auto cap = hn::Set(tag, softcap), inverse = hn::Set(tag, T(1) / softcap);
  mapRow(s, n, s, [&](hn::Vec<Tag<T>> x) { return hn::Mul(cap, hn::Tanh(tag, hn::Mul(x, inverse))); });
}

template <class T> void poolRowAny(const T* p, std::int64_t n, T* sum, T* max) {
  mapRows(p, sum, n, sum, [](hn::Vec<Tag<T>> a, hn::Vec<Tag<T>> b) { return hn::Add(a, b); });
  mapRows(p, max, n, max, [](hn::Vec<Tag<T>> a, hn::Vec<Tag<T>> b) { return hn::Max(a, b); });
}

template <class T> T sumOf(const T* x, std::int64_t n, T shift, bool squares) {
  const Tag<T> tag;
  const std::int64_t lanes = lanesOf<T>();
  const auto vshift = hn::Set(tag, shift), one = hn::Set(tag, T(1));
  auto a = hn::Zero(tag), b = a;
  std::int64_t i = 0;
  for (; i + 2 * lanes <= n; i += 2 * lanes) {
    const auto x0 = hn::Sub(hn::LoadU(tag, x + i), vshift), x1 = hn::Sub(hn::LoadU(tag, x + i + lanes), vshift);
    a = hn::MulAdd(x0, squares ? x0 : one, a);
    b = hn::MulAdd(x1, squares ? x1 : one, b);
  }
  T sum = total<T>(hn::Add(a, b));
  for (; i < n; ++i) sum += squares ? (x[i] - shift) * (x[i] - shift) : x[i] - shift;
  return sum;
}

template <class T> T normRowAny(const NormRow<T>& job) {
  const Tag<T> tag;
  const std::int64_t lanes = lanesOf<T>();
  const T mean = job.rms ? T(0) : sumOf(job.x, job.n, T(0), false) / static_cast<T>(job.n);
  const T scale = std::sqrt(sumOf(job.x, job.n, mean, true) / static_cast<T>(job.n) + job.eps);
  const auto vmean = hn::Set(tag, mean), vscale = hn::Set(tag, scale);
  std::int64_t i = 0;
  for (; i + lanes <= job.n; i += lanes) {
    const auto y = hn::Div(hn::Sub(hn::LoadU(tag, job.x + i), vmean), vscale);
    if (job.normalized) hn::StoreU(y, tag, job.normalized + i);
    const auto w = hn::LoadU(tag, job.weight + i);
    hn::StoreU(job.bias ? hn::MulAdd(y, w, hn::LoadU(tag, job.bias + i)) : hn::Mul(y, w), tag, job.out + i);
  }
  for (; i < job.n; ++i) {
    const T y = (job.x[i] - mean) / scale;
    if (job.normalized) job.normalized[i] = y;
    job.out[i] = y * job.weight[i] + (job.bias ? job.bias[i] : T(0));
  }
  return scale;
}

// x / (1 + exp(-x)); the exponent is kept in the range of T
template <class T> hn::Vec<Tag<T>> siluOf(hn::Vec<Tag<T>> x) {
  const Tag<T> tag;
  const auto limit = hn::Set(tag, sizeof(T) == 4 ? T(87) : T(700));
  const auto e = hn::Exp(tag, hn::Min(hn::Neg(x), limit));
  return hn::Div(x, hn::Add(hn::Set(tag, T(1)), e));
}

template <class T> void siluAny(const T* x, std::int64_t n, T* out) {
  mapRow(x, n, out, [](hn::Vec<Tag<T>> v) { return siluOf<T>(v); });
}
template <class T> void siluTimesAny(const T* gate, const T* up, std::int64_t n, T* out) {
  mapRows(gate, up, n, out, [](hn::Vec<Tag<T>> g, hn::Vec<Tag<T>> u) { return hn::Mul(siluOf<T>(g), u); });
}

template <class T> void geluTanhAny(const T* x, std::int64_t n, T* out) {
  const Tag<T> tag;
  const auto half = hn::Set(tag, T(0.5)), one = hn::Set(tag, T(1)), cubic = hn::Set(tag, T(0.044715));
  const auto root = hn::Set(tag, T(0.7978845608028653558799)); // sqrt(2 / pi)
  mapRow(x, n, out, [&](hn::Vec<Tag<T>> v) {
    const auto inner = hn::Mul(root, hn::MulAdd(hn::Mul(cubic, hn::Mul(v, v)), v, v));
    return hn::Mul(hn::Mul(half, v), hn::Add(one, hn::Tanh(tag, inner)));
  });
}

template <class T> LogitSums logitSumsAny(const T* x, std::int64_t n) {
  const Tag<T> tag;
  const std::int64_t lanes = lanesOf<T>();
  bool hasNaN = false;
  const T top = maxOf(x, n, &hasNaN);
  if (hasNaN || !std::isfinite(top)) return {std::numeric_limits<double>::quiet_NaN(), 0, 0};
  const auto vtop = hn::Set(tag, top), floor = hn::Set(tag, T(-1e4)); // exp is 0 there; keeps 0 * -inf away
  constexpr std::int64_t kBlock = 512;                                // vectors summed in T before they go to double
  LogitSums sums{static_cast<double>(top), 0, 0};
  for (std::int64_t begin = 0; begin < n; begin += kBlock * lanes) {
    auto sum = hn::Zero(tag), weighted = sum;
    const auto see = [&](hn::Vec<Tag<T>> value) {
      const auto d = hn::Max(hn::Sub(value, vtop), floor), e = hn::Exp(tag, d);
      sum = hn::Add(sum, e);
      weighted = hn::MulAdd(e, d, weighted);
    };
    const std::int64_t end = std::min(n, begin + kBlock * lanes);
    std::int64_t i = begin;
    for (; i + lanes <= end; i += lanes) see(hn::LoadU(tag, x + i));
    if (i < end) see(loadRest<T>(x + i, end - i, -std::numeric_limits<T>::infinity()));
    sums.sumExp += static_cast<double>(total<T>(sum));
    sums.sumExpX += static_cast<double>(total<T>(weighted));
  }
  return sums;
}

template <class T> std::int64_t findAboveAny(const T* x, std::int64_t from, std::int64_t n, T threshold) {
  const Tag<T> tag;
  const std::int64_t lanes = lanesOf<T>();
  const auto limit = hn::Set(tag, threshold);
  std::int64_t i = from;
  for (; i + lanes <= n; i += lanes)
    if (!hn::AllFalse(tag, hn::Gt(hn::LoadU(tag, x + i), limit))) break;
  while (i < n && !(x[i] > threshold)) ++i;
  return i;
}

// HWY_EXPORT makes tables of functions by name, so each kernel gets one name per type.
#define ORRERY_BOTH(NAME, RESULT, PARAMETERS32, PARAMETERS64, ARGUMENTS)                                               \
  RESULT NAME##32 PARAMETERS32 { return NAME##Any ARGUMENTS; }                                                         \
  RESULT NAME##64 PARAMETERS64 { return NAME##Any ARGUMENTS; }
ORRERY_BOTH(matVec, void, (const MatVec<float>& job), (const MatVec<double>& job), (job))
ORRERY_BOTH(weightedSum, void, (const float* w, const float* v, std::int64_t rows, std::int64_t columns, float* out),
            (const double* w, const double* v, std::int64_t rows, std::int64_t columns, double* out),
            (w, v, rows, columns, out))
ORRERY_BOTH(softmaxRow, auto, (float* s, std::int64_t n), (double* s, std::int64_t n), (s, n))
ORRERY_BOTH(softcapRow, void, (float* s, std::int64_t n, float cap), (double* s, std::int64_t n, double cap),
            (s, n, cap))
ORRERY_BOTH(poolRow, void, (const float* p, std::int64_t n, float* sum, float* max),
            (const double* p, std::int64_t n, double* sum, double* max), (p, n, sum, max))
ORRERY_BOTH(normRow, auto, (const NormRow<float>& job), (const NormRow<double>& job), (job))
ORRERY_BOTH(silu, void, (const float* x, std::int64_t n, float* out), (const double* x, std::int64_t n, double* out),
            (x, n, out))
ORRERY_BOTH(siluTimes, void, (const float* g, const float* u, std::int64_t n, float* out),
            (const double* g, const double* u, std::int64_t n, double* out), (g, u, n, out))
ORRERY_BOTH(geluTanh, void, (const float* x, std::int64_t n, float* out),
            (const double* x, std::int64_t n, double* out), (x, n, out))
ORRERY_BOTH(logitSums, auto, (const float* x, std::int64_t n), (const double* x, std::int64_t n), (x, n))
ORRERY_BOTH(findAbove, auto, (const float* x, std::int64_t from, std::int64_t n, float threshold),
            (const double* x, std::int64_t from, std::int64_t n, double threshold), (x, from, n, threshold))
#undef ORRERY_BOTH

} // namespace HWY_NAMESPACE
} // namespace orrery::models::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace orrery::models::kernels {
#define ORRERY_CALL(NAME, RESULT, PARAMETERS32, PARAMETERS64, ARGUMENTS)                                               \
  HWY_EXPORT(NAME##32);                                                                                                \
  HWY_EXPORT(NAME##64);                                                                                                \
  RESULT NAME PARAMETERS32 { return HWY_DYNAMIC_DISPATCH(NAME##32) ARGUMENTS; }                                        \
  RESULT NAME PARAMETERS64 { return HWY_DYNAMIC_DISPATCH(NAME##64) ARGUMENTS; }
ORRERY_CALL(matVec, void, (const MatVec<float>& job), (const MatVec<double>& job), (job))
ORRERY_CALL(weightedSum, void, (const float* w, const float* v, std::int64_t rows, std::int64_t columns, float* out),
            (const double* w, const double* v, std::int64_t rows, std::int64_t columns, double* out),
            (w, v, rows, columns, out))
ORRERY_CALL(softcapRow, void, (float* s, std::int64_t n, float cap), (double* s, std::int64_t n, double cap),
            (s, n, cap))
ORRERY_CALL(poolRow, void, (const float* p, std::int64_t n, float* sum, float* max),
            (const double* p, std::int64_t n, double* sum, double* max), (p, n, sum, max))
ORRERY_CALL(silu, void, (const float* x, std::int64_t n, float* out), (const double* x, std::int64_t n, double* out),
            (x, n, out))
ORRERY_CALL(siluTimes, void, (const float* g, const float* u, std::int64_t n, float* out),
            (const double* g, const double* u, std::int64_t n, double* out), (g, u, n, out))
ORRERY_CALL(geluTanh, void, (const float* x, std::int64_t n, float* out),
            (const double* x, std::int64_t n, double* out), (x, n, out))
ORRERY_CALL(logitSums, LogitSums, (const float* x, std::int64_t n), (const double* x, std::int64_t n), (x, n))
ORRERY_CALL(findAbove, std::int64_t, (const float* x, std::int64_t from, std::int64_t n, float threshold),
            (const double* x, std::int64_t from, std::int64_t n, double threshold), (x, from, n, threshold))
#undef ORRERY_CALL
HWY_EXPORT(softmaxRow32);
HWY_EXPORT(softmaxRow64);
float softmaxRow(float* s, std::int64_t n) { return HWY_DYNAMIC_DISPATCH(softmaxRow32)(s, n); }
double softmaxRow(double* s, std::int64_t n) { return HWY_DYNAMIC_DISPATCH(softmaxRow64)(s, n); }
HWY_EXPORT(normRow32);
HWY_EXPORT(normRow64);
float normRow(const NormRow<float>& job) { return HWY_DYNAMIC_DISPATCH(normRow32)(job); }
double normRow(const NormRow<double>& job) { return HWY_DYNAMIC_DISPATCH(normRow64)(job); }
} // namespace orrery::models::kernels
#endif
