// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "core/session/sampler.h"

namespace orrery::session {
namespace {

const std::vector<double> kLogits = {std::log(0.5), std::log(0.25), std::log(0.15), std::log(0.1)};

std::vector<double> frequencies(const Sampler& sampler, int draws) {
  std::vector<double> count(kLogits.size(), 0);
  for (int i = 0; i < draws; ++i) count[static_cast<std::size_t>(sampleToken(kLogits, sampler, i))] += 1.0 / draws;
  return count;
}

// Largest deviation of a frequency from its probability in standard errors.
double worstSigma(const std::vector<double>& found, const std::vector<double>& expected, int draws) {
  double worst = 0;
  for (std::size_t i = 0; i < found.size(); ++i) {
    const double sigma = std::sqrt(std::max(expected[i] * (1 - expected[i]), 1e-12) / draws);
    worst = std::max(worst, std::abs(found[i] - expected[i]) / sigma);
  }
  return worst;
}

TEST(Sampler, GreedyTakesTheHighestAndTheLowestIdOfATie) {
  EXPECT_EQ(sampleToken(std::vector<double>{1, 3, 3, 2}, {}, 0), 1);
  EXPECT_EQ(sampleToken(std::vector<double>{std::numeric_limits<double>::quiet_NaN(), -5, 2}, {}, 0), 2);
}

TEST(Sampler, FrequenciesFollowTheSoftmax) {
  constexpr int kDraws = 40000;
  const struct {
    Sampler sampler;
    std::vector<double> expected;
  } cases[] = {
      {{1.0, 0, 1.0, 7}, {0.5, 0.25, 0.15, 0.1}},
      {{1.0, 2, 1.0, 7}, {2.0 / 3, 1.0 / 3, 0, 0}},
      {{1.0, 0, 0.7, 7}, {2.0 / 3, 1.0 / 3, 0, 0}},                                     // 0.5 < 0.7 <= 0.75
      {{1.0, 0, 0.5, 7}, {1, 0, 0, 0}},                                                 // reached by the first alone
      {{0.5, 0, 1.0, 9}, {0.25 / 0.345, 0.0625 / 0.345, 0.0225 / 0.345, 0.01 / 0.345}}, // squares
  };
  for (const auto& c : cases) {
    const double worst = worstSigma(frequencies(c.sampler, kDraws), c.expected, kDraws);
    std::printf("temperature %.1f top-k %d top-p %.1f: worst deviation %.2f sigma (tolerance 4.5)\n",
                c.sampler.temperature, c.sampler.topK, c.sampler.topP, worst);
    EXPECT_LT(worst, 4.5);
  }
}

TEST(Sampler, ADrawDependsOnSeedAndPositionOnly) {
  const Sampler sampler{1.0, 0, 1.0, 42};
  int differs = 0;
  for (int i = 0; i < 50; ++i) {
    EXPECT_EQ(sampleToken(kLogits, sampler, i), sampleToken(kLogits, sampler, i));
    differs += sampleToken(kLogits, sampler, i) != sampleToken(kLogits, {1.0, 0, 1.0, 43}, i);
  }
  EXPECT_GT(differs, 5);
}

TEST(Sampler, UniformIsUniform) {
  constexpr int kDraws = 100000;
  double sum = 0, squares = 0;
  for (int i = 0; i < kDraws; ++i) {
    const double u = uniformAt(3, i);
    ASSERT_GE(u, 0);
    ASSERT_LT(u, 1);
    sum += u;
    squares += u * u;
  }
  EXPECT_NEAR(sum / kDraws, 0.5, 0.005);
  EXPECT_NEAR(squares / kDraws, 1.0 / 3, 0.005);
}

} // namespace
} // namespace orrery::session
