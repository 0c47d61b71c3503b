// SPDX-License-Identifier: MIT
// Moments, histogram, norms and outliers against naive twins over a matrix in memory.
#include "core/analysis/tensor_numbers.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

namespace orrery::analysis {
namespace {

std::vector<double> sample(std::int64_t n, unsigned seed) {
  std::mt19937 random(seed);
  std::gamma_distribution<double> gamma(2, 0.3);
  std::vector<double> values(static_cast<std::size_t>(n));
  for (double& x : values) x = gamma(random) - 0.2;
  return values;
}

TEST(TensorNumbers, EqualNaiveTwins) {
  const std::int64_t rows = 3000, cols = 130;
  std::vector<double> x = sample(rows * cols, 3);
  x[777] = std::nan("");
  x[778] = -INFINITY;
  x[5000] = 9;
  x[5001] = -9;
  const auto numbers = tensorNumbers(sourceOf(x, rows, cols), {.bins = 37, .low = {}, .high = {}, .outliers = 5});
  ASSERT_TRUE(numbers.ok());
  std::vector<double> finite;
  std::copy_if(x.begin(), x.end(), std::back_inserter(finite), [](double v) { return std::isfinite(v); });
  const auto n = static_cast<double>(finite.size());
  double mean = 0, m[5] = {};
  for (const double v : finite) mean += v / n;
  for (const double v : finite)
    for (int k = 2; k <= 4; ++k) m[k] += std::pow(v - mean, k) / n;
  const Moments& got = numbers->moments;
  const double worst = std::max({std::abs(got.mean - mean), std::abs(got.std - std::sqrt(m[2])),
                                 std::abs(got.skewness - m[3] / std::pow(m[2], 1.5)),
                                 std::abs(got.kurtosis - (m[4] / (m[2] * m[2]) - 3))});
  std::printf("largest difference of moments %.1e, tolerance 1e-9\n", worst);
  EXPECT_LE(worst, 1e-9);
  EXPECT_EQ(got.nonFinite, 2);
  EXPECT_EQ(got.min, -9);
  EXPECT_EQ(got.max, 9);

  const Histogram& h = numbers->histogram;
  std::vector<std::int64_t> counts(37, 0);
  for (const double v : finite) {
    std::size_t bin = 0;
    while (bin + 1 < 37 && v >= -9 + 18.0 / 37 * static_cast<double>(bin + 1)) ++bin;
    ++counts[bin];
  }
  EXPECT_EQ(h.counts, counts);

  for (const std::int64_t row : {std::int64_t{0}, std::int64_t{5}, rows - 1}) {
    double squares = 0;
    for (std::int64_t c = 0; c < cols; ++c) {
      const double v = x[static_cast<std::size_t>(row * cols + c)];
      if (std::isfinite(v)) squares += v * v;
    }
    EXPECT_NEAR(numbers->rowNorms[static_cast<std::size_t>(row)], std::sqrt(squares), 1e-12);
  }
  double squares = 0;
  for (std::int64_t r = 0; r < rows; ++r) squares += std::pow(x[static_cast<std::size_t>(r * cols + 7)], 2);
  EXPECT_NEAR(numbers->columnNorms[7], std::sqrt(squares), 1e-10);

  ASSERT_EQ(numbers->outliers.size(), 5u);
  std::sort(finite.begin(), finite.end(), [&](double a, double b) { return std::abs(a - mean) > std::abs(b - mean); });
  for (std::size_t i = 0; i < 5; ++i) {
    const Outlier& o = numbers->outliers[i];
    EXPECT_EQ(o.value, finite[i]);
    EXPECT_EQ(x[static_cast<std::size_t>(o.row * cols + o.col)], o.value);
    EXPECT_NEAR(o.z, (o.value - mean) / std::sqrt(m[2]), 1e-9);
  }
  EXPECT_EQ(numbers->outliers[0].row, 5001 / cols);
}

TEST(TensorNumbers, DegenerateTensors) {
  const std::vector<double> zeros(12, 0.0), nan(12, std::nan(""));
  const auto flat = tensorNumbers(sourceOf(zeros, 3, 4));
  ASSERT_TRUE(flat.ok());
  EXPECT_EQ(flat->moments.std, 0);
  EXPECT_TRUE(std::isnan(flat->moments.skewness));
  EXPECT_EQ(flat->histogram.counts[0], 12);
  EXPECT_EQ(flat->outliers[0].z, 0);
  const auto none = tensorNumbers(sourceOf(nan, 3, 4));
  ASSERT_TRUE(none.ok());
  EXPECT_EQ(none->moments.count, 0);
  EXPECT_EQ(none->moments.nonFinite, 12);
  EXPECT_TRUE(none->outliers.empty());
  EXPECT_FALSE(tensorNumbers(sourceOf(zeros, 0, 4)).ok());
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(tensorNumbers(sourceOf(zeros, 3, 4), {}, stop.get_token()).error().code, Code::Cancelled);
}

TEST(TensorNumbers, AGivenRangeCountsWhatLiesOutside) {
  const std::vector<double> x = {-2, -1, 0, 0.5, 1, 1.5, 3};
  const auto numbers = tensorNumbers(sourceOf(x, 1, 7), {.bins = 2, .low = -1.0, .high = 1.0});
  ASSERT_TRUE(numbers.ok());
  EXPECT_EQ(numbers->histogram.below, 1);
  EXPECT_EQ(numbers->histogram.above, 2);
  EXPECT_EQ(numbers->histogram.counts, (std::vector<std::int64_t>{1, 3}));
}

} // namespace
} // namespace orrery::analysis
