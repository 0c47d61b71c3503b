// SPDX-License-Identifier: MIT
// Dimensions against closed forms, counts against naive twins, and the outside oracle images where they are.
#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <map>

#include "boundary_images.h"
#include "core/analysis/box_dimension.h"
#include "core/analysis/pair_dimension.h"
#include "core/analysis/scale_counts.h"
#include "core/analysis/slope_fit.h"
#include "core/analysis/verdict.h"
#include "core/base/share_interval.h"
#include "core/hdf5/attribute.h"
#include "core/hdf5/dataset.h"
#include "core/hdf5/file.h"

using namespace orrery;
using namespace orrery::analysis;

namespace {

void expectCovered(const std::string& name, const DimensionEstimate& e, double known) {
  std::printf("%-22s known %.4f found %.4f in [%.4f, %.4f] over %.2f decades\n", name.c_str(), known, e.dimension,
              e.low, e.high, e.decades);
  EXPECT_LE(e.low, known) << name;
  EXPECT_GE(e.high, known) << name;
  EXPECT_LE(e.low, e.dimension) << name;
  EXPECT_GE(e.high, e.dimension) << name;
}

// Every pixel of every box is looked at.
std::int64_t naiveCount(const BoundaryImage& set, std::int64_t side) {
  std::int64_t boxes = 0;
  for (std::int64_t top = 0; top < set.height; top += side)
    for (std::int64_t left = 0; left < set.width; left += side) {
      bool touched = false;
      for (std::int64_t i = top; i < std::min(top + side, set.height); ++i)
        for (std::int64_t j = left; j < std::min(left + side, set.width); ++j)
          touched |= set.value[set.index(i, j)] != 0;
      boxes += touched;
    }
  return boxes;
}

// An interval of 95 % may miss, but seldom and not by much.
TEST(Dimension, IntervalCoversKnownShapes) {
  int shapes = 0, missed = 0;
  for (const auto& [side, seed] :
       std::vector<std::pair<std::int64_t, std::uint64_t>>{{256, 3}, {256, 8}, {512, 1}, {1024, 11}})
    for (const KnownImage& known : knownImages(side, seed)) {
      auto estimate = boxDimension(known.image);
      ASSERT_TRUE(estimate) << estimate.error().what;
      const double low = estimate->low, high = estimate->high;
      std::printf("%4d %-18s known %.4f found %.4f in [%.4f, %.4f] over %.2f decades\n", static_cast<int>(side),
                  known.name.c_str(), known.dimension, estimate->dimension, low, high, estimate->decades);
      ++shapes;
      missed += known.dimension < low || known.dimension > high;
      EXPECT_GE(known.dimension, low - 0.03) << known.name;
      EXPECT_LE(known.dimension, high + 0.03) << known.name;
      EXPECT_LT(high - low, known.name.starts_with("dust") ? 0.9 : side == 256 ? 0.6 : 0.4) << known.name;
    }
  std::printf("missed %d of %d\n", missed, shapes);
  EXPECT_LE(20 * missed, shapes);
}

TEST(Dimension, PixelPairsCoverLevelSets) {
  for (const KnownImage& known : knownImages(512, 5)) {
    if (known.image.kind != ImageKind::Label) continue;
    auto estimate = pixelPairDimension(known.image);
    ASSERT_TRUE(estimate) << estimate.error().what;
    expectCovered(known.name, *estimate, known.dimension);
  }
}

TEST(Dimension, OutsideImages) {
  const std::string path = std::string(ORRERY_SOURCE_DIR) + "/../shared/oracles/boundary/dimension.h5";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << "runs where ../shared/oracles lies beside the sources";
  auto file = h5::openFile(path);
  ASSERT_TRUE(file);
  auto names = h5::names(file->get(), 100, path);
  ASSERT_TRUE(names);
  for (const std::string& name : *names) {
    auto group = h5::openGroup(file->get(), name, path);
    ASSERT_TRUE(group);
    const auto array = [&](const char* dataset) {
      auto opened = h5::Dataset::open(group->get(), dataset, path);
      return opened->readAll();
    };
    auto pixels = array("image"), sides = array("box_side"), counts = array("box_count");
    ASSERT_TRUE(pixels && sides && counts);
    const std::vector<double> values = toDoubles(*pixels), side = toDoubles(*sides), count = toDoubles(*counts);
    BoundaryImage image{ImageKind::Set, pixels->shape[0], pixels->shape[1], {values.begin(), values.end()}, {}};
    if (name.starts_with("random") || name.starts_with("fractal_surface")) image.kind = ImageKind::Label;
    const std::vector<PlainCount> plain = plainBoxCount(image);
    ASSERT_EQ(plain.size(), side.size());
    for (std::size_t k = 0; k < side.size(); ++k) {
      EXPECT_EQ(plain[k].side, static_cast<std::int64_t>(side[k])) << name;
      EXPECT_EQ(plain[k].boxes, static_cast<std::int64_t>(count[k])) << name << " side " << side[k];
    }
    const std::map<std::string, double> expected = {{"line", 1},
                                                    {"circle", 1},
                                                    {"koch", std::log(4) / std::log(3)},
                                                    {"sierpinski_triangle", std::log(3) / std::log(2)},
                                                    {"sierpinski_carpet", std::log(8) / std::log(3)},
                                                    {"random_labels", 2},
                                                    {"fractal_surface_H05", 1.5}};
    ASSERT_TRUE(expected.contains(name)) << name;
    auto estimate = boxDimension(image);
    ASSERT_TRUE(estimate);
    expectCovered(name, *estimate, expected.at(name));
  }
}

TEST(Dimension, PlainCountEqualsNaiveTwin) {
  Random random(4);
  for (const ImageKind kind : {ImageKind::Set, ImageKind::Label}) {
    BoundaryImage image{kind, 67, 101, {}, {}};
    for (int i = 0; i < 67 * 101; ++i) image.value.push_back(random.chance(0.03));
    const BoundaryImage set = edgeSet(image);
    EXPECT_EQ(set.height, kind == ImageKind::Set ? 67 : 66);
    const std::vector<PlainCount> counts = plainBoxCount(image);
    ASSERT_EQ(counts.size(), 4u); // 2, 4, 8, 16: up to 101 / 4 and its pixel of tolerance
    for (const PlainCount& count : counts) EXPECT_EQ(count.boxes, naiveCount(set, count.side)) << count.side;
  }
}

// Offset counts against looking at every label of every box; the first offset is 0.
TEST(Dimension, LabelBoxesEqualNaiveTwin) {
  const BoundaryImage image = levelSet(64, 0.5, 2);
  auto scales = countBoxes(image, {4, 6}, 1, 0);
  ASSERT_TRUE(scales);
  for (const ScaleCounts& scale : *scales) {
    const auto side = static_cast<std::int64_t>(scale.side), pitch = side / kSamples;
    double naive = 0, naiveAll = 0;
    for (std::int64_t top = 0; top < 63; top += side)
      for (std::int64_t left = 0; left < 63; left += side) {
        int ones = 0;
        for (int a = 0; a <= kSamples; ++a)
          for (int b = 0; b <= kSamples; ++b) {
            const std::int64_t i = top + a * pitch, j = left + b * pitch;
            ones += image.value[image.index(i > 63 ? 126 - i : i, j > 63 ? 126 - j : j)];
          }
        const double inside =
            static_cast<double>(std::min<std::int64_t>(side, 63 - top) * std::min<std::int64_t>(side, 63 - left));
        const double share = inside / static_cast<double>(side * side);
        naiveAll += share;
        if (ones > 0 && ones < (kSamples + 1) * (kSamples + 1)) naive += share;
      }
    double touched = 0, boxes = 0;
    for (int tile = 0; tile < kTiles; ++tile) {
      touched += scale.offsets[0].touched[static_cast<std::size_t>(tile)];
      boxes += scale.offsets[0].boxes[static_cast<std::size_t>(tile)];
    }
    EXPECT_NEAR(touched, naive, 1e-9);
    EXPECT_NEAR(boxes, naiveAll, 1e-9);
  }
}

TEST(Dimension, SameSeedSameBits) {
  const BoundaryImage image = levelSet(128, 0.5, 9);
  auto a = boxDimension(image), b = boxDimension(image), c = boxDimension(image, {8, 200, 1});
  ASSERT_TRUE(a && b && c);
  EXPECT_EQ(a->dimension, b->dimension);
  EXPECT_EQ(a->low, b->low);
  EXPECT_NE(a->low, c->low);
}

TEST(Dimension, UnknownPixelsAreNotCounted) {
  BoundaryImage image = levelSet(256, 0.5, 9);
  auto whole = boxDimension(image);
  image.known.assign(image.value.size(), 1);
  for (std::int64_t i = 0; i < 256; ++i)
    for (std::int64_t j = 0; j < 64; ++j) {
      image.known[image.index(i, j)] = 0;
      image.value[image.index(i, j)] = static_cast<std::uint8_t>((i + j) % 2); // would read D = 2
    }
  auto masked = boxDimension(image);
  ASSERT_TRUE(whole && masked);
  EXPECT_NEAR(masked->dimension, whole->dimension, 0.1);
}

TEST(Dimension, RefusesWhatCannotBeMeasured) {
  const auto refused = [](const BoundaryImage& image) {
    auto report = reportDimension(image, ImageMethod::Box);
    return report ? std::string() : report.error().what;
  };
  EXPECT_NE(refused(imageOf(ImageKind::Set, 64, [](auto, auto) { return false; })).find("the set is empty"),
            std::string::npos);
  EXPECT_NE(refused(imageOf(ImageKind::Label, 64, [](auto, auto) { return true; })).find("no boundary"),
            std::string::npos);
  EXPECT_NE(refused(randomLabels(16, 0.5, 1)).find("at least 32"), std::string::npos);
  BoundaryImage two = randomLabels(64, 0.5, 1);
  two.value[7] = 2;
  EXPECT_NE(refused(two).find("pixel 7: expected 0 or 1, found 2"), std::string::npos);
  std::stop_source stop;
  stop.request_stop();
  auto stopped = reportDimension(randomLabels(64, 0.5, 1), ImageMethod::Box, {}, {}, stop.get_token());
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().code, Code::Cancelled);
}

