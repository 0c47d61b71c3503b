// SPDX-License-Identifier: MIT
// The pyramid of one head: every level against a naive pooling, and what is shown while its tiles are computed.
#include <gtest/gtest.h>

#include <cstdio>
#include <future>
#include <thread>

#include "tests/views/views/sample.h"
#include "views/attention_map.h"

using namespace orrery;
using namespace orrery::views;
using namespace orrery::views::sample;

namespace {

using Shown = std::vector<double>;

// The pattern of one head as hook_pattern has it, masked pairs 0. [T, T]
Shown naivePattern(const hooks::AttentionRecord& r, std::int64_t head) {
  Shown all(size_t(r.tokens * r.tokens), 0);
  for (std::int64_t i = 0; i < r.tokens; ++i)
    for (std::int64_t j = r.window > 0 ? std::max<std::int64_t>(0, i - r.window + 1) : 0; j <= i; ++j) {
      const double* q = r.q.as<double>() + (head * r.tokens + i) * r.headDim;
      const double* k = r.k.as<double>() + (r.kvHead(head) * r.tokens + j) * r.headDim;
      all[size_t(i * r.tokens + j)] = std::exp(r.scale * dot(q, k) - r.lse.as<double>()[head * r.tokens + i]);
    }
  return all;
}

struct Pooled {
  double sum = 0, max = 0, count = 0;
};
Pooled naiveCell(const Shown& pattern, std::int64_t T, std::int64_t i, std::int64_t j, std::int64_t cell) {
  Pooled pooled;
  for (std::int64_t r = i; r < std::min(T, i + cell); ++r)
    for (std::int64_t c = j; c < std::min(T, j + cell); ++c) {
      pooled.sum += pattern[size_t(r * T + c)];
      pooled.max = std::max(pooled.max, pattern[size_t(r * T + c)]);
      ++pooled.count;
    }
  return pooled;
}

TEST(Pyramid, EveryLevelIsTheMeanAndMaximumOfTheExactCells) {
  for (const std::int64_t window : {0, 37}) {
    const auto snapshot = snapshotOf({333, 1, 2, 1, 4}); // overview cells of 128 tokens
    hooks::AttentionRecord& record = snapshot->attention[0];
    record.window = window;
    record.overview = hooks::overviewOf(record, record.overview.cell).value();
    const Shown pattern = naivePattern(record, 1);
    Request request;
    request.snapshot = snapshot;
    const auto attention = layerAttention(request, 0);
    ASSERT_TRUE(attention.ok());
    double worst = 0;
    int levels = 0;
    for (std::int64_t cell = 1; cell <= 256; cell *= 2, ++levels) {
      const auto map = headMap(*attention, 1, {{40, 333}, {10, 320}, cell}, std::make_shared<TileCache>(), {});
      ASSERT_TRUE(map.ok());
      ASSERT_EQ(map->cell, cell);
      EXPECT_FALSE(map->incomplete);
      for (std::int64_t r = 0; r < map->height; ++r)
        for (std::int64_t c = 0; c < map->width; ++c) {
          const Pooled expected = naiveCell(pattern, 333, map->rows.begin + r * cell, map->cols.begin + c * cell, cell);
          worst = std::max(worst, std::abs(double(map->mean[map->at(r, c)]) - expected.sum / expected.count));
          worst = std::max(worst, std::abs(double(map->max[map->at(r, c)]) - expected.max));
        }
    }
    std::printf("window %lld, %d levels: largest difference %.3g, tolerance 1e-6\n", static_cast<long long>(window),
                levels, worst);
    EXPECT_LE(worst, 1e-6);
  }
}

class PyramidView : public testing::Test {
protected:
  static constexpr std::int64_t kTokens = 3000;
  static constexpr double kSide = 2600; // tokens of the first viewport
  Request request(const Viewports& viewports, std::shared_ptr<TileLoader> loader = nullptr) const {
    Request asked = requestOf(*m_view, m_snapshot, {}, 900, 900);
    asked.viewports = viewports;
    asked.loader = std::move(loader);
    return asked;
  }
  Built build(const Request& asked) const { return m_view->build(asked, {}).value(); }
  static Shown shown(const Built& built) { return toDoubles(built.data.at(0).values); }

  const store::SnapshotPtr m_snapshot = snapshotOf({kTokens, 1, 1, 1, 32}); // overview cells of 128 tokens
  const Viewports m_first{{"head", {100, 300, kSide, kSide}}};
  const Registry m_registry = builtInViews();
  const View* m_view = m_registry.find("head");
};

TEST_F(PyramidView, CoarserCellsStandInUntilTheTilesArrive) {
  ThreadPool pool{2};
  std::atomic<int> arrivals{0};
  const auto loader = std::make_shared<TileLoader>(pool, [&] { ++arrivals; });
  const Registry other = builtInViews(); // another cache
  const Built whole = other.find("head")->build(request(m_first), {}).value();
  EXPECT_FALSE(whole.incomplete);
  const Shown last = shown(whole);

  Built built = build(request(m_first, loader));
  EXPECT_TRUE(built.incomplete);
  const Shown first = shown(built);
  ASSERT_EQ(first.size(), last.size());
  int steps = 1;
  double between = 0;
  while (built.incomplete && steps < 100000) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    built = build(request(m_first, loader));
    ++steps;
    const Shown now = shown(built);
    ASSERT_EQ(now.size(), last.size()) << "the picture jumped to other cells";
    for (std::size_t i = 0; i < now.size(); ++i)
      between = std::max(between, std::min(std::abs(now[i] - first[i]), std::abs(now[i] - last[i])));
  }
  const Shown end = shown(built);
  double worst = 0, coarse = 0;
  for (std::size_t i = 0; i < end.size(); ++i) {
    worst = std::max(worst, std::abs(end[i] - last[i]));
    coarse = std::max(coarse, std::abs(first[i] - last[i]));
  }
  std::printf(
      "%d tiles arrived over %d pictures; first against last %.3g, in between %.3g, at the end %.3g; tolerance 0\n",
      arrivals.load(), steps, coarse, between, worst);
  EXPECT_FALSE(built.incomplete);
  EXPECT_GT(arrivals, 0);
  EXPECT_GT(coarse, 0);
  EXPECT_EQ(between, 0) << "every cell is either the coarser or the final one";
  EXPECT_EQ(worst, 0);
  EXPECT_EQ(built.scene.images[0].width, 24) << "the whole head lies under the map while the camera moves";
}

