// SPDX-License-Identifier: MIT
// The numbers a view shows are those of the attention: against exact tiles and naive twins.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdio>

#include "core/analysis/head_scores.h"
#include "tests/views/views/sample.h"
#include "views/attention_map.h"
#include "views/figure.h"

using namespace orrery;
using namespace orrery::views;
using namespace orrery::views::sample;

namespace {

const Registry& registry() {
  static const Registry all = builtInViews();
  return all;
}

Built build(const std::string& name, const store::SnapshotPtr& snapshot, const Parameters& parameters = {},
            const Selection& selection = {}, const Viewports& viewports = {}, double width = 640, double height = 480) {
  const View& view = *registry().find(name);
  Request request = requestOf(view, snapshot, parameters, width, height);
  request.selection = selection;
  request.viewports = viewports;
  auto built = view.build(request, {});
  EXPECT_TRUE(built.ok()) << name << ": " << (built.ok() ? "" : built.error().what);
  return built.ok() ? std::move(*built) : Built{};
}

// exp(scale q.k - lse), straight from the record.
double naive(const hooks::AttentionRecord& r, std::int64_t h, std::int64_t i, std::int64_t j) {
  if (j > i) return 0;
  const double* q = r.q.as<double>() + (h * r.tokens + i) * r.headDim;
  const double* k = r.k.as<double>() + (r.kvHead(h) * r.tokens + j) * r.headDim;
  return std::exp(r.scale * dot(q, k) - r.lse.as<double>()[h * r.tokens + i]);
}

double naiveMean(const hooks::AttentionRecord& r, std::int64_t h, std::int64_t row, std::int64_t col, std::int64_t cell,
                 std::int64_t T) {
  double sum = 0, count = 0;
  for (std::int64_t i = row * cell; i < std::min(T, (row + 1) * cell); ++i)
    for (std::int64_t j = col * cell; j < std::min(T, (col + 1) * cell); ++j) {
      sum += naive(r, h, i, j);
      ++count;
    }
  return sum / count;
}

struct Difference {
  double worst = 0;
  void add(double a, double b) { worst = std::max(worst, std::abs(a - b)); }
  void expectBelow(double tolerance) const {
    std::printf("largest difference %.3g, tolerance %.3g\n", worst, tolerance);
    EXPECT_LE(worst, tolerance);
  }
};

TEST(HeadNumbers, TileInViewEqualsTheNaiveTwin) {
  const auto snapshot = snapshotOf({40, 2, 4, 2});
  Selection selection;
  selection.layer = 1;
  selection.head = 3;
  const Built built = build("head", snapshot, {}, selection, {{"head", {5, 9, 12, 12}}});
  const std::vector<double> tile = toDoubles(built.data[0].values), sums = toDoubles(built.data[1].values);
  ASSERT_EQ(built.data[0].values.shape, (Shape{12, 12}));
  EXPECT_EQ(built.data[0].rowLabels.at(0).substr(0, 2), "9 ");
  EXPECT_EQ(built.data[0].columnLabels.at(0).substr(0, 2), "5 ");
  Difference difference;
  for (std::int64_t r = 0; r < 12; ++r) {
    double sum = 0;
    for (std::int64_t c = 0; c < 12; ++c) {
      const double expected = naive(snapshot->attention[1], 3, 9 + r, 5 + c);
      difference.add(tile[size_t(r * 12 + c)], expected);
      sum += expected;
    }
    difference.add(sums[size_t(r)], sum);
  }
  difference.expectBelow(1e-6);
}

TEST(HeadNumbers, PrintedNumberIsTheCell) {
  const auto snapshot = snapshotOf({40, 1, 2, 1});
  const Built built = build("head", snapshot, {}, {}, {{"head", {3, 6, 6, 6}}});
  std::size_t numbers = 0;
  Difference difference;
  for (const scene::Text& text : built.scene.texts) {
    if (text.panel != 0) continue;
    const auto j = std::int64_t(text.at.x), i = std::int64_t(text.at.y);
    difference.add(std::stod(text.text), naive(snapshot->attention[0], 0, i, j));
    ++numbers;
  }
  EXPECT_EQ(numbers, 36u - 3u); // cells right of the diagonal are masked: (6, 7), (6, 8), (7, 8)
  difference.expectBelow(5e-5 + 1e-9);
}

TEST(HeadNumbers, PooledMapEqualsBlockMeansFromTilesAndFromTheOverview) {
  for (const std::int64_t overviewCells : {256, 32}) {
    const auto snapshot = snapshotOf({130, 1, 2, 1, overviewCells});
    const auto cache = std::make_shared<TileCache>();
    Request request;
    request.snapshot = snapshot;
    const auto attention = layerAttention(request, 0);
    ASSERT_TRUE(attention.ok());
    const auto map = headMap(*attention, 1, {{0, 130}, {0, 130}, 8, Quantity::Pattern, nullptr}, cache, {});
    ASSERT_TRUE(map.ok());
    ASSERT_EQ(map->height, 17);
    Difference difference;
    for (std::int64_t r = 0; r < map->height; ++r)
      for (std::int64_t c = 0; c < map->width; ++c)
        difference.add(double(map->mean[map->at(r, c)]), naiveMean(snapshot->attention[0], 1, r, c, 8, 130));
    difference.expectBelow(1e-6);
  }
}

TEST(HeadNumbers, ScrubbedBackMapEqualsThatOfTheShorterText) {
  const auto snapshot = snapshotOf({300, 1, 2, 1, 16}); // overview cells of 32 tokens
  Request request;
  request.snapshot = snapshot;
  request.selection.shownTokens = 77;
  const auto cache = std::make_shared<TileCache>();
  const auto attention = layerAttention(request, 0);
  ASSERT_TRUE(attention.ok());
  EXPECT_EQ(attention->tokens, 77);
  for (const std::int64_t cell : {1, 4, 32}) {
    const auto map = headMap(*attention, 0, {{0, 77}, {0, 77}, cell, Quantity::Pattern, nullptr}, cache, {});
    ASSERT_TRUE(map.ok());
    Difference difference;
    for (std::int64_t r = 0; r < map->height; ++r)
      for (std::int64_t c = 0; c < map->width; ++c)
        difference.add(double(map->mean[map->at(r, c)]), naiveMean(snapshot->attention[0], 0, r, c, cell, 77));
    difference.expectBelow(1e-6);
  }
}

TEST(HeadNumbers, RowMaximumIsOverTheWholeRow) {
  const auto snapshot = snapshotOf({40, 1, 2, 1});
  const Built built = build("head", snapshot, {{"normalise", "row-max"}}, {}, {{"head", {20, 30, 8, 8}}});
  const std::vector<double> tile = toDoubles(built.data[0].values);
  Difference difference;
  for (std::int64_t r = 0; r < 8; ++r) {
    double most = 0;
    for (std::int64_t j = 0; j < 40; ++j) most = std::max(most, naive(snapshot->attention[0], 0, 30 + r, j));
    for (std::int64_t c = 0; c < 8; ++c)
      difference.add(tile[size_t(r * 8 + c)], naive(snapshot->attention[0], 0, 30 + r, 20 + c) / most);
  }
  difference.expectBelow(1e-6);
}

TEST(TileCacheTest, TilesInsideAnOlderTextAreFoundAgainAndBytesStayBounded) {
  const auto longer = snapshotOf({200, 1, 2, 1});
  const auto cache = std::make_shared<TileCache>();
  Request request;
  request.snapshot = longer;
  request.selection.shownTokens = 150;
  const MapRequest corner{{0, 64}, {0, 64}, 1, Quantity::Pattern};
  const auto before = layerAttention(request, 0);
  ASSERT_TRUE(headMap(*before, 0, corner, cache, {}).ok());
  const std::size_t tiles = cache->size();
  request.selection.shownTokens = kNone;
  const auto after = layerAttention(request, 0);
  ASSERT_TRUE(headMap(*after, 0, corner, cache, {}).ok());
  EXPECT_EQ(cache->size(), tiles) << "the same cells were computed again";

  TileCache small(10000);
  for (int i = 0; i < 50; ++i) {
    TileKey key;
    key.rowBegin = i;
    auto tile = std::make_shared<Tile>();
    tile->mean.assign(256, 1);
    small.insert(key, tile);
    EXPECT_LE(small.bytes(), 10000u);
  }
  TileKey newest, oldest;
  newest.rowBegin = 49;
  EXPECT_TRUE(small.find(newest));
  EXPECT_FALSE(small.find(oldest));
}

TEST(TileCacheTest, AnotherContinuationOfACutRunIsNotMixedUp) {
  const auto first = snapshotOf({60, 1, 1, 1, 256, false, 1}), second = snapshotOf({60, 1, 1, 1, 256, false, 2});
  const auto cache = std::make_shared<TileCache>();
  Difference difference;
  for (const auto& snapshot : {first, second}) { // the same run id, T and rectangle
    Request request;
    request.snapshot = snapshot;
    const auto attention = layerAttention(request, 0);
    const auto map = headMap(*attention, 0, {{0, 60}, {0, 60}, 1, Quantity::Pattern, nullptr}, cache, {});
    ASSERT_TRUE(map.ok());
    for (std::int64_t i = 0; i < 60; ++i)
      for (std::int64_t j = 0; j < 60; ++j)
        difference.add(double(map->mean[map->at(i, j)]), naive(snapshot->attention[0], 0, i, j));
  }
  difference.expectBelow(1e-6);
}

TEST(CellNumbers, ProductsSumToTheScoreAndGiveTheProbability) {
  const auto snapshot = snapshotOf({30, 1, 4, 2});
  Selection selection;
  selection.head = 3;
  selection.query = 20;
  selection.key = 11;
  for (const char* order : {"dimension", "size"}) {
    const Built built = build("cell", snapshot, {{"order", order}}, selection);
    double sum = 0;
    for (const double product : toDoubles(built.data[0].values)) sum += product;
    const std::vector<double> cell = toDoubles(built.data[1].values); // sum, score, lse, probability
    Difference difference;
    difference.add(sum, cell[1]);
    difference.add(std::exp(cell[1] - cell[2]), naive(snapshot->attention[0], 3, 20, 11));
    difference.add(cell[3], naive(snapshot->attention[0], 3, 20, 11));
    difference.expectBelow(1e-9);
  }
}

TEST(TextNumbers, MeanOverHeadsAndBothDirections) {
  const auto snapshot = snapshotOf({30, 2, 4, 2});
  Selection selection;
  selection.query = 12;
  const Built from = build("text", snapshot, {{"heads", "0.1,1.2"}}, selection);
  const Built to = build("text", snapshot, {{"heads", "layer"}, {"direction", "attended"}}, selection);
  const std::vector<double> row = toDoubles(from.data[0].values), column = toDoubles(to.data[0].values);
  Difference difference;
  for (std::int64_t j = 0; j <= 12; ++j)
    difference.add(row[size_t(j)],
                   (naive(snapshot->attention[0], 1, 12, j) + naive(snapshot->attention[1], 2, 12, j)) / 2);
  for (std::int64_t i = 12; i < 30; ++i) {
    double mean = 0;
    for (std::int64_t h = 0; h < 4; ++h) mean += naive(snapshot->attention[0], h, i, 12) / 4;
    difference.add(column[size_t(i)], mean);
  }
  EXPECT_TRUE(std::isnan(row[13]));
  EXPECT_TRUE(std::isnan(column[11]));
  difference.expectBelow(1e-6);
}

TEST(ScoreNumbers, GrowingTextGivesTheSameScoresAsAllAtOnce) {
  const auto snapshot = snapshotOf({60, 2, 4, 2});
  const View& view = *registry().find("scores");
  Request request = requestOf(view, snapshot, {{"score", "induction"}});
  for (const std::int64_t shown : {20, 21, 40, 33, 60}) {
    request.selection.shownTokens = shown;
    ASSERT_TRUE(view.build(request, {}).ok());
  }
  const auto built = view.build(request, {});
  std::vector<std::int32_t> tokens;
  for (std::size_t i = 0; i < 60; ++i) tokens.push_back(snapshot->tokens[i]);
  Difference difference;
  const std::vector<double> table = toDoubles(built->data[0].values); // [L, H]
  for (std::size_t l = 0; l < 2; ++l) {
    const auto all = analysis::headScores(snapshot->attention[l], tokens);
    ASSERT_TRUE(all.ok());
    for (std::size_t h = 0; h < 4; ++h) difference.add(table[l * 4 + h], (*all)[h][analysis::HeadScore::Induction]);
  }
  difference.expectBelow(1e-6);
}

TEST(HeadsNumbers, ThumbnailsAreBlockMeans) {
  const auto snapshot = snapshotOf({64, 2, 4, 2});
  const Built built = build("heads", snapshot);
  const Shape shape = built.data[0].values.shape;
  const std::int64_t side = shape[1], cell = 64 / side;
  ASSERT_EQ(shape[0], 2 * 4 * side);
  const std::vector<double> stacked = toDoubles(built.data[0].values);
  Difference difference;
  for (std::int64_t l = 0; l < 2; ++l)
    for (std::int64_t h = 0; h < 4; ++h)
      for (std::int64_t r = 0; r < side; ++r)
        for (std::int64_t c = 0; c < side; ++c)
          difference.add(stacked[size_t((((l * 4 + h) * side) + r) * side + c)],
                         naiveMean(snapshot->attention[size_t(l)], h, r, c, cell, 64));
  difference.expectBelow(1e-6);
}

TEST(NextNumbers, BarsAreTheCapturedProbabilities) {
  const auto snapshot = snapshotOf({10, 1, 1, 1});
  Selection selection;
  selection.query = 4;
  const Built built = build("next", snapshot, {}, selection);
  ASSERT_EQ(built.data[0].values.shape, (Shape{20}));
  const std::vector<double> shown = toDoubles(built.data[0].values);
  Difference difference;
  for (std::size_t i = 0; i < 20; ++i)
    difference.add(shown[i], std::exp(double(snapshot->scores[4].topLogProbabilities[i])));
  difference.expectBelow(1e-9);
  EXPECT_EQ(built.data[0].rowLabels.at(0), "·mat"); // id 5
}

TEST(SurprisalNumbers, BitsAreNatsOverLn2) {
  const auto snapshot = snapshotOf({12, 1, 1, 1});
  const std::vector<double> nat = toDoubles(build("surprisal", snapshot).data[0].values);
  const std::vector<double> bit = toDoubles(build("tokens", snapshot, {{"unit", "bit"}}).data[0].values);
  Difference difference;
  for (std::size_t i = 1; i < 12; ++i) {
    difference.add(nat[i], -double(snapshot->scores[i].logProbability));
    difference.add(bit[i] * std::log(2.0), nat[i]);
  }
  EXPECT_TRUE(std::isnan(nat[0]));
  difference.expectBelow(1e-9);
}

// A record of T = 8192 whose lse nobody computed: only its overview may be looked at.
store::SnapshotPtr longSnapshot(std::int64_t T) {
  auto snapshot = std::make_shared<store::Snapshot>();
  snapshot->info = std::make_shared<const store::RunInfo>();
  for (std::int64_t i = 0; i < T; ++i) {
    snapshot->tokens.push_back(std::int32_t(i % 50));
    snapshot->pieces.push_back(" word");
  }
  hooks::AttentionRecord record;
  record.heads = record.kvHeads = 12;
  record.headDim = 64;
  record.tokens = T;
  record.q = record.k = viewOf(std::vector<float>(size_t(12 * T * 64), 0.1f), Shape{12, T, 64});
  record.lse = viewOf(std::vector<float>(size_t(12 * T), 9.f), Shape{12, T});
  record.overview.cell = hooks::overviewCell(T, 256);
  record.overview.tokens = T;
  for (std::int64_t r = 0; r * record.overview.cell < T; ++r) {
    auto row = std::make_shared<hooks::OverviewRow>();
    row->heads = 12;
    row->cells = r + 1;
    row->sum.assign(size_t(12 * (r + 1)), 0.5);
    row->max.assign(size_t(12 * (r + 1)), 0.1f);
    record.overview.rows.push_back(row);
  }
  for (int l = 0; l < 12; ++l) snapshot->attention.push_back(record);
  return snapshot;
}

TEST(Speed, LongTextIsDrawnFromOverviewsAndTiles) {
  const store::SnapshotPtr snapshot = longSnapshot(8192);
  const auto milliseconds = [&](const std::string& name, const Parameters& parameters, const Viewports& viewports) {
    const auto begin = std::chrono::steady_clock::now();
    (void)build(name, snapshot, parameters, {}, viewports, 1200, 900);
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
  };
  std::printf("T = 8192, 12 x 12 heads: heads %.1f ms", milliseconds("heads", {{"score", "none"}}, {}));
  std::printf(", head whole %.1f ms", milliseconds("head", {}, {}));
  std::printf(", head 512 x 512 %.1f ms", milliseconds("head", {}, {{"head", {100, 4000, 512, 512}}}));
  std::printf(", text %.1f ms\n", milliseconds("text", {}, {}));
}

} // namespace