Verdict verdictOf(const BoundaryImage& image, std::optional<double> pitch = {}) {
  auto report = reportDimension(image, ImageMethod::Box, pitch);
  EXPECT_TRUE(report);
  if (!report) return Verdict::BelowPrecision;
  std::printf("%s: %s\n", verdictName(report->judgement.verdict), report->judgement.reason.c_str());
  return report->judgement.verdict;
}

TEST(Verdict, IsTheKnownOne) {
  EXPECT_EQ(verdictOf(randomLabels(512, 0.5, 1)), Verdict::Noise);
  EXPECT_EQ(verdictOf(randomLabels(128, 0.02, 2)), Verdict::Noise);
  const auto disc = [](auto i, auto j) {
    return std::hypot(static_cast<double>(i) - 200, static_cast<double>(j) - 300) < 150;
  };
  EXPECT_EQ(verdictOf(imageOf(ImageKind::Label, 512, disc)), Verdict::Resolved);
  const BoundaryImage fractal = levelSet(512, 0.5, 3);
  EXPECT_EQ(verdictOf(fractal), Verdict::Resolved);
  EXPECT_EQ(verdictOf(fractal, 1000.0), Verdict::Resolved);
  EXPECT_EQ(verdictOf(fractal, 0.5), Verdict::BelowPrecision);
  BoundaryImage unfinished = fractal;
  unfinished.complete = false;
  EXPECT_EQ(verdictOf(unfinished), Verdict::Unresolved);
  EXPECT_EQ(verdictOf(levelSet(64, 0.5, 3)), Verdict::Unresolved); // less than a decade of sizes
  for (const KnownImage& known : knownImages(512, 6)) {            // sparse sets are no noise
    const bool isClear = known.image.kind == ImageKind::Set && !known.name.starts_with("dust");
    if (!isClear || known.dimension > 1.8) continue; // the carpet comes as near to 2 as random pixels do
    EXPECT_EQ(verdictOf(known.image), Verdict::Resolved) << known.name;
  }
  BoundaryImage scattered = randomLabels(512, 0.01, 3);
  scattered.kind = ImageKind::Set;
  EXPECT_EQ(verdictOf(scattered), Verdict::Noise);
  // Stripes of two or three pixels: neighbours share something, but every box of any size holds both classes.
  Random random(1);
  std::vector<std::uint8_t> columns;
  while (columns.size() < 512)
    for (std::uint64_t width = 2 + random.below(2), label = columns.empty() ? 0 : !columns.back(); width > 0; --width)
      columns.push_back(static_cast<std::uint8_t>(label));
  EXPECT_EQ(verdictOf(imageOf(ImageKind::Label, 512,
                              [&](auto, auto j) { return columns[static_cast<std::size_t>(j)] != 0; })),
            Verdict::Unresolved);
}

