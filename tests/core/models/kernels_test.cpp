// SPDX-License-Identifier: MIT
// Vector kernels against plain loops in long double, for lengths that do and do not fill vectors.
#include "core/models/kernels.h"

#include <random>

#include "core/models/parallel.h"
#include "core/models/weigh_kernel.h"
#include "tests/core/models/helpers.h"

namespace orrery::models::test {
namespace {

template <class T> std::vector<T> draw(std::int64_t n, double spread, unsigned seed) {
  std::mt19937 generator(seed);
  std::normal_distribution<double> normal(0, spread);
  std::vector<T> values(static_cast<std::size_t>(n));
  for (T& x : values) x = static_cast<T>(normal(generator));
  return values;
}
template <class T> constexpr double kUlp = sizeof(T) == 4 ? 1.2e-7 : 2.3e-16;
const std::vector<std::int64_t> kSizes = {1, 2, 3, 7, 8, 15, 16, 17, 31, 33, 64, 100, 577};

template <class T> double worstOf(const std::vector<T>& a, const std::vector<long double>& ref) {
  double worst = 0;
  for (std::size_t i = 0; i < a.size(); ++i)
    worst = std::max(worst, static_cast<double>(std::abs(a[i] - ref[i]) / std::max(1.0L, std::abs(ref[i]))));
  return worst;
}
void report(const char* what, double worst, double tolerance) {
  std::printf("  %-14s largest %.1e  tolerance %.1e\n", what, worst, tolerance);
  EXPECT_LE(worst, tolerance) << what;
}

template <class T> void checkRows() {
  double softmax = 0, silu = 0, gelu = 0, norm = 0, matVec = 0, sums = 0;
  for (const std::int64_t n : kSizes) {
    const auto count = static_cast<std::size_t>(n);
    const auto x = draw<T>(n, 4, 1), y = draw<T>(n, 2, 2);
    std::vector<long double> ref(count);
    long double top = x[0], sum = 0;
    for (const T v : x) top = std::max<long double>(top, v);
    for (const T v : x) sum += std::exp(v - top);
    for (std::size_t i = 0; i < count; ++i) ref[i] = std::exp(x[i] - top) / sum;
    std::vector<T> out = x;
    const T lse = kernels::softmaxRow(out.data(), n);
    softmax = std::max({softmax, worstOf(out, ref), static_cast<double>(std::abs(lse - (top + std::log(sum))))});

    kernels::siluTimes(x.data(), y.data(), n, out.data());
    for (std::size_t i = 0; i < count; ++i) ref[i] = x[i] / (1 + std::exp(-static_cast<long double>(x[i]))) * y[i];
    silu = std::max(silu, worstOf(out, ref));
    kernels::geluTanh(x.data(), n, out.data());
    for (std::size_t i = 0; i < count; ++i) {
      const long double v = x[i];
      ref[i] = 0.5L * v * (1 + std::tanh(std::sqrt(2 / 3.14159265358979323846264L) * (v + 0.044715L * v * v * v)));
    }
    gelu = std::max(gelu, worstOf(out, ref));

    for (const bool rms : {false, true}) {
      long double mean = 0, square = 0;
      for (const T v : x) mean += rms ? 0 : v / static_cast<long double>(n);
      for (const T v : x) square += (v - mean) * (v - mean) / static_cast<long double>(n);
      const long double scale = std::sqrt(square + 1e-5L);
      for (std::size_t i = 0; i < count; ++i) ref[i] = (x[i] - mean) / scale * y[i] + (rms ? 0 : y[i]);
      kernels::normRow(kernels::NormRow<T>{.x = x.data(),
                                           .n = n,
                                           .rms = rms,
                                           .eps = T(1e-5),
                                           .weight = y.data(),
                                           .bias = rms ? nullptr : y.data(),
                                           .out = out.data(),
                                           .normalized = nullptr});
      norm = std::max(norm, worstOf(out, ref));
    }

    const std::int64_t rows = 11;
    const auto w = draw<T>(rows * n, 1 / std::sqrt(static_cast<double>(n)), 3);
    std::vector<T> product(rows);
    std::vector<long double> productRef(rows);
    for (std::int64_t r = 0; r < rows; ++r)
      for (std::int64_t i = 0; i < n; ++i)
        productRef[static_cast<std::size_t>(r)] +=
            static_cast<long double>(w[static_cast<std::size_t>(r * n + i)]) * x[static_cast<std::size_t>(i)];
    kernels::matVec(kernels::MatVec<T>{.w = w.data(),
                                       .rows = rows,
                                       .columns = n,
                                       .stride = n,
                                       .x = x.data(),
                                       .bias = nullptr,
                                       .alpha = T(1),
                                       .out = product.data()});
    matVec = std::max(matVec, worstOf(product, productRef));
    std::vector<T> weighted(count);
    std::vector<long double> weightedRef(count);
    for (std::int64_t r = 0; r < rows; ++r)
      for (std::size_t i = 0; i < count; ++i)
        weightedRef[i] +=
            static_cast<long double>(product[static_cast<std::size_t>(r)]) * w[static_cast<std::size_t>(r) * count + i];
    kernels::weightedSum(product.data(), w.data(), rows, n, weighted.data());
    sums = std::max(sums, worstOf(weighted, weightedRef));
  }
  report("softmax", softmax, 8 * kUlp<T>);
  report("silu times", silu, 16 * kUlp<T>);
  report("gelu tanh", gelu, 16 * kUlp<T>);
  report("norm", norm, 32 * kUlp<T>);
  report("matVec", matVec, 32 * kUlp<T>);
  report("weightedSum", sums, 32 * kUlp<T>);
}
TEST(Kernels, AgreeWithPlainLoops) {
  checkRows<float>();
  checkRows<double>();
}

template <class T> double weighDifference(std::int64_t rows, std::int64_t keys, std::int64_t headDim) {
  const std::int64_t pRow = keys + 5, outRow = headDim + 2;
  const auto p = draw<T>(rows * pRow, 1 / std::sqrt(static_cast<double>(keys)), 4), v = draw<T>(keys * headDim, 1, 5);
  std::vector<T> out(static_cast<std::size_t>(rows * outRow), T(77));
  kernels::weigh(kernels::WeighJob<T>{p.data(), pRow, rows, keys, v.data(), headDim, out.data(), outRow});
  std::vector<long double> ref(out.size(), 77); // what lies between the rows stays
  for (std::int64_t r = 0; r < rows; ++r)
    for (std::int64_t c = 0; c < headDim; ++c) {
      long double sum = 0;
      for (std::int64_t j = 0; j < keys; ++j)
        sum += static_cast<long double>(p[static_cast<std::size_t>(r * pRow + j)]) *
               v[static_cast<std::size_t>(j * headDim + c)];
      ref[static_cast<std::size_t>(r * outRow + c)] = sum;
    }
  return worstOf(out, ref);
}
TEST(Kernels, WeighAgreesWithPlainLoops) {
  double floats = 0, doubles = 0;
  for (const std::int64_t headDim : {1, 13, 16, 20, 24, 64, 72, 128})
    for (const std::int64_t rows : {1, 2, 3, 4, 5, 6, 7, 64})
      for (const std::int64_t keys : {1, 7, 64, 255, 256, 300}) {
        floats = std::max(floats, weighDifference<float>(rows, keys, headDim));
        doubles = std::max(doubles, weighDifference<double>(rows, keys, headDim));
      }
  report("weigh float", floats, 64 * kUlp<float>);
  report("weigh double", doubles, 64 * kUlp<double>);
}

TEST(Kernels, SoftmaxOfNothingIsZero) {
  std::vector<float> row(19, -INFINITY);
  EXPECT_EQ(kernels::softmaxRow(row.data(), 19), -INFINITY);
  for (const float p : row) EXPECT_EQ(p, 0);
  row[3] = NAN;
  EXPECT_TRUE(std::isnan(kernels::softmaxRow(row.data(), 19)));
  for (const float p : row) EXPECT_EQ(p, 0);
}

TEST(Kernels, FindAbove) {
  for (const std::int64_t n : kSizes) {
    std::vector<float> x(static_cast<std::size_t>(n), 1.0F);
    EXPECT_EQ(kernels::findAbove(x.data(), 0, n, 1.0F), n);
    for (std::int64_t i = 0; i < n; ++i) {
      x[static_cast<std::size_t>(i)] = 2;
      EXPECT_EQ(kernels::findAbove(x.data(), 0, n, 1.0F), i);
      EXPECT_EQ(kernels::findAbove(x.data(), i + 1, n, 1.0F), n);
      x[static_cast<std::size_t>(i)] = 1;
    }
  }
}

TEST(Parallel, EveryPieceOnceAndExceptionsCome) {
  setThreads(4);
  for (int round = 0; round < 200; ++round) {
    std::vector<std::atomic<int>> seen(97);
    parallelFor(97, 5, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) ++seen[static_cast<std::size_t>(i)];
    });
    for (const auto& count : seen) ASSERT_EQ(count.load(), 1);
  }
  EXPECT_THROW(parallelFor(50, 1,
                           [](std::int64_t begin, std::int64_t) {
                             if (begin == 20) throw std::runtime_error("x");
                           }),
               std::runtime_error);
  setThreads(0);
}

} // namespace
} // namespace orrery::models::test
