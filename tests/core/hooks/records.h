// SPDX-License-Identifier: MIT
// Random attention records and the naive twin: triple loops in double, written from the formula and nothing else.
#pragma once
#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "core/hooks/attention_record.h"

namespace orrery::testkit {

struct RecordShape {
  std::int64_t heads = 1, kvHeads = 1, headDim = 8, tokens = 16, window = 0;
  double softcap = 0;
  double spread = 1; // of q and k: larger is more peaked
};

inline double naiveScore(const hooks::AttentionRecord& r, std::int64_t h, std::int64_t i, std::int64_t j) {
  if (j > i || (r.window > 0 && j <= i - r.window)) return -std::numeric_limits<double>::infinity();
  const std::int64_t g = h / (r.heads / r.kvHeads);
  double dot = 0;
  for (std::int64_t d = 0; d < r.headDim; ++d)
    dot += elementAt(r.q, h * r.q.strides[0] + i * r.q.strides[1] + d * r.q.strides[2]) *
           elementAt(r.k, g * r.k.strides[0] + j * r.k.strides[1] + d * r.k.strides[2]);
  const double s = r.scale * dot;
  return r.softcap > 0 ? r.softcap * std::tanh(s / r.softcap) : s;
}

inline double naiveLse(const hooks::AttentionRecord& r, std::int64_t h, std::int64_t i) {
  double top = -std::numeric_limits<double>::infinity(), sum = 0;
  for (std::int64_t j = 0; j <= i; ++j) top = std::max(top, naiveScore(r, h, i, j));
  for (std::int64_t j = 0; j <= i; ++j) sum += std::exp(naiveScore(r, h, i, j) - top);
  return top + std::log(sum);
}

// P of one row, by the softmax itself (not by the stored log-sum-exp). [T]
inline std::vector<double> naiveRow(const hooks::AttentionRecord& r, std::int64_t h, std::int64_t i) {
  std::vector<double> row(static_cast<std::size_t>(r.tokens));
  const double lse = naiveLse(r, h, i);
  for (std::int64_t j = 0; j < r.tokens; ++j) row[static_cast<std::size_t>(j)] = std::exp(naiveScore(r, h, i, j) - lse);
  return row;
}

// What float arithmetic may differ from the formula: a score of size |s| carries a rounding error of that size, and
// P = exp(s - lse) hands it on.
inline double floatTolerance(const hooks::AttentionRecord& r) {
  double largest = 0;
  for (std::int64_t h = 0; h < r.heads; ++h)
    for (std::int64_t i = 0; i < r.tokens; ++i)
      for (std::int64_t j = 0; j <= i; ++j)
        if (const double s = std::abs(naiveScore(r, h, i, j)); std::isfinite(s)) largest = std::max(largest, s);
  return std::ldexp(4 + largest, -22);
}

template <class T> TensorView normals(std::mt19937_64& random, Shape shape, double spread, DType dtype) {
  std::normal_distribution<double> normal(0, spread);
  std::vector<T> values(static_cast<std::size_t>(*elementCount(shape)));
  for (T& value : values) value = static_cast<T>(normal(random));
  return viewOf(std::move(values), dtype, std::move(shape));
}

// Fills lse from q and k.
template <class T> void setLse(hooks::AttentionRecord& r, DType dtype) {
  std::vector<T> lse;
  for (std::int64_t h = 0; h < r.heads; ++h)
    for (std::int64_t i = 0; i < r.tokens; ++i) lse.push_back(static_cast<T>(naiveLse(r, h, i)));
  r.lse = viewOf(std::move(lse), dtype, {r.heads, r.tokens});
}

template <class T> hooks::AttentionRecord randomRecord(const RecordShape& s, std::uint64_t seed) {
  const DType dtype = sizeof(T) == 4 ? DType::F32 : DType::F64;
  std::mt19937_64 random(seed);
  hooks::AttentionRecord r;
  r.heads = s.heads;
  r.kvHeads = s.kvHeads;
  r.headDim = s.headDim;
  r.tokens = s.tokens;
  r.window = s.window;
  r.softcap = s.softcap;
  r.scale = 1 / std::sqrt(static_cast<double>(s.headDim));
  r.q = normals<T>(random, {s.heads, s.tokens, s.headDim}, s.spread, dtype);
  r.k = normals<T>(random, {s.kvHeads, s.tokens, s.headDim}, s.spread, dtype);
  setLse<T>(r, dtype);
  return r;
}

} // namespace orrery::testkit
