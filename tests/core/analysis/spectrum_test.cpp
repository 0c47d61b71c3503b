// SPDX-License-Identifier: MIT
// Spectra of matrices whose singular values are known in closed form, and of random ones against what theory says.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>

#include "core/analysis/singular_values.h"
#include "core/analysis/spectrum.h"

namespace orrery::analysis {
namespace {

struct Matrix {
  std::int64_t rows, cols;
  std::vector<double> values;
  double& at(std::int64_t r, std::int64_t c) { return values[static_cast<std::size_t>(r * cols + c)]; }
};

Matrix zeros(std::int64_t rows, std::int64_t cols) {
  return {rows, cols, std::vector<double>(static_cast<std::size_t>(rows * cols), 0.0)};
}

Matrix gaussian(std::int64_t rows, std::int64_t cols, unsigned seed, double std = 1) {
  Matrix m = zeros(rows, cols);
  std::mt19937 random(seed);
  std::normal_distribution<double> normal(0, std);
  for (double& x : m.values) x = normal(random);
  return m;
}

// H D with the orthogonal reflection H = I - 2 v v^T, so that the singular values are those of D.
Matrix reflected(const Matrix& d, unsigned seed) {
  Matrix v = gaussian(d.rows, 1, seed), out = d;
  const double norm = std::sqrt(std::inner_product(v.values.begin(), v.values.end(), v.values.begin(), 0.0));
  for (double& x : v.values) x /= norm;
  for (std::int64_t c = 0; c < d.cols; ++c) {
    double dot = 0;
    for (std::int64_t r = 0; r < d.rows; ++r) dot += v.values[static_cast<std::size_t>(r)] * out.at(r, c);
    for (std::int64_t r = 0; r < d.rows; ++r) out.at(r, c) -= 2 * dot * v.values[static_cast<std::size_t>(r)];
  }
  return out;
}

Matrix transposed(const Matrix& m) {
  Matrix out = zeros(m.cols, m.rows);
  for (std::int64_t r = 0; r < m.rows; ++r)
    for (std::int64_t c = 0; c < m.cols; ++c) out.at(c, r) = m.values[static_cast<std::size_t>(r * m.cols + c)];
  return out;
}

std::vector<double> valuesOf(const Matrix& m, const SpectrumOptions& options = {}) {
  auto values = singularValues(sourceOf(m.values, m.rows, m.cols), options);
  EXPECT_TRUE(values.ok()) << (values.ok() ? "" : values.error().what);
  return values.ok() ? *values : std::vector<double>();
}

void expectClose(const std::vector<double>& got, std::vector<double> want, double tolerance, const char* what) {
  std::sort(want.rbegin(), want.rend());
  ASSERT_EQ(got.size(), want.size()) << what;
  double worst = 0;
  for (std::size_t i = 0; i < got.size(); ++i) worst = std::max(worst, std::abs(got[i] - want[i]) / want[i]);
  std::printf("%s: largest relative difference %.2e, tolerance %.0e\n", what, worst, tolerance);
  EXPECT_LE(worst, tolerance) << what;
}

TEST(SingularValues, OfDiagonalMatricesBehindAReflection) {
  for (const auto& [rows, cols] : {std::pair<std::int64_t, std::int64_t>{40, 40}, {40, 90}, {300, 7}, {1, 9}, {9, 1}}) {
    Matrix d = zeros(rows, cols);
    std::vector<double> want;
    for (std::int64_t i = 0; i < std::min(rows, cols); ++i) {
      want.push_back(1 + 0.37 * static_cast<double>(i));
      d.at(i, i) = i % 2 ? -want.back() : want.back();
    }
    expectClose(valuesOf(reflected(d, 3)), want, 1e-6, "reflected diagonal");
    expectClose(valuesOf(reflected(d, 3), {.direct = true}), want, 1e-12, "the same, direct");
  }
}

// Condition number 1e8: the way over the Gram matrix would lose the small ones.
TEST(SingularValues, SmallOnesKeepTheirDigits) {
  Matrix d = zeros(200, 60);
  std::vector<double> want;
  for (std::int64_t i = 0; i < 60; ++i)
    want.push_back(std::pow(10.0, -8.0 * static_cast<double>(i) / 59)), d.at(i, i) = want.back();
  const Matrix m = reflected(d, 5);
  expectClose(valuesOf(m), want, 1e-6, "condition 1e8");
  expectClose(valuesOf(transposed(m)), want, 1e-6, "condition 1e8, wide");
}

// The three ways agree: in one piece, streamed in blocks, wide and tall.
TEST(SingularValues, AreTheSameOfTheTransposeAndInBlocks) {
  for (const auto& [rows, cols] : {std::pair<std::int64_t, std::int64_t>{20000, 300}, {700, 650}}) {
    Matrix m = gaussian(rows, cols, 11);
    const std::vector<double> tall = valuesOf(m), direct = valuesOf(m, {.direct = true});
    expectClose(tall, direct, 1e-6, "tall against direct");
    expectClose(valuesOf(transposed(m)), direct, 1e-6, "wide against direct");
    for (std::int64_t r = 0; r < rows; ++r) m.at(r, 5) = m.at(r, 9); // rank n - 1
    const std::vector<double> deficient = valuesOf(m);
    EXPECT_LT(deficient.back(), 1e-10 * deficient.front());
  }
}

TEST(SingularValues, OfRankOneAndOfZeros) {
  Matrix m = zeros(50, 30);
  for (std::int64_t r = 0; r < 50; ++r)
    for (std::int64_t c = 0; c < 30; ++c) m.at(r, c) = static_cast<double>(r + 1) * static_cast<double>(2 - c % 3);
  const Spectrum s = summarise(valuesOf(m), 50, 30, 1);
  double squares = 0;
  for (const double x : m.values) squares += x * x;
  EXPECT_NEAR(s.values[0], std::sqrt(squares), 1e-9 * std::sqrt(squares));
  EXPECT_EQ(s.rank, 1);
  EXPECT_NEAR(s.stableRank, 1, 1e-9);
  EXPECT_NEAR(s.effectiveRankEnergy, 1, 1e-9);
  EXPECT_EQ(s.entropy, 0);
  EXPECT_FALSE(s.powerLaw.has_value());
  const Spectrum none = summarise(valuesOf(zeros(8, 5)), 8, 5, 0);
  EXPECT_EQ(none.values, std::vector<double>(5, 0.0));
  EXPECT_EQ(none.rank, 0);
  EXPECT_TRUE(std::isnan(none.stableRank));
  EXPECT_FALSE(none.powerLaw.has_value());
}

TEST(SingularValues, HugeAndTinyNumbersDoNotOverflow) {
  for (const double scale : {1e200, 1e-200}) {
    Matrix d = zeros(12, 8);
    std::vector<double> want;
    for (std::int64_t i = 0; i < 8; ++i) want.push_back(scale * static_cast<double>(i + 1)), d.at(i, i) = want.back();
    expectClose(valuesOf(d), want, 1e-9, "scaled");
  }
}

TEST(SingularValues, RefusesNaNMemoryAndCancel) {
  Matrix m = gaussian(30, 20, 1);
  m.at(3, 4) = std::nan("");
  m.at(7, 4) = INFINITY;
  auto wrong = singularValues(sourceOf(m.values, 30, 20));
  ASSERT_FALSE(wrong.ok());
  EXPECT_NE(wrong.error().what.find("2 of 600 values"), std::string::npos) << wrong.error().what;
  const Matrix ok = gaussian(300, 200, 1);
  auto large = singularValues(sourceOf(ok.values, 300, 200), {.maxBytes = 10000});
  ASSERT_FALSE(large.ok());
  EXPECT_EQ(large.error().code, Code::TooLarge);
  EXPECT_NE(large.error().what.find("estimated"), std::string::npos) << large.error().what;
  std::stop_source stop;
  stop.request_stop();
  auto gone = singularValues(sourceOf(ok.values, 300, 200), {}, stop.get_token());
  ASSERT_FALSE(gone.ok());
  EXPECT_EQ(gone.error().code, Code::Cancelled);
}

TEST(Spectrum, OfAnOrthogonalMatrixIsFlat) {
  Matrix d = zeros(64, 64);
  for (std::int64_t i = 0; i < 64; ++i) d.at(i, i) = 1;
  const Spectrum s = summarise(valuesOf(reflected(d, 2)), 64, 64, 1.0 / 8);
  EXPECT_NEAR(s.stableRank, 64, 1e-9);
  EXPECT_NEAR(s.effectiveRankSingular, 64, 1e-9);
  EXPECT_NEAR(s.effectiveRankEnergy, 64, 1e-9);
  EXPECT_NEAR(s.entropy, 1, 1e-12);
  EXPECT_NEAR(s.mpEdge, 2, 1e-12);
  EXPECT_EQ(s.outside, 0);
}

TEST(Spectrum, NoiseEndsAtTheMarchenkoPasturEdgeAndSpikesStandOutside) {
  Matrix m = gaussian(400, 900, 8, 0.02);
  const double edge = 0.02 * (20 + 30);
  const Spectrum noise = summarise(valuesOf(m), 400, 900, 0.02);
  EXPECT_NEAR(noise.mpEdge, edge, 1e-12);
  EXPECT_NEAR(noise.values.front() / edge, 1, 0.02);
  EXPECT_NEAR(noise.values.back() / noise.mpLower, 1, 0.05);
  for (std::int64_t c = 0; c < 900; ++c) m.at(0, c) += 0.1, m.at(1, c) -= c % 2 ? 0.1 : -0.1;
  const Spectrum spiked = summarise(valuesOf(m), 400, 900, 0.02);
  EXPECT_GT(spiked.values[1], 2 * edge);
  EXPECT_LT(spiked.values[2], 1.02 * edge); // noise reaches a little over the edge (Tracy and Widom)
  EXPECT_EQ(spiked.outside,
            std::count_if(spiked.values.begin(), spiked.values.end(), [&](double v) { return v > edge; }));
  EXPECT_GE(spiked.outside, 2);
}

TEST(Spectrum, TheDensityIntegratesToOneAndMatchesNoise) {
  for (const auto& [rows, cols] : {std::pair<std::int64_t, std::int64_t>{300, 500}, {400, 400}}) {
    const Spectrum noise = summarise(valuesOf(gaussian(rows, cols, 4)), rows, cols, 1);
    double sum = 0, worst = 0;
    const int steps = 20000;
    auto value = noise.values.rbegin(); // smallest first
    double counted = 0;
    for (int i = 0; i < steps; ++i) {
      const double step = noise.mpEdge / steps, s = (i + 0.5) * step;
      sum += step * marchenkoPasturDensity(s, rows, cols, 1);
      while (value != noise.values.rend() && *value <= s) ++value, ++counted;
      worst = std::max(worst, std::abs(sum - counted / static_cast<double>(noise.values.size())));
    }
    std::printf("distance of %lld noise values to the law: %.4f\n", static_cast<long long>(noise.values.size()), worst);
    EXPECT_NEAR(sum, 1, 1e-3);
    EXPECT_LT(worst, 0.02);
  }
}

// Quantiles of a Pareto law: alpha is known.
TEST(Spectrum, FindsTheExponentOfAPowerLaw) {
  std::vector<double> values;
  const double alpha = 2.7;
  for (int i = 0; i < 4000; ++i) values.push_back(3 * std::pow((i + 0.5) / 4000, -1 / (alpha - 1)));
  const auto fit = fitPowerLaw(values);
  ASSERT_TRUE(fit.has_value());
  EXPECT_NEAR(fit->alpha, alpha, 0.02);
  EXPECT_NEAR(fit->error, (fit->alpha - 1) / std::sqrt(static_cast<double>(fit->tail)), 1e-12);
  EXPECT_FALSE(fitPowerLaw({}).has_value());
  EXPECT_FALSE(fitPowerLaw({2.0}).has_value());
  EXPECT_FALSE(fitPowerLaw({2.0, 2.0, 2.0}).has_value());
}

TEST(SpectrumEstimate, BoundsTheTrueValues) {
  Matrix d = zeros(400, 250);
  for (std::int64_t i = 0; i < 250; ++i) d.at(i, i) = 100 * std::pow(static_cast<double>(i + 1), -0.9);
  for (const Matrix& m : {reflected(d, 9), transposed(reflected(d, 9)), gaussian(300, 500, 2)}) {
    const std::vector<double> exact = valuesOf(m, {.direct = true});
    auto estimate = estimateSpectrum(sourceOf(m.values, m.rows, m.cols), {.count = 20});
    ASSERT_TRUE(estimate.ok());
    double worst = 0;
    for (std::size_t i = 0; i < 20; ++i) {
      EXPECT_LE(estimate->values[i], exact[i] * (1 + 1e-10));
      EXPECT_GE(std::hypot(estimate->values[i], estimate->residual), exact[i]);
      worst = std::max(worst, 1 - estimate->values[i] / exact[i]);
    }
    double squares = 0;
    for (const double s : exact) squares += s * s;
    EXPECT_NEAR(estimate->frobenius, std::sqrt(squares), 1e-9 * std::sqrt(squares));
    std::printf("estimate: largest relative shortfall %.2e, residual / s_1 %.2e\n", worst,
                estimate->residual / exact[0]);
    EXPECT_LT(worst, 0.1);
  }
}

TEST(SpectrumEstimate, IsExactForALowRankAndDoesNotAskForMoreThanThereIs) {
  Matrix d = zeros(60, 40);
  for (std::int64_t i = 0; i < 3; ++i) d.at(i, i) = 5 - static_cast<double>(i);
  const Matrix m = reflected(d, 4);
  auto estimate = estimateSpectrum(sourceOf(m.values, 60, 40), {.count = 1000});
  ASSERT_TRUE(estimate.ok());
  ASSERT_EQ(estimate->values.size(), 40u);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_NEAR(estimate->values[i], 5 - static_cast<double>(i), 1e-9);
  EXPECT_LT(estimate->residual, 1e-5);
}

} // namespace
} // namespace orrery::analysis