TEST_F(PyramidView, TheFirstPictureIsTheOverview) {
  ThreadPool pool{1};
  const auto loader = std::make_shared<TileLoader>(pool, [] {});
  const Built built = build(request(m_first, loader));
  const Shown values = shown(built);
  const hooks::AttentionRecord& record = m_snapshot->attention[0];
  const scene::ImageLayer& image = built.scene.images.at(1);
  const auto cell = std::int64_t(image.data.w) / image.width;
  ASSERT_TRUE(built.incomplete);
  ASSERT_LT(cell, record.overview.cell);
  double worst = 0;
  for (std::int64_t r = 0; r < image.height; ++r)
    for (std::int64_t c = 0; c < image.width; ++c) {
      if ((*image.mask)[size_t(r * image.width + c)]) continue;
      const std::int64_t i = std::int64_t(image.data.y) + r * cell, j = std::int64_t(image.data.x) + c * cell;
      const double expected = record.overview.mean(0, i / record.overview.cell, j / record.overview.cell);
      worst = std::max(worst, std::abs(values[size_t(r * image.width + c)] - expected));
    }
  std::printf("cells of %lld tokens from an overview of %lld: largest difference %.3g, tolerance 1e-7\n",
              static_cast<long long>(cell), static_cast<long long>(record.overview.cell), worst);
  EXPECT_LE(worst, 1e-7);
}

// The only thread is held until both pictures were asked for: what the first alone wanted is never computed.
TEST_F(PyramidView, WhatIsNoLongerInViewIsDropped) {
  ThreadPool pool{1};
  std::promise<void> go;
  pool.post([ready = go.get_future().share()] { ready.wait(); });
  std::atomic<int> arrivals{0};
  const auto loader = std::make_shared<TileLoader>(pool, [&] { ++arrivals; });
  EXPECT_TRUE(build(request(m_first, loader)).incomplete);
  const Viewports small{{"head", {0, 0, 60, 60}}};
  EXPECT_FALSE(build(request(small, loader)).incomplete) << "quick work is done at once";
  go.set_value();
  pool.drain();
  EXPECT_FALSE(loader->busy());
  EXPECT_EQ(arrivals, 0);
}

// The tiles of a whole head at one level: with a window they grow as the text, without as its square.
TEST(Pyramid, TilesOfAWindowGrowAsTheText) {
  const auto tilesOf = [](std::int64_t tokens, std::int64_t window) {
    const auto snapshot = snapshotOf({tokens, 1, 1, 1, 4});
    snapshot->attention[0].window = window;
    Request request;
    request.snapshot = snapshot;
    const auto cache = std::make_shared<TileCache>();
    EXPECT_TRUE(headMap(*layerAttention(request, 0), 0, {{0, tokens}, {0, tokens}, 1}, cache, {}).ok());
    return static_cast<long long>(cache->size());
  };
  const long long narrow[] = {tilesOf(1024, 64), tilesOf(2048, 64)}, whole[] = {tilesOf(1024, 0), tilesOf(2048, 0)};
  std::printf("tiles for 1024 and 2048 tokens: %lld and %lld with a window of 64, %lld and %lld without\n", narrow[0],
              narrow[1], whole[0], whole[1]);
  EXPECT_LE(narrow[1], 2 * narrow[0] + 1);
  EXPECT_EQ(narrow[0], 2 * 16 - 1);
  EXPECT_EQ(whole[0], 16 * 17 / 2);
}

TEST(TileLoaderTest, MostWantedFirstAndNothingAfterClose) {
  ThreadPool pool{2}; // one of them for tiles
  const auto cache = std::make_shared<TileCache>();
  std::vector<std::int64_t> order;
  std::promise<void> done;
  std::atomic<int> arrivals{0};
  TileLoader loader(pool, [&] {
    if (++arrivals == 3) done.set_value();
  });
  const auto work = [&](std::int64_t at) {
    TileKey key;
    key.rowBegin = at;
    return TileWork{key, [&order, at](const std::stop_token&) -> Result<Tile> {
                      order.push_back(at);
                      return Tile{1, 1, {0.5f}, {}};
                    }};
  };
  loader.want(cache, {work(5), work(3), work(9)});
  done.get_future().wait();
  EXPECT_EQ(order, (std::vector<std::int64_t>{5, 3, 9}));
  EXPECT_EQ(cache->size(), 3u);
  loader.close();
  loader.want(cache, {work(11)});
  pool.drain();
  EXPECT_EQ(arrivals, 3);
}

} // namespace
