// SPDX-License-Identifier: MIT
// Scores against a plain loop, bit for bit: whichever way a cell is computed, it is the same number.
#include "core/hooks/score_kernel.h"

#include <cmath>
#include <cstdio>
#include <cstring>
#include <gtest/gtest.h>
#include <random>
#include <vector>

namespace orrery::hooks {
namespace {

template <class T> std::vector<T> draw(std::int64_t n, unsigned seed) {
  std::mt19937 generator(seed);
  std::normal_distribution<double> normal(0, 2);
  std::vector<T> values(static_cast<std::size_t>(n));
  for (T& x : values) x = static_cast<T>(normal(generator));
  return values;
}

bool fused() { // what the processor's vector unit does; the kernels use the same
#if defined(__x86_64__)
  return __builtin_cpu_supports("fma") && __builtin_cpu_supports("avx2");
#else
  return true;
#endif
}

template <class T> T twin(const T* q, const T* k, std::int64_t headDim, T scale) {
  volatile T sum = 0, product = 0; // volatile: nothing is fused that is not written so
  for (std::int64_t d = 0; d < headDim; ++d) {
    product = q[d] * k[d];
    sum = fused() ? std::fma(q[d], k[d], sum) : product + sum;
  }
  return sum * scale;
}

// Cells that differ in any bit, of `rows` queries and `keys` keys.
template <class T> std::int64_t differing(std::int64_t rows, std::int64_t keys, std::int64_t headDim) {
  const std::int64_t qRow = headDim + 3, width = panels(keys) * kPanel, outRow = width + 5;
  const auto q = draw<T>(rows * qRow, 1), k = draw<T>(keys * headDim, 2);
  const T scale = T(1) / std::sqrt(static_cast<T>(headDim));
  std::vector<T> packed(static_cast<std::size_t>(width * headDim), T(NAN)), row(static_cast<std::size_t>(keys));
  std::vector<T> out(static_cast<std::size_t>(rows * outRow), T(77));
  packKeys(KeyRows<T>{k.data(), headDim, 1, keys, headDim}, packed.data());
  scorePanels(ScoreJob<T>{q.data(), qRow, packed.data(), rows, panels(keys), headDim, scale, out.data(), outRow});
  std::int64_t wrong = 0;
  for (std::int64_t r = 0; r < rows; ++r) {
    scoreRow(k.data(), keys, headDim, q.data() + r * qRow, scale, row.data());
    for (std::int64_t j = 0; j < keys; ++j) {
      const T truth = twin(q.data() + r * qRow, k.data() + j * headDim, headDim, scale);
      const T panel = out[static_cast<std::size_t>(r * outRow + j)], single = row[static_cast<std::size_t>(j)];
      wrong += std::memcmp(&truth, &panel, sizeof(T)) != 0 || std::memcmp(&truth, &single, sizeof(T)) != 0;
    }
    for (std::int64_t j = keys; j < width; ++j) wrong += out[static_cast<std::size_t>(r * outRow + j)] != 0;
    for (std::int64_t j = width; j < outRow; ++j) wrong += out[static_cast<std::size_t>(r * outRow + j)] != 77;
  }
  return wrong;
}

TEST(ScoreKernel, EqualsAPlainLoopBitForBit) {
  std::int64_t cells = 0;
  for (const std::int64_t headDim : {1, 13, 20, 24, 64, 80, 128})
    for (const std::int64_t rows : {1, 2, 3, 4, 5, 6, 7, 12, 64})
      for (const std::int64_t keys : {1, 7, 63, 64, 65, 200}) {
        EXPECT_EQ(differing<float>(rows, keys, headDim), 0) << rows << " x " << keys << " x " << headDim << " float";
        EXPECT_EQ(differing<double>(rows, keys, headDim), 0) << rows << " x " << keys << " x " << headDim << " double";
        cells += 2 * rows * keys;
      }
  std::printf("%lld cells, tolerance 0\n", static_cast<long long>(cells));
}

} // namespace
} // namespace orrery::hooks