TEST(Binomial, WilsonEqualsPublishedValues) { // scipy.stats.binomtest(k, n).proportion_ci(method="wilson")
  const ShareInterval none = wilsonInterval(0, 10), some = wilsonInterval(3, 10);
  EXPECT_NEAR(none.low, 0, 1e-12);
  EXPECT_NEAR(none.high, 0.27753279, 1e-7);
  EXPECT_NEAR(some.low, 0.10779127, 1e-7);
  EXPECT_NEAR(some.high, 0.60322185, 1e-7);
}

TEST(Binomial, PowerLawIsTheMaximumOfTheLikelihood) {
  const std::vector<ShareCount> counts = {{-1, 190, 400}, {-2, 120, 400}, {-3, 60, 400}, {-4, 41, 400}, {-5, 0, 40}};
  const PowerLawFit fit = fitPowerLaw(counts);
  const auto likelihood = [&](double intercept, double slope) {
    double sum = 0;
    for (const ShareCount& c : counts) {
      const double f = std::exp(intercept + slope * c.x);
      sum += static_cast<double>(c.k) * std::log(f) + static_cast<double>(c.n - c.k) * std::log1p(-f);
    }
    return sum;
  };
  for (const double step : {1e-4, -1e-4}) {
    EXPECT_GT(likelihood(fit.intercept, fit.slope), likelihood(fit.intercept + step, fit.slope));
    EXPECT_GT(likelihood(fit.intercept, fit.slope), likelihood(fit.intercept, fit.slope + step));
  }
  // The error against the curvature by differences of the profile.
  EXPECT_GT(fit.slopeError, 0.02);
  EXPECT_LT(fit.slopeError, 0.2);
}

