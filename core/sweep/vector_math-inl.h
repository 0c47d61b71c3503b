// SPDX-License-Identifier: MIT
// Arithmetic of the kernels that gives the same bits on every vector unit: fused multiply-adds everywhere (in software
// where the processor has none; the files that include this are compiled with -ffp-contract=off), sums in an order that
// does not depend on the number of lanes. Included once per vector unit (Highway's foreach_target).
#if defined(ORRERY_SWEEP_VECTOR_MATH) == defined(HWY_TARGET_TOGGLE)
#ifdef ORRERY_SWEEP_VECTOR_MATH
#undef ORRERY_SWEEP_VECTOR_MATH
#else
#define ORRERY_SWEEP_VECTOR_MATH
#endif

#include "hwy/highway.h"

#include <cmath>
#include <cstddef>

HWY_BEFORE_NAMESPACE();
namespace orrery::sweep {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// At most 16 lanes: scratch memory is laid out in strips of 16.
template <class T> using Tag = hn::CappedTag<T, 16>;
template <class T> using Vector = hn::Vec<Tag<T>>;

template <class T> std::size_t lanesOf() { return hn::Lanes(Tag<T>()); }

// a b + c with one rounding.
template <class V> HWY_INLINE V fma(V a, V b, V c) {
#if HWY_NATIVE_FMA
  return hn::MulAdd(a, b, c);
#else
  const hn::DFromV<V> tag;
  using T = hn::TFromV<V>;
  HWY_ALIGN T x[HWY_MAX_BYTES / sizeof(T)], y[HWY_MAX_BYTES / sizeof(T)], z[HWY_MAX_BYTES / sizeof(T)];
  hn::Store(a, tag, x);
  hn::Store(b, tag, y);
  hn::Store(c, tag, z);
  for (std::size_t i = 0; i < hn::Lanes(tag); ++i) z[i] = std::fma(x[i], y[i], z[i]);
  return hn::Load(tag, z);
#endif
}

// c - a b with one rounding.
template <class V> HWY_INLINE V fnma(V a, V b, V c) {
#if HWY_NATIVE_FMA
  return hn::NegMulAdd(a, b, c);
#else
  return fma(hn::Neg(a), b, c);
#endif
}

// (e^r - 1 - r) / r^2 for |r| <= 0.347: minimax for (e^r - 1) / r, relative error 1.8e-17 and, in float, 1e-8.
inline constexpr double kExpMinus1[10] = {
    0x1.0000000000005p-1,  0x1.5555555555530p-3,  0x1.5555555552113p-5,  0x1.111111111a268p-7,  0x1.6c16c17f2ca60p-10,
    0x1.a01a0171008bcp-13, 0x1.a019a6a928f87p-16, 0x1.71de8e6984b6dp-19, 0x1.28a287b4b44b2p-22, 0x1.ae644fe2e92f6p-26};
inline constexpr double kExpMinus1Short[6] = {0x1.0000000ba132cp-1, 0x1.5555555a800cdp-3,  0x1.5554e8a22b84cp-5,
                                              0x1.1110e0c5c7f50p-7, 0x1.6d43af18200d3p-10, 0x1.a1256cd2f13c2p-13};

template <class T, std::size_t N> HWY_INLINE Vector<T> polynomial(const double (&c)[N], Vector<T> r) {
  const Tag<T> tag;
  Vector<T> sum = hn::Set(tag, static_cast<T>(c[N - 1]));
  for (std::size_t k = N - 1; k-- > 0;) sum = fma(sum, r, hn::Set(tag, static_cast<T>(c[k])));
  return sum;
}

// Adding this to |t| < 2^20 rounds t to an integer k whose exponent bits, k + bias, stand lowest in the sum.
template <class T> constexpr T kRound = sizeof(T) == 8 ? T(0x1.8p52 + 1023) : T(0x1.8p23 + 127);
template <class T> constexpr int kFraction = sizeof(T) == 8 ? 52 : 23;

// 2^k from k + kRound, -bias < k <= bias.
template <class T> HWY_INLINE Vector<T> powerOf2(Vector<T> rounded) {
  const Tag<T> tag;
  const hn::RebindToUnsigned<Tag<T>> bits;
  return hn::BitCast(tag, hn::ShiftLeft<kFraction<T>>(hn::BitCast(bits, rounded)));
}

// Of two lanes' numbers the second where one is NaN, on every unit: keep(limit, x) keeps a NaN of x.
template <class V> HWY_INLINE V least(V limit, V x) {
#if HWY_ARCH_X86 && HWY_TARGET != HWY_EMU128 && HWY_TARGET != HWY_SCALAR
  return hn::Min(limit, x);
#else
  return hn::IfThenElse(hn::Gt(x, limit), limit, x);
#endif
}
template <class V> HWY_INLINE V largest(V limit, V x) {
#if HWY_ARCH_X86 && HWY_TARGET != HWY_EMU128 && HWY_TARGET != HWY_SCALAR
  return hn::Max(limit, x);
#else
  return hn::IfThenElse(hn::Lt(x, limit), limit, x);
#endif
}

// e^x = s (1 + p) with s a power of 2 and |p| < 0.42; |x| < 708 or 87.
template <class T> struct Exponential { Vector<T> s, p; };

template <class T> HWY_INLINE Exponential<T> splitExponential(Vector<T> x) {
  const Tag<T> tag;
  constexpr bool kDouble = sizeof(T) == 8;
  const auto magic = hn::Set(tag, kRound<T>);
  const auto rounded = fma(x, hn::Set(tag, T(1.4426950408889634)), magic);
  const auto k = hn::Sub(rounded, magic);
  // ln 2 in two parts, the first with trailing zeros so that k times it is exact.
  auto r = fnma(k, hn::Set(tag, kDouble ? T(0x1.62e42fefap-1) : T(0x1.62ep-1)), x);
  r = fnma(k, hn::Set(tag, kDouble ? T(0x1.cf79abc9e3b3ap-40) : T(0x1.0bfbe8p-15)), r);
  if constexpr (kDouble)
    return {powerOf2<T>(rounded), fma(hn::Mul(r, r), polynomial<T>(kExpMinus1, r), r)};
  else
    return {powerOf2<T>(rounded), fma(hn::Mul(r, r), polynomial<T>(kExpMinus1Short, r), r)};
}

// tanh(y / 2), since callers fold factors into their weights. With d = e^|y| + 1 = s p + (s + 1): 1 - 2 / d, or
// (s p + (s - 1)) / d where that is below about 1/2. NaN stays NaN.
template <class T> HWY_INLINE Vector<T> tanhOfHalf(Vector<T> y) {
  const Tag<T> tag;
  const auto one = hn::Set(tag, T(1));
  const auto size = least(hn::Set(tag, T(40)), hn::Abs(y)); // from there on tanh is 1 to the last bit
  const auto [s, p] = splitExponential<T>(size);
  const auto small = hn::Lt(size, hn::Set(tag, T(1.04)));
  const auto above = hn::IfThenElse(small, fma(s, p, hn::Sub(s, one)), hn::Set(tag, T(-2)));
  const auto quotient = hn::Div(above, fma(s, p, hn::Add(s, one)));
  return hn::CopySign(hn::Add(hn::IfThenZeroElse(small, one), quotient), y);
}

// e^x for x <= 88 (float) or 709 (double), 0 where it is not normal any more. NaN stays NaN.
template <class T> HWY_INLINE Vector<T> exponential(Vector<T> x) {
  const Tag<T> tag;
  const auto lowest = hn::Set(tag, sizeof(T) == 8 ? T(-708) : T(-87));
  const auto [s, p] = splitExponential<T>(largest(lowest, x));
  return hn::IfThenZeroElse(hn::Lt(x, lowest), fma(s, p, s));
}

} // namespace HWY_NAMESPACE
} // namespace orrery::sweep
HWY_AFTER_NAMESPACE();
#endif
