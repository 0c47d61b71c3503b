// SPDX-License-Identifier: MIT
// Small matrix products and transposition for the kernels. Every entry of a product is one chain of fused multiply-adds
// over k in ascending order: the same bits whatever the width of the vector unit. Included once per vector unit.
#if defined(ORRERY_SWEEP_PRODUCTS) == defined(HWY_TARGET_TOGGLE)
#ifdef ORRERY_SWEEP_PRODUCTS
#undef ORRERY_SWEEP_PRODUCTS
#else
#define ORRERY_SWEEP_PRODUCTS
#endif

#include "core/sweep/vector_math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace orrery::sweep {
namespace HWY_NAMESPACE {

// c[r][n] = (or +=, if accumulate) sum over k of a(r, k) b[k][n], a(r, k) = a[r * aRow + k * aDepth].
template <class T> struct Product {
  std::size_t rows, columns, depth; // columns: a multiple of 16
  const T* a;
  std::size_t aRow, aDepth;
  const T* b;
  std::size_t bRow;
  T* c;
  std::size_t cRow;
  bool accumulate = false;
};

// kRows x kVectors accumulators stay in registers.
template <class T, std::size_t kRows, std::size_t kVectors>
HWY_INLINE void block(const Product<T>& p, const T* a, const T* b, T* c) {
  const Tag<T> tag;
  const std::size_t lanes = lanesOf<T>();
  Vector<T> sum[kRows][kVectors];
  for (std::size_t r = 0; r < kRows; ++r)
    for (std::size_t v = 0; v < kVectors; ++v)
      sum[r][v] = p.accumulate ? hn::Load(tag, c + r * p.cRow + v * lanes) : hn::Zero(tag);
  for (std::size_t k = 0; k < p.depth; ++k, a += p.aDepth, b += p.bRow) {
    Vector<T> row[kVectors];
    for (std::size_t v = 0; v < kVectors; ++v) row[v] = hn::Load(tag, b + v * lanes);
    for (std::size_t r = 0; r < kRows; ++r) {
      const auto factor = hn::Set(tag, a[r * p.aRow]);
      for (std::size_t v = 0; v < kVectors; ++v) sum[r][v] = fma(factor, row[v], sum[r][v]);
    }
  }
  for (std::size_t r = 0; r < kRows; ++r)
    for (std::size_t v = 0; v < kVectors; ++v) hn::Store(sum[r][v], tag, c + r * p.cRow + v * lanes);
}

// All rows of a strip of kVectors vectors, kRows at a time, the rest by halves.
template <class T, std::size_t kRows, std::size_t kVectors>
void strip(const Product<T>& p, std::size_t column, std::size_t row) {
  for (; row + kRows <= p.rows; row += kRows)
    block<T, kRows, kVectors>(p, p.a + row * p.aRow, p.b + column, p.c + row * p.cRow + column);
  if constexpr (kRows > 1)
    if (row < p.rows) strip<T, kRows / 2, kVectors>(p, column, row);
}

template <class T> void multiply(const Product<T>& p) {
  const std::size_t lanes = lanesOf<T>();
  std::size_t column = 0;
#if HWY_TARGET <= HWY_AVX3 || HWY_TARGET == HWY_NEON // 32 registers
  for (; column + 4 * lanes <= p.columns; column += 4 * lanes) strip<T, 6, 4>(p, column, 0);
  for (; column + 2 * lanes <= p.columns; column += 2 * lanes) strip<T, 12, 2>(p, column, 0);
  for (; column < p.columns; column += lanes) strip<T, 16, 1>(p, column, 0);
#else
  for (; column + 2 * lanes <= p.columns; column += 2 * lanes) strip<T, 6, 2>(p, column, 0);
  for (; column < p.columns; column += lanes) strip<T, 8, 1>(p, column, 0);
#endif
}

#if HWY_TARGET == HWY_SCALAR
template <class T>
void transpose(const T* in, std::size_t inRow, std::size_t rows, std::size_t columns, T* out, std::size_t outRow) {
  for (std::size_t r = 0; r < rows; ++r)
    for (std::size_t c = 0; c < columns; ++c) out[c * outRow + r] = in[r * inRow + c];
}
#else
// out[c][r] = in[r][c]; both counts are rounded up to a multiple of 4, for which there must be room.
inline void transpose(const float* in, std::size_t inRow, std::size_t rows, std::size_t columns, float* out,
                      std::size_t outRow) {
  const hn::FixedTag<float, 4> tag;
  const hn::FixedTag<double, 2> pairs;
  for (std::size_t r = 0; r < rows; r += 4)
    for (std::size_t c = 0; c < columns; c += 4) {
      const float* from = in + r * inRow + c;
      float* to = out + c * outRow + r;
      const auto r0 = hn::Load(tag, from), r1 = hn::Load(tag, from + inRow);
      const auto r2 = hn::Load(tag, from + 2 * inRow), r3 = hn::Load(tag, from + 3 * inRow);
      const auto a = hn::BitCast(pairs, hn::InterleaveLower(tag, r0, r1));
      const auto b = hn::BitCast(pairs, hn::InterleaveLower(tag, r2, r3));
      const auto d = hn::BitCast(pairs, hn::InterleaveUpper(tag, r0, r1));
      const auto e = hn::BitCast(pairs, hn::InterleaveUpper(tag, r2, r3));
      hn::Store(hn::BitCast(tag, hn::InterleaveLower(pairs, a, b)), tag, to);
      hn::Store(hn::BitCast(tag, hn::InterleaveUpper(pairs, a, b)), tag, to + outRow);
      hn::Store(hn::BitCast(tag, hn::InterleaveLower(pairs, d, e)), tag, to + 2 * outRow);
      hn::Store(hn::BitCast(tag, hn::InterleaveUpper(pairs, d, e)), tag, to + 3 * outRow);
    }
}

inline void transpose(const double* in, std::size_t inRow, std::size_t rows, std::size_t columns, double* out,
                      std::size_t outRow) {
  const hn::FixedTag<double, 2> tag;
  for (std::size_t r = 0; r < rows; r += 2)
    for (std::size_t c = 0; c < columns; c += 2) {
      const double* from = in + r * inRow + c;
      double* to = out + c * outRow + r;
      const auto r0 = hn::Load(tag, from), r1 = hn::Load(tag, from + inRow);
      hn::Store(hn::InterleaveLower(tag, r0, r1), tag, to);
      hn::Store(hn::InterleaveUpper(tag, r0, r1), tag, to + outRow);
    }
}
#endif

} // namespace HWY_NAMESPACE
} // namespace orrery::sweep
HWY_AFTER_NAMESPACE();
#endif