// Labels by the digits of the middle-thirds Cantor set: class = parity of the stage at which a point leaves it. The
// boundary in x is the Cantor set, so alpha = 1 - ln 2 / ln 3 and, in the plane, D = 1 + ln 2 / ln 3.
TEST(Pairs, ExponentOfCantorLabels) {
  const ClassFunction classOf = [](std::span<const PlanePoint> points, std::span<std::uint8_t> classes,
                                   std::stop_token) -> Status {
    for (std::size_t k = 0; k < points.size(); ++k) {
      double x = points[k].x;
      int stage = 0;
      for (; stage < 30; ++stage) {
        x *= 3;
        if (x >= 1 && x < 2) break;
        x -= std::floor(x);
      }
      classes[k] = static_cast<std::uint8_t>(stage % 2);
    }
    return Done{};
  };
  const double known = 1 + std::log(2) / std::log(3);
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    auto found = pairDimension(classOf, {0.03, 1e-6, 2, 2000, seed});
    ASSERT_TRUE(found) << found.error().what;
    expectCovered("cantor labels", found->estimate, known);
    EXPECT_LT(found->estimate.high - found->estimate.low, 0.2);
    EXPECT_GT(found->estimate.decades, 3);
  }
}

TEST(Pairs, SmoothBoundaryIsALine) {
  const ClassFunction classOf = [](std::span<const PlanePoint> points, std::span<std::uint8_t> classes,
                                   std::stop_token) -> Status {
    for (std::size_t k = 0; k < points.size(); ++k) classes[k] = std::hypot(points[k].x - 0.4, points[k].y - 0.6) < 0.3;
    return Done{};
  };
  auto found = pairDimension(classOf, {0.03, 1e-4, 2, 20000, 1});
  ASSERT_TRUE(found) << found.error().what;
  expectCovered("disc by pairs", found->estimate, 1);
  auto none = pairDimension(classOf, {0.9, 1e-4, 2, 200, 1});
  ASSERT_FALSE(none);
  std::stop_source stop;
  auto nothing = pairDimension(
      [](std::span<const PlanePoint>, std::span<std::uint8_t> classes, std::stop_token) -> Status {
        std::fill(classes.begin(), classes.end(), std::uint8_t{1});
        return Done{};
      },
      {0.1, 1e-3, 1, 100, 1});
  ASSERT_FALSE(nothing);
  EXPECT_NE(nothing.error().what.find("differ in class at 0 distances"), std::string::npos);
}

TEST(Labels, CorrelationAndEntropyEqualNaiveTwin) {
  const BoundaryImage image = levelSet(64, 0.4, 6);
  const std::vector<LagCorrelation> lags = neighbourCorrelation(image);
  ASSERT_EQ(lags.size(), 5u);
  for (const LagCorrelation& lag : lags) {
    double sum = 0;
    for (const bool down : {false, true}) {
      std::vector<double> a, b;
      for (std::int64_t i = 0; i < 64; ++i)
        for (std::int64_t j = 0; j < 64; ++j) {
          const std::int64_t k = down ? i + lag.lag : i, l = down ? j : j + lag.lag;
          if (k >= 64 || l >= 64) continue;
          a.push_back(image.value[image.index(i, j)]);
          b.push_back(image.value[image.index(k, l)]);
        }
      double ma = 0, mb = 0, aa = 0, bb = 0, ab = 0;
      for (std::size_t n = 0; n < a.size(); ++n)
        ma += a[n] / static_cast<double>(a.size()), mb += b[n] / static_cast<double>(a.size());
      for (std::size_t n = 0; n < a.size(); ++n)
        aa += (a[n] - ma) * (a[n] - ma), bb += (b[n] - mb) * (b[n] - mb), ab += (a[n] - ma) * (b[n] - mb);
      sum += ab / std::sqrt(aa * bb) / 2;
    }
    EXPECT_NEAR(lag.correlation, sum, 1e-12) << lag.lag;
  }
  const ImageShares shares = imageShares(image);
  EXPECT_NEAR(shares.one, 0.5, 1e-3);
  EXPECT_NEAR(shares.entropy, std::log(2), 1e-5);
  double edges = 0;
  for (const std::uint8_t pixel : edgeSet(image).value) edges += pixel;
  EXPECT_NEAR(shares.edge, edges / (63.0 * 63.0), 1e-12);
}

} // namespace
