// SPDX-License-Identifier: MIT
#include <chrono>
#include <cstdio>
#include <gtest/gtest.h>

#include "core/hooks/attention_record.h"
#include "records.h"

namespace orrery::hooks {
namespace {

using testkit::RecordShape;

const RecordShape kShapes[] = {
    {.heads = 1, .kvHeads = 1, .headDim = 1, .tokens = 1},
    {.heads = 2, .kvHeads = 1, .headDim = 20, .tokens = 7},
    {.heads = 6, .kvHeads = 2, .headDim = 24, .tokens = 67, .spread = 2},
    {.heads = 4, .kvHeads = 4, .headDim = 64, .tokens = 131},
    {.heads = 3, .kvHeads = 1, .headDim = 13, .tokens = 97, .window = 8, .spread = 2},
    {.heads = 2, .kvHeads = 2, .headDim = 16, .tokens = 77, .window = 1},
    {.heads = 4, .kvHeads = 2, .headDim = 17, .tokens = 90, .window = 33, .softcap = 6, .spread = 2},
    {.heads = 1, .kvHeads = 1, .headDim = 128, .tokens = 65, .softcap = 20},
};

// Some rectangles: whole, single cells, off the diagonal, above it, empty.
std::vector<std::pair<TileRange, TileRange>> rectangles(std::int64_t t) {
  const std::int64_t a = t / 3, b = t - t / 4;
  return {{{0, t}, {0, t}}, {{t - 1, t}, {0, 1}}, {{a, b}, {a / 2, b}},
          {{0, a}, {b, t}}, {{b, t}, {0, a}},     {{a, a}, {0, t}}};
}

template <class T> double largestDifference(const RecordShape& shape, std::uint64_t seed) {
  const AttentionRecord record = testkit::randomRecord<T>(shape, seed);
  double worst = 0;
  for (std::int64_t h = 0; h < shape.heads; ++h)
    for (const auto& [rows, cols] : rectangles(shape.tokens)) {
      const auto tile = attentionTile64(record, h, rows, cols);
      const auto floats = attentionTile(record, h, rows, cols);
      EXPECT_TRUE(tile.ok() && floats.ok());
      for (std::int64_t i = rows.begin; i < rows.end; ++i) {
        const std::vector<double> truth = testkit::naiveRow(record, h, i);
        for (std::int64_t j = cols.begin; j < cols.end; ++j) {
          const auto at = static_cast<std::size_t>((i - rows.begin) * cols.size() + j - cols.begin);
          worst = std::max(worst, std::abs((*tile)[at] - truth[static_cast<std::size_t>(j)]));
          EXPECT_EQ((*floats)[at], static_cast<float>((*tile)[at]));
        }
      }
    }
  return worst;
}

TEST(AttentionTile, EqualsTheNaiveTwinInFloat) {
  for (std::size_t i = 0; i < std::size(kShapes); ++i) {
    const double worst = largestDifference<float>(kShapes[i], i);
    const double tolerance = testkit::floatTolerance(testkit::randomRecord<float>(kShapes[i], i));
    std::printf("largest difference %.3g, tolerance %.3g\n", worst, tolerance);
    EXPECT_LE(worst, tolerance);
  }
}

TEST(AttentionTile, EqualsTheNaiveTwinInDouble) {
  double worst = 0;
  for (std::size_t i = 0; i < std::size(kShapes); ++i)
    worst = std::max(worst, largestDifference<double>(kShapes[i], i));
  std::printf("largest difference %.3g, tolerance 1e-14\n", worst);
  EXPECT_LE(worst, 1e-14);
}

// The order a GEMM micro-kernel sums in: one fused multiply-add per d, ascending, then the scale.
TEST(AttentionTile, ScoresHaveTheBitsOfSequentialFusedMultiplyAdd) {
  const AttentionRecord r = testkit::randomRecord<float>({.heads = 2, .kvHeads = 1, .headDim = 64, .tokens = 70}, 5);
  const auto tile = scoreTile(r, 1, {0, 70}, {0, 70});
  ASSERT_TRUE(tile.ok());
  int differ = 0;
  for (std::int64_t i = 0; i < 70; ++i)
    for (std::int64_t j = 0; j < 70; ++j) {
      float dot = 0;
      for (std::int64_t d = 0; d < 64; ++d)
        dot = std::fma(r.q.as<float>()[(70 + i) * 64 + d], r.k.as<float>()[j * 64 + d], dot);
      const float expected = j > i ? -std::numeric_limits<float>::infinity() : dot * static_cast<float>(r.scale);
      differ += (*tile)[static_cast<std::size_t>(i * 70 + j)] != expected;
    }
#if defined(__x86_64__)
  if (!__builtin_cpu_supports("fma")) GTEST_SKIP() << "runs where the processor has fused multiply-add";
#endif
  EXPECT_EQ(differ, 0);
}

TEST(AttentionTile, UniformAttention) {
  AttentionRecord r = testkit::randomRecord<float>({.headDim = 5, .tokens = 50}, 1);
  r.q = viewOf(std::vector<float>(250, 0.0F), {1, 50, 5});
  testkit::setLse<float>(r, DType::F32);
  const auto tile = attentionTile(r, 0, {0, 50}, {0, 50});
  ASSERT_TRUE(tile.ok());
  double worst = 0;
  for (int i = 0; i < 50; ++i)
    for (int j = 0; j < 50; ++j)
      worst = std::max(worst, std::abs((*tile)[static_cast<std::size_t>(i * 50 + j)] - (j <= i ? 1.0 / (i + 1) : 0.0)));
  std::printf("largest difference %.3g, tolerance 2e-7\n", worst);
  EXPECT_LE(worst, 2e-7);
}

// q_i . k_j is large only for j = i: every row looks at itself.
TEST(AttentionTile, OneHotAttention) {
  AttentionRecord r = testkit::randomRecord<double>({.headDim = 20, .tokens = 20}, 1);
  std::vector<double> eye(400, 0.0);
  for (std::size_t i = 0; i < 20; ++i) eye[i * 21] = 30;
  r.q = r.k = viewOf(eye, {1, 20, 20});
  testkit::setLse<double>(r, DType::F64);
  const auto tile = attentionTile64(r, 0, {0, 20}, {0, 20});
  ASSERT_TRUE(tile.ok());
  for (std::size_t i = 0; i < 20; ++i)
    for (std::size_t j = 0; j < 20; ++j) EXPECT_NEAR((*tile)[i * 20 + j], i == j ? 1 : 0, 1e-15);
}

// Views as a forward pass has them: [T, H, Dh] memory seen as [H, T, Dh], buffers longer than the text, lse in double.
TEST(AttentionTile, AnyStrides) {
  const AttentionRecord plain =
      testkit::randomRecord<float>({.heads = 4, .kvHeads = 2, .headDim = 12, .tokens = 30}, 9);
  AttentionRecord strided = plain;
  const auto interleave = [](const TensorView& view, std::int64_t heads) {
    std::vector<float> out(static_cast<std::size_t>(40 * heads * 12));
    for (std::int64_t h = 0; h < heads; ++h)
      for (std::int64_t t = 0; t < 30; ++t)
        for (std::int64_t d = 0; d < 12; ++d)
          out[static_cast<std::size_t>((t * 12 + d) * heads + h)] = view.as<float>()[(h * 30 + t) * 12 + d];
    TensorView made = viewOf(std::move(out), {40, 12, heads});
    made.shape = {heads, 40, 12};
    made.strides = {1, 12 * heads, heads};
    return made;
  };
  strided.q = interleave(plain.q, 4);
  strided.k = interleave(plain.k, 2);
  const std::vector<double> lse = toDoubles(plain.lse);
  strided.lse = viewOf(lse, {4, 30});
  for (std::int64_t h = 0; h < 4; ++h)
    EXPECT_EQ(*attentionTile(plain, h, {3, 30}, {0, 29}), *attentionTile(strided, h, {3, 30}, {0, 29}));
  EXPECT_EQ(*dimensionProducts(plain, 3, 20, 7), *dimensionProducts(strided, 3, 20, 7));
}

TEST(AttentionTile, DimensionProductsAddUpToTheScore) {
  const AttentionRecord r = testkit::randomRecord<double>({.heads = 6, .kvHeads = 3, .headDim = 24, .tokens = 12}, 3);
  const auto products = dimensionProducts(r, 5, 9, 4);
  ASSERT_TRUE(products.ok());
  ASSERT_EQ(products->size(), 24U);
  double sum = 0;
  for (const double p : *products) sum += p;
  EXPECT_NEAR(sum, testkit::naiveScore(r, 5, 9, 4), 1e-14);
}

TEST(AttentionTile, PooledTileEqualsPoolingTheWholeMap) {
  for (const RecordShape& shape : kShapes) {
    double worst = 0;
    const AttentionRecord r = testkit::randomRecord<float>(shape, 11);
    for (const auto& [rows, cols] : rectangles(shape.tokens))
      for (const std::int64_t cell : {1, 3, 8, 100}) {
        const auto pooled = pooledTile(r, shape.heads - 1, rows, cols, cell);
        ASSERT_TRUE(pooled.ok());
        std::vector<double> sum(pooled->mean.size()), max(pooled->mean.size()), count(pooled->mean.size());
        for (std::int64_t i = rows.begin; i < rows.end; ++i) {
          const auto row = testkit::naiveRow(r, shape.heads - 1, i);
          for (std::int64_t j = cols.begin; j < cols.end; ++j) {
            const auto at = static_cast<std::size_t>((i - rows.begin) / cell * pooled->cols + (j - cols.begin) / cell);
            sum[at] += row[static_cast<std::size_t>(j)];
            max[at] = std::max(max[at], row[static_cast<std::size_t>(j)]);
            count[at] += 1;
          }
        }
        for (std::size_t c = 0; c < sum.size(); ++c) {
          worst = std::max({worst, std::abs(sum[c] / count[c] - static_cast<double>(pooled->mean[c])),
                            std::abs(max[c] - static_cast<double>(pooled->max[c]))});
        }
      }
    const double tolerance = testkit::floatTolerance(r);
    std::printf("largest difference %.3g, tolerance %.3g\n", worst, tolerance);
    EXPECT_LE(worst, tolerance);
  }
}

TEST(AttentionTile, BadRangesAndRecordsAreRefused) {
  const AttentionRecord r = testkit::randomRecord<float>({.heads = 4, .kvHeads = 2, .tokens = 10}, 1);
  constexpr std::int64_t kHuge = std::numeric_limits<std::int64_t>::max();
  for (const TileRange bad :
       {TileRange{-1, 3}, TileRange{3, 2}, TileRange{0, 11}, TileRange{11, 11}, TileRange{kHuge, kHuge}}) {
    EXPECT_FALSE(attentionTile(r, 0, bad, {0, 1}).ok());
    EXPECT_FALSE(attentionTile64(r, 0, {0, 1}, bad).ok());
    EXPECT_FALSE(scoreTile(r, 0, bad, bad).ok());
    EXPECT_FALSE(pooledTile(r, 0, bad, {0, 1}, 2).ok());
  }
  EXPECT_TRUE(pooledTile(r, 0, {0, 10}, {0, 10}, kHuge).ok());
  for (const std::int64_t cell : {0, -4}) EXPECT_FALSE(pooledTile(r, 0, {0, 10}, {0, 10}, cell).ok());
  for (const std::int64_t head : {std::int64_t{-1}, std::int64_t{4}, kHuge})
    EXPECT_FALSE(attentionTile(r, head, {0, 1}, {0, 1}).ok());
  for (const std::int64_t cell : {std::int64_t{-1}, std::int64_t{10}, kHuge})
    EXPECT_FALSE(dimensionProducts(r, 0, cell, 0).ok());

  const auto refused = [&](auto change) {
    AttentionRecord broken = r;
    change(broken);
    const auto tile = attentionTile(broken, 0, {0, 1}, {0, 1});
    return !tile.ok() && !tile.error().what.empty();
  };
  EXPECT_TRUE(refused([](AttentionRecord& b) { b.kvHeads = 3; }));
  EXPECT_TRUE(refused([](AttentionRecord& b) { b.kvHeads = 0; }));
  EXPECT_TRUE(refused([](AttentionRecord& b) { b.tokens = 11; }));
  EXPECT_TRUE(refused([](AttentionRecord& b) { b.k.shape[2] = 7; }));
  EXPECT_TRUE(refused([](AttentionRecord& b) { b.q.dtype = DType::F16; }));
  EXPECT_TRUE(refused([](AttentionRecord& b) { b.k.dtype = DType::F64; }));
  EXPECT_TRUE(refused([](AttentionRecord& b) { b.lse = {}; }));
  EXPECT_TRUE(refused([](AttentionRecord& b) { b.kind = "retention"; }));
  EXPECT_EQ(attentionTile(r, 4, {0, 1}, {0, 1}).error().what, "attention tile: head 4 of a layer with 4 heads");
}

TEST(AttentionTile, ATileOf256x256IsFarBelowAFrame) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "timed in builds without a sanitizer";
#endif
  RecordShape shape{.heads = 1, .kvHeads = 1, .headDim = 64, .tokens = 8192};
  std::mt19937_64 random(1);
  AttentionRecord r;
  r.heads = r.kvHeads = 1;
  r.headDim = 64;
  r.tokens = shape.tokens;
  r.scale = 0.125;
  r.q = testkit::normals<float>(random, {1, 8192, 64}, 1, DType::F32);
  r.k = testkit::normals<float>(random, {1, 8192, 64}, 1, DType::F32);
  r.lse = viewOf(std::vector<float>(8192, 9.0F), {1, 8192});
  double best = 1e9;
  for (int i = 0; i < 10; ++i) {
    const auto start = std::chrono::steady_clock::now();
    ASSERT_TRUE(attentionTile(r, 0, {7900, 8156}, {4000, 4256}).ok());
    best = std::min(best, std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count());
  }
  std::printf("256 x 256 tile at T = 8192, Dh = 64: %.3f ms, allowed 16 ms\n", best);
  EXPECT_LE(best, 16);
}

} // namespace
} // namespace orrery::hooks
