// SPDX-License-Identifier: MIT
// Inner loops of the forward pass for the vector units of this processor (Highway, chosen at run time), in float and
// double, on the calling thread. tests/core/models/kernels_test.cpp holds the naive twin of each.
#pragma once
#include <cstdint>

namespace orrery::models::kernels {

// out[r] = alpha * sum_c w[r * stride + c] * x[c] (+ bias[r])
template <class T> struct MatVec {
  const T* w = nullptr;
  std::int64_t rows = 0, columns = 0, stride = 0;
  const T* x = nullptr;
  const T* bias = nullptr; // [rows] or null
  T alpha = 1;
  T* out = nullptr; // [rows]
};
void matVec(const MatVec<float>& job);
void matVec(const MatVec<double>& job);

// out[c] = sum_r weight[r] * v[r * columns + c]
void weightedSum(const float* weight, const float* v, std::int64_t rows, std::int64_t columns, float* out);
void weightedSum(const double* weight, const double* v, std::int64_t rows, std::int64_t columns, double* out);

// s := softmax(s) in place; returns lse = log(sum(exp(s))), and s is exp(s - lse) with lse as rounded. A row of -inf
// (or with NaN) becomes 0, as TransformerLens has it.
float softmaxRow(float* s, std::int64_t n);
double softmaxRow(double* s, std::int64_t n);

// s := softcap * tanh(s / softcap)
void softcapRow(float* s, std::int64_t n, float softcap);
void softcapRow(double* s, std::int64_t n, double softcap);

// sum[i] += p[i], max[i] = max(max[i], p[i])
void poolRow(const float* p, std::int64_t n, float* sum, float* max);
void poolRow(const double* p, std::int64_t n, double* sum, double* max);

// One row of a norm: y = (x - mean) / scale with scale = sqrt(var + eps), or x / sqrt(mean square + eps) with rms;
// out = y * weight + bias. `normalized` (y) may be null.
template <class T> struct NormRow {
  const T* x = nullptr;
  std::int64_t n = 0;
  bool rms = false;
  T eps = 0;
  const T* weight = nullptr; // [n]
  const T* bias = nullptr;   // [n] or null
  T* out = nullptr;          // [n]
  T* normalized = nullptr;   // [n] or null
};
float normRow(const NormRow<float>& job); // returns scale
double normRow(const NormRow<double>& job);

void silu(const float* x, std::int64_t n, float* out);
void silu(const double* x, std::int64_t n, double* out);
void siluTimes(const float* gate, const float* up, std::int64_t n, float* out);
void siluTimes(const double* gate, const double* up, std::int64_t n, double* out);
// 0.5 x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3)))
void geluTanh(const float* x, std::int64_t n, float* out);
void geluTanh(const double* x, std::int64_t n, double* out);

// What one row of logits says. sumExp = sum exp(x - max), sumExpX = sum exp(x - max) (x - max).
struct LogitSums {
  double max = 0, sumExp = 0, sumExpX = 0;
};
LogitSums logitSums(const float* x, std::int64_t n);
LogitSums logitSums(const double* x, std::int64_t n);
// First index >= from with x[index] > threshold, or n.
std::int64_t findAbove(const float* x, std::int64_t from, std::int64_t n, float threshold);
std::int64_t findAbove(const double* x, std::int64_t from, std::int64_t n, double threshold);

} // namespace orrery::models::kernels
