// SPDX-License-Identifier: MIT
#include "core/sweep/measure.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

namespace orrery::sweep {
namespace {

constexpr double kInfinite = std::numeric_limits<double>::infinity();
constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

TEST(Digest, ofAnExponentialCurve) { // closed forms of the geometric series
  std::vector<double> losses(100);
  for (std::size_t t = 0; t < 100; ++t) losses[t] = 2 * std::pow(0.9, static_cast<double>(t));
  const Digest digest = digestOf(losses, 100);
  EXPECT_EQ(digest.first, 2);
  EXPECT_EQ(digest.last, losses.back());
  EXPECT_EQ(digest.min, losses.back());
  EXPECT_EQ(digest.divergedStep, -1);
  const double end = std::pow(0.9, 100);
  EXPECT_NEAR(digest.sohlDickstein.sum, (1 - end) / 0.1, 1e-12);
  EXPECT_NEAR(digest.sohlDickstein.sumInverse, (1 / end - 1) / (1 / 0.9 - 1), 1e-8);
  EXPECT_NEAR(digest.sohlDickstein.meanLast, std::pow(0.9, 80) * (1 - std::pow(0.9, 20)) / 0.1 / 20, 1e-15);
  EXPECT_NEAR(digest.torkamandi.meanFirst, (1 - std::pow(0.9, 5)) / 0.1 / 5, 1e-7); // l[0] + 1e-8 below
}

TEST(Digest, lossesThatAreNotFiniteAndRunsGivenUp) {
  std::vector<double> losses = {2, 4, kInfinite, 3, 8e6};
  losses.resize(30, kNone);
  const Digest whole = digestOf(losses, 30), cut = digestOf(std::span(losses).first(5), 30);
  EXPECT_EQ(whole.divergedStep, 2);
  EXPECT_EQ(whole.last, 8e6);
  EXPECT_EQ(whole.min, 2);
  EXPECT_DOUBLE_EQ(whole.sohlDickstein.sum, 1 + 2 + 5e5 + 1.5 + 1e6 + 25 * 5e5); // 1e6 before division, then the cap
  EXPECT_DOUBLE_EQ(whole.torkamandi.sum, 1 / (1 + 5e-9) + 2 / (1 + 5e-9) + 10 + 1.5 / (1 + 5e-9) + 26 * 10);
  EXPECT_EQ(cut.sohlDickstein.sum, whole.sohlDickstein.sum);
  EXPECT_EQ(cut.torkamandi.varLast, whole.torkamandi.varLast);
  EXPECT_EQ(cut.divergedStep, whole.divergedStep);
  const Digest nothing = digestOf({}, 30);
  EXPECT_EQ(nothing.divergedStep, 0);
  for (const Measure measure : {Measure::SohlDickstein, Measure::Torkamandi, Measure::FinalLoss}) {
    EXPECT_FALSE(outcomeOf(measure, nothing, 30).stable);
    EXPECT_FALSE(outcomeOf(measure, nothing, 30).trainable);
    EXPECT_TRUE(std::isfinite(outcomeOf(measure, nothing, 30).value));
  }
}

TEST(Outcome, valueIsFiniteWhereThePapersIsNot) {
  std::vector<double> losses(100, 1.0); // never converges, and S < A of no 0.4 is reached from below
  for (std::size_t t = 1; t < 100; ++t) losses[t] = 0.2;
  losses[99] = 1.5; // a jump at the end: too large a variance
  const Digest digest = digestOf(losses, 100);
  const Outcome outcome = outcomeOf(Measure::Torkamandi, digest, 100);
  EXPECT_FALSE(outcome.trainable);
  EXPECT_LT(digest.torkamandi.sum, 1 + 99 * 0.4); // the paper's root would not be real
  EXPECT_LT(outcome.value, 0);
  EXPECT_NEAR(outcome.value, -std::sqrt((1 + 99 * 0.4 - digest.torkamandi.sum) / (1 + 99 * 9.6)), 1e-15);
  Digest zero = digest;
  zero.sohlDickstein = {1, 2, 0, 3, kInfinite};
  EXPECT_EQ(outcomeOf(Measure::SohlDickstein, zero, 100).value, std::numeric_limits<double>::max());
}

TEST(Outcome, thresholdsDecideTheClass) {
  std::vector<double> losses(100, 1.0);
  for (std::size_t t = 10; t < 100; ++t) losses[t] = 0.5;
  const Digest digest = digestOf(losses, 100);
  Thresholds thresholds;
  EXPECT_TRUE(outcomeOf(Measure::SohlDickstein, digest, 100).trainable);
  EXPECT_FALSE(outcomeOf(Measure::Torkamandi, digest, 100).trainable);
  thresholds.recent = 0.6;
  thresholds.sohlDickstein = 0.4;
  EXPECT_FALSE(outcomeOf(Measure::SohlDickstein, digest, 100, thresholds).trainable);
  EXPECT_TRUE(outcomeOf(Measure::Torkamandi, digest, 100, thresholds).trainable);
}

} // namespace
} // namespace orrery::sweep
