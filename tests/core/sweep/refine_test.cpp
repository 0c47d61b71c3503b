// SPDX-License-Identifier: MIT
// Refinement against maps computed in full.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "core/base/share_interval.h"
#include "core/sweep/journal.h"
#include "julia.h"

namespace orrery::sweep {
namespace {

// Classes of a whole picture, from a function of the plane.
template <class F> std::vector<std::uint8_t> picture(std::int64_t height, std::int64_t width, const F& inside) {
  std::vector<std::uint8_t> classes(static_cast<std::size_t>(height * width));
  for (std::int64_t i = 0; i < height; ++i)
    for (std::int64_t j = 0; j < width; ++j)
      classes[static_cast<std::size_t>(i * width + j)] =
          inside(-1.5 + 3 * static_cast<double>(j) / static_cast<double>(std::max<std::int64_t>(1, width - 1)),
                 -1.5 + 3 * static_cast<double>(i) / static_cast<double>(std::max<std::int64_t>(1, height - 1)))
              ? 3
              : 1;
  return classes;
}

bool rabbit(double x, double y) {
  RunParameters run;
  run.rateFirst = x + 1.5;
  run.rateSecond = y + 1.5;
  return JuliaTrainer::losses(run).size() == kJuliaSteps;
}

// Newton's method for z^3 = 1: boundary of dimension 1.42.
bool newton(double x, double y) {
  std::complex<double> z(x, y);
  for (int n = 0; n < 100 && std::norm(z) > 1e-20; ++n) z -= (z * z * z - 1.0) / (3.0 * z * z);
  return std::abs(z - 1.0) < 1e-3;
}

std::size_t wrongPixels(const Settled& settled, const std::vector<std::uint8_t>& classes) {
  std::size_t wrong = 0;
  for (std::size_t p = 0; p < classes.size(); ++p)
    wrong += settled.source[p] < 0 || classes[static_cast<std::size_t>(settled.source[p])] != classes[p] ? 1 : 0;
  return wrong;
}

std::int64_t computed(const Settled& settled) { return countStates(settled.state).computed; }

void expectGoodRefinement(const char* name, const std::vector<std::uint8_t>& classes) {
  const Settled settled = settle(512, 512, {false, 8, 0.03, 1}, classes);
  const double pixels = 512.0 * 512.0, runs = static_cast<double>(computed(settled)) / pixels;
  const double equal = 1 - static_cast<double>(wrongPixels(settled, classes)) / pixels;
  std::printf(
      "%s 512 x 512: runs %.4f of all (at most 0.25), pixels equal %.6f (at least 0.999), audits %lld, failed %lld\n",
      name, runs, equal, static_cast<long long>(settled.audits), static_cast<long long>(settled.failedAudits));
  EXPECT_LE(runs, 0.25);
  EXPECT_GE(equal, 0.999);
  EXPECT_EQ(settled.missing, 0);
}

TEST(Refine, AQuarterOfTheRunsGivesTheMap) {
  expectGoodRefinement("rabbit", picture(512, 512, rabbit));
  expectGoodRefinement("newton", picture(512, 512, newton));
}

// Whatever the order of the answers, the same pixels are asked for.
TEST(Refine, TheOrderOfTheAnswersDoesNotMatter) {
  const std::int64_t side = 100;
  const auto classes = picture(side, side, rabbit);
  const Refinement how{false, 8, 0.05, 7};
  std::vector<std::uint8_t> first;
  for (unsigned seed = 0; seed < 5; ++seed) {
    Lattice lattice(side, side, how);
    std::mt19937 random(seed);
    std::vector<Wanted> open = lattice.begin();
    while (!open.empty()) {
      std::swap(open[random() % open.size()], open.back());
      const std::uint32_t pixel = open.back().pixel;
      open.pop_back();
      if (lattice.classAt(pixel) == Lattice::kUnknown) lattice.know(pixel, classes[pixel], open);
    }
    std::vector<std::uint8_t> wanted;
    for (std::uint32_t p = 0; p < classes.size(); ++p) wanted.push_back(lattice.isWanted(p) ? 1 : 0);
    if (seed == 0) first = wanted;
    EXPECT_EQ(wanted, first) << "order " << seed;
  }
}

TEST(Refine, EveryShapeIsCovered) {
  for (const std::int64_t height : {1, 2, 3, 8, 9, 17, 40})
    for (const std::int64_t width : {1, 2, 7, 16, 33})
      for (const bool full : {true, false}) {
        const auto classes = picture(height, width, [](double x, double y) { return x + y > 0.1; });
        const Settled settled = settle(height, width, {full, 8, 0.1, 3}, classes);
        EXPECT_EQ(settled.missing, 0);
        EXPECT_EQ(std::count(settled.state.begin(), settled.state.end(), kNone), 0) << height << " x " << width;
        EXPECT_EQ(wrongPixels(settled, classes), 0u) << height << " x " << width;
        if (full) {
          EXPECT_EQ(computed(settled), height * width);
        }
      }
}

// Islands that no lattice sees: the audits must find them at the rate at which they are there.
TEST(Refine, AuditsReportTheTrueErrorRate) {
  constexpr std::int64_t kSide = 256;
  constexpr int kMaps = 200;
  int covered = 0;
  double found = 0, truth = 0;
  for (int map = 0; map < kMaps; ++map) {
    std::mt19937_64 random(static_cast<std::uint64_t>(map));
    std::vector<std::uint8_t> classes(kSide * kSide, 1);
    for (auto& one : classes)
      if (random() % 1000 < 4) one = 3; // 0.4 % dust; on a lattice point it splits what is around it
    const Refinement how{false, 8, 0.03, static_cast<std::uint64_t>(map) + 1000};
    const Settled guessed = settle(kSide, kSide, {false, 8, 0, 0}, classes);
    const double rate = static_cast<double>(wrongPixels(guessed, classes)) / static_cast<double>(guessed.guessed);
    const Settled audited = settle(kSide, kSide, how, classes);
    const ShareInterval interval = wilsonInterval(audited.failedAudits, audited.audits);
    covered += rate >= interval.low && rate <= interval.high ? 1 : 0;
    found += static_cast<double>(audited.failedAudits) / static_cast<double>(audited.audits) / kMaps;
    truth += rate / kMaps;
  }
  std::printf(
      "error rate of guesses: true %.5f, found %.5f; interval covers it in %d of %d maps (expected about 190)\n", truth,
      found, covered, kMaps);
  EXPECT_NEAR(found, truth, 0.08 * truth);
  EXPECT_GE(covered, 180);
}

TEST(Refine, AFailedAuditSplitsItsBlock) {
  std::vector<std::uint8_t> classes(64 * 64, 1);
  const Refinement how{false, 8, 0.2, 5};
  Lattice lattice(64, 64, how);
  std::uint32_t island = 0; // an audited pixel inside a block
  for (std::uint32_t p = 0; p < classes.size() && island == 0; ++p)
    if (lattice.isAuditChoice(p) && p % 64 % 8 == 3 && p / 64 % 8 == 3 && p / 64 > 16 && p % 64 > 16) island = p;
  ASSERT_NE(island, 0u);
  classes[island] = 3;
  const Settled settled = settle(64, 64, how, classes);
  EXPECT_EQ(settled.failedAudits, 1);
  for (const int dy : {-1, 0, 1})
    for (const int dx : {-1, 0, 1})
      EXPECT_GE(settled.state[static_cast<std::size_t>(static_cast<int>(island) + 64 * dy + dx)], kComputed);
}

// Wilson (1927), values of scipy.stats.binomtest(k, n).proportion_ci(method="wilson").
TEST(Refine, WilsonsInterval) {
  const ShareInterval none = wilsonInterval(0, 100), some = wilsonInterval(3, 50);
  EXPECT_NEAR(none.low, 0, 1e-12);
  EXPECT_NEAR(none.high, 0.03699349820698568, 1e-9);
  EXPECT_NEAR(some.low, 0.020614970348973957, 1e-9);
  EXPECT_NEAR(some.high, 0.1621709168883817, 1e-9);
}

TEST(Refine, AnySweepGivesTheSettledMap) {
  const SweepSpec spec = juliaSpec(96, false);
  SweepOptions options = juliaOptions(3);
  Sweep sweep(spec, options);
  ASSERT_TRUE(sweep.wait());
  const auto snapshot = sweep.snapshot();
  const auto classes = picture(96, 96, rabbit);
  const Settled settled = settle(96, 96, {false, 8, 0.03, 0}, classes);
  EXPECT_EQ(snapshot->map->pixels.state, settled.state);
  EXPECT_TRUE(snapshot->map->complete);
  EXPECT_EQ(snapshot->progress.runs, computed(settled));
}

// The network itself: refined against full, and full against its digests.
TEST(Refine, ARealMapOfTwoLayerNetworks) {
  SweepSpec spec;
  spec.x = {"lr.input", true, 0, 3, 96, {}};
  spec.y = {"lr.output", true, 0, 3, 96, {}};
  spec.steps = 50;
  spec.model.n = 4;
  spec.data.points = 8;
  SweepOptions options;
  options.threads = 2;
  Sweep full(spec, options);
  ASSERT_TRUE(full.wait());
  spec.refine.full = false;
  Sweep refined(spec, options);
  ASSERT_TRUE(refined.wait());
  const auto a = full.snapshot()->map, b = refined.snapshot()->map;
  std::size_t wrong = 0;
  for (std::size_t pixel = 0; pixel < a->size(); ++pixel) {
    wrong += a->pixels.classes[pixel] != b->pixels.classes[pixel] ? 1 : 0;
    if (b->pixels.state[pixel] >= kComputed) {
      ASSERT_TRUE(sameDigest(a->pixels.digests[pixel], b->pixels.digests[pixel]));
    }
  }
  const double pixels = static_cast<double>(a->size());
  std::printf("mlp2 96 x 96: runs %.3f of all, %zu pixels wrong (at most %.0f), audits %lld, failed %lld\n",
              static_cast<double>(countStates(b->pixels.state).computed) / pixels, wrong, 0.001 * pixels,
              static_cast<long long>(b->audits), static_cast<long long>(b->failedAudits));
  EXPECT_LE(static_cast<double>(wrong), 0.001 * pixels);
  EXPECT_NE(std::count(a->pixels.classes.begin(), a->pixels.classes.end(), 3), 0);
  EXPECT_NE(std::count(a->pixels.classes.begin(), a->pixels.classes.end(), 3), static_cast<std::ptrdiff_t>(a->size()));
}

} // namespace
} // namespace orrery::sweep
