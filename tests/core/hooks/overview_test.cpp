// SPDX-License-Identifier: MIT
#include <cstdio>
#include <gtest/gtest.h>

#include "core/hooks/overview.h"
#include "records.h"

namespace orrery::hooks {
namespace {

// Largest difference of mean and max against pooling the naive map.
double againstNaive(const AttentionRecord& r, const Overview& overview) {
  double worst = 0;
  for (std::int64_t h = 0; h < r.heads; ++h) {
    const std::int64_t n = overview.side(), cell = overview.cell;
    std::vector<double> sum(static_cast<std::size_t>(n * n)), max(sum), count(sum);
    for (std::int64_t i = 0; i < r.tokens; ++i) {
      const auto row = testkit::naiveRow(r, h, i);
      for (std::int64_t j = 0; j < r.tokens; ++j) {
        const auto at = static_cast<std::size_t>(i / cell * n + j / cell);
        sum[at] += row[static_cast<std::size_t>(j)];
        max[at] = std::max(max[at], row[static_cast<std::size_t>(j)]);
        count[at] += 1;
      }
    }
    const std::vector<float> means = overview.meanMap(h), maxima = overview.maxMap(h);
    for (std::size_t c = 0; c < sum.size(); ++c)
      worst = std::max({worst, std::abs(sum[c] / count[c] - static_cast<double>(means[c])),
                        std::abs(max[c] - static_cast<double>(maxima[c]))});
  }
  return worst;
}

TEST(Overview, EqualsThePooledNaiveMap) {
  double worst = 0;
  for (const std::int64_t tokens : {1, 8, 61, 130})
    for (const std::int64_t window : {0, 9})
      for (const std::int64_t cell : {1, 4, 16, 256}) {
        const auto r = testkit::randomRecord<float>({.heads = 4, .kvHeads = 2, .tokens = tokens, .window = window}, 4);
        const auto overview = overviewOf(r, cell);
        ASSERT_TRUE(overview.ok());
        ASSERT_EQ(overview->side(), (tokens + cell - 1) / cell);
        worst = std::max(worst, againstNaive(r, *overview));
      }
  std::printf("largest difference %.3g, tolerance 1e-6\n", worst);
  EXPECT_LE(worst, 1e-6);
}

TEST(Overview, CoarserIsTheSameAsWiderCells) {
  const auto r = testkit::randomRecord<double>({.heads = 2, .kvHeads = 1, .tokens = 75}, 6);
  const auto fine = overviewOf(r, 4), wide = overviewOf(r, 8);
  ASSERT_TRUE(fine.ok() && wide.ok());
  const Overview coarse = coarserOverview(*fine);
  ASSERT_EQ(coarse.side(), wide->side());
  ASSERT_EQ(coarse.cell, 8);
  double worst = 0;
  for (std::int64_t h = 0; h < 2; ++h)
    for (std::int64_t i = 0; i < coarse.side(); ++i)
      for (std::int64_t j = 0; j < coarse.side(); ++j) {
        worst = std::max(worst, std::abs(coarse.mean(h, i, j) - wide->mean(h, i, j)));
        EXPECT_EQ(coarse.max(h, i, j), wide->max(h, i, j));
      }
  std::printf("largest difference %.3g, tolerance 1e-15\n", worst);
  EXPECT_LE(worst, 1e-15);
}

TEST(Overview, CellIsTheSmallestPowerOfTwoThatFits) {
  EXPECT_EQ(overviewCell(0, 256), 1);
  EXPECT_EQ(overviewCell(1, 256), 1);
  EXPECT_EQ(overviewCell(256, 256), 1);
  EXPECT_EQ(overviewCell(257, 256), 2);
  EXPECT_EQ(overviewCell(8192, 256), 32);
  EXPECT_EQ(overviewCell(8193, 256), 64);
  EXPECT_EQ(overviewCell(5, 0), 8);
}

TEST(Overview, RowsOutsideTheTextAreRefused) {
  const auto r = testkit::randomRecord<float>({.tokens = 10}, 4);
  for (const std::int64_t row : {std::int64_t{-1}, std::int64_t{3}, std::numeric_limits<std::int64_t>::max()})
    EXPECT_FALSE(overviewRow(r, 4, row).ok());
  EXPECT_FALSE(overviewRow(r, 0, 0).ok());
  EXPECT_TRUE(overviewRow(r, std::numeric_limits<std::int64_t>::max(), 0).ok());
}

} // namespace
} // namespace orrery::hooks
