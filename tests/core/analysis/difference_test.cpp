// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "core/analysis/difference.h"

namespace orrery::analysis {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity(), kNaN = std::numeric_limits<double>::quiet_NaN();

TEST(Difference, ToleranceGrowsWithTheReference) {
  Difference d(1e-3);
  d.add(std::vector{1000.5, 0.0}, std::vector{1000.0, 0.0005});
  EXPECT_TRUE(d.ok());
  EXPECT_DOUBLE_EQ(d.maxAbs(), 0.5);
  EXPECT_DOUBLE_EQ(d.allowed(), 1.0);
  EXPECT_DOUBLE_EQ(d.scaled(), 5e-4);
}

// What is told of a difference out of tolerance is that one, however large others are that are allowed.
TEST(Difference, MaxAbsAboveAllowedSaysNotOk) {
  for (const bool first : {true, false}) {
    Difference d(1e-3);
    if (first) d.add(0.0, 0.002);
    d.add(1000.5, 1000.0);
    if (!first) d.add(0.0, 0.002);
    EXPECT_FALSE(d.ok());
    EXPECT_GT(d.maxAbs(), d.allowed());
    EXPECT_DOUBLE_EQ(d.maxAbs(), 0.002);
  }
}

// An element of a vector is measured by the vector: (3, 4, 0, 0) has root mean square 2.5.
TEST(Difference, VectorsHaveASize) {
  const std::vector<double> reference = {3, 4, 0, 0, 0, 0, 0, -kInf}, ours = {3, 4, 0.002, 0, 0, 0, 0.001, -kInf};
  Difference vectors(1e-3), elements(1e-3);
  vectors.add(ours, reference, 4);
  elements.add(ours, reference);
  EXPECT_TRUE(vectors.ok());
  EXPECT_DOUBLE_EQ(vectors.maxAbs(), 0.002);
  EXPECT_DOUBLE_EQ(vectors.allowed(), 0.0025);
  EXPECT_DOUBLE_EQ(vectors.scaled(), 0.001); // of the second vector
  EXPECT_FALSE(elements.ok());
}

TEST(Difference, InfinityAndNaN) {
  Difference same(1e-3);
  same.add(std::vector{-kInf, kInf, kNaN}, std::vector{-kInf, kInf, kNaN});
  EXPECT_TRUE(same.ok());
  EXPECT_EQ(same.maxAbs(), 0);
  for (const auto& [a, b] : {std::pair{kNaN, 1.0}, {1.0, kNaN}, {kInf, 1.0}, {kInf, -kInf}, {0.0, -kInf}}) {
    Difference d(1e-3);
    d.add(a, b);
    EXPECT_FALSE(d.ok());
    EXPECT_EQ(d.maxAbs(), kInf);
  }
}

// Closed form: two tokens, p = (3/4, 1/4), q = (1/2, 1/2); the most likely of the second position changes.
TEST(LogitsChange, KlOfTwoTokens) {
  LogitsChange change;
  change.add(std::vector{std::log(3.0) + 7, 7.0}, std::vector{-2.0, -2.0});
  change.add(std::vector{1.0, 0.0}, std::vector{0.0, 1.0});
  const double first = 0.75 * std::log(1.5) + 0.25 * std::log(0.5);
  const double p = 1 / (1 + std::exp(-1.0)), second = p - (1 - p);
  std::printf("KL: largest difference %.1e  tolerance 1e-15\n",
              std::max(std::abs(change.kl()[0] - first), std::abs(change.kl()[1] - second)));
  EXPECT_NEAR(change.kl()[0], first, 1e-15);
  EXPECT_NEAR(change.kl()[1], second, 1e-15);
  EXPECT_NEAR(change.klMean(), (first + second) / 2, 1e-15);
  EXPECT_EQ(change.top1Changed(), 1);
  EXPECT_NEAR(change.maxAbs(), 9 + std::log(3.0), 1e-15);
}

} // namespace
} // namespace orrery::analysis
