// SPDX-License-Identifier: MIT
// z = P V of a few rows of one head, on the calling thread: no packing, V is read where it lies. Inner header of
// core/models: sizes are not checked.
#pragma once
#include <cstddef>
#include <cstdint>

namespace orrery::models::kernels {

// out[r, c] = sum_j p[r * pRow + j] * v[j * headDim + c]
template <class T> struct WeighJob {
  const T* p = nullptr;
  std::ptrdiff_t pRow = 0;
  std::int64_t rows = 0, keys = 0;
  const T* v = nullptr;
  std::int64_t headDim = 0;
  T* out = nullptr;
  std::ptrdiff_t outRow = 0;
};
void weigh(const WeighJob<float>& job);
void weigh(const WeighJob<double>& job);

} // namespace orrery::models::kernels
