// SPDX-License-Identifier: MIT
// Map views: numbers against the curves they come from, naive ranks, and what each mark stands for.
#include <gtest/gtest.h>

#include <cstdio>

#include "tests/views/views/sample.h"
#include "views/map_pixels.h"

using namespace orrery;
using namespace orrery::views;
using namespace orrery::views::sample;

namespace {

Built buildOf(const char* name, const Parameters& given = {}, const Selection& selection = {}) {
  static const Registry all = builtInViews();
  const View& view = *all.find(name);
  Request request;
  request.map = sampleMap();
  request.parameters = completeParameters(view.info(), given).value();
  request.selection = selection;
  request.width = 700;
  request.height = 520;
  auto built = view.build(request, {});
  EXPECT_TRUE(built.ok()) << (built.ok() ? "" : built.error().what);
  return built.ok() ? *built : Built{};
}

Request plainRequest(Parameters given = {}) {
  Request request;
  request.map = sampleMap();
  request.parameters = std::move(given);
  request.parameters.emplace("measure", "spec");
  request.parameters.emplace("threshold", "auto");
  return request;
}

TEST(Map, ThresholdActsOnTheDigests) {
  for (const double threshold : {0.1, 0.5, 1.0, 3.0}) {
    auto pixels =
        mapPixels(plainRequest({{"measure", "sohl-dickstein"}, {"threshold", std::to_string(threshold)}}), "map");
    ASSERT_TRUE(pixels.ok());
    for (std::int64_t row = 0; row < kMapHeight; ++row)
      for (std::int64_t column = 0; column < kMapWidth; ++column) {
        if (pixels->state[pixels->at(row, column)] == sweep::kNone) continue;
        const std::vector<double> losses = mapCurve(kMapHeight - 1 - row, column);
        double mean = 0; // of the last 20
        for (std::size_t t = losses.size() - 20; t < losses.size(); ++t) mean += losses[t] / losses[0] / 20;
        EXPECT_EQ(pixels->trainable[pixels->at(row, column)] != 0, mean < threshold) << row << " " << column;
      }
  }
}

TEST(Map, TonesAreRanksWithinEachClass) {
  auto pixels = mapPixels(plainRequest(), "map");
  ASSERT_TRUE(pixels.ok());
  const std::vector<float> tones = mapTones(*pixels, true);
  for (const std::size_t i :
       {std::size_t{5}, std::size_t{300}, std::size_t{1000}, std::size_t{1400}, std::size_t{1900}}) {
    std::size_t smaller = 0, all = 0;
    for (std::size_t k = 0; k < tones.size(); ++k) {
      if (pixels->state[k] == sweep::kNone || pixels->trainable[k] != pixels->trainable[i]) continue;
      ++all;
      smaller += std::abs(pixels->value[k]) < std::abs(pixels->value[i]);
    }
    const double expected = 0.25 + 0.75 * double(smaller) / double(all);
    EXPECT_NEAR(tones[i], pixels->trainable[i] ? -expected : expected, 1e-6) << i;
  }
  for (const float tone : mapTones(*pixels, false)) EXPECT_TRUE(std::isfinite(tone) && std::abs(tone) <= 1);
}

TEST(Map, MasksSayWhatWasComputed) {
  const Built built = buildOf("map");
  ASSERT_EQ(built.scene.images.size(), 1u);
  const auto& mask = *built.scene.images[0].mask;
  EXPECT_EQ(std::count(mask.begin(), mask.end(), 2), 16);
  EXPECT_EQ(std::count(mask.begin(), mask.end(), 1), 1);
  EXPECT_EQ(mask[std::size_t((kMapHeight - 1) * kMapWidth)], 2); // the guessed corner is at the bottom left
  EXPECT_EQ(mask[std::size_t(kMapWidth - 1)], 1);                // the empty pixel at the top right
  EXPECT_EQ(built.scene.nonFinite, 0);
  ASSERT_EQ(built.scene.above.size(), 1u); // what rounding decides: row 7 from the bottom
  EXPECT_EQ(built.scene.above[0].rect.y, kMapHeight - 1 - 7);
  EXPECT_EQ(built.scene.above[0].rect.x, 11);
  EXPECT_NE(built.caption.find("of 20 audited guesses 1 were wrong"), std::string::npos) << built.caption;
  const Built plain = buildOf("map", {{"guesses", "false"}, {"rounding", "false"}, {"beside", "quadratic"}});
  EXPECT_EQ(std::count(plain.scene.images[0].mask->begin(), plain.scene.images[0].mask->end(), 2), 0);
  EXPECT_TRUE(plain.scene.above.empty());
  EXPECT_EQ(plain.scene.images.size(), 2u);
}

TEST(Map, ContoursSeparateTheClasses) {
  const Built with = buildOf("map", {{"contours", "true"}}), without = buildOf("map");
  auto pixels = mapPixels(plainRequest(), "map");
  double expected = 0, found = 0;
  const auto differ = [&](std::size_t a, std::size_t b) {
    return pixels->state[a] && pixels->state[b] && pixels->trainable[a] != pixels->trainable[b];
  };
  for (std::int64_t i = 0; i < kMapHeight; ++i)
    for (std::int64_t j = 0; j < kMapWidth; ++j) {
      expected += i + 1 < kMapHeight && differ(pixels->at(i, j), pixels->at(i + 1, j));
      expected += j + 1 < kMapWidth && differ(pixels->at(i, j), pixels->at(i, j + 1));
    }
  const auto length = [](const scene::Scene& s) {
    double sum = 0;
    for (const scene::Polyline& line : s.lines)
      if (line.panel == 0 && !line.closed)
        sum += std::hypot(line.points[1].x - line.points[0].x, line.points[1].y - line.points[0].y);
    return sum;
  };
  found = length(with.scene) - length(without.scene);
  EXPECT_NEAR(found, expected, 1e-9);
  EXPECT_GT(expected, 50);
}

TEST(Map, ClicksMoveThePixelBefore) {
  static const Registry all = builtInViews();
  const View& view = *all.find("map");
  Selection s = view.onLink("cell 3 4", {});
  EXPECT_EQ(s.mapRow, 3);
  EXPECT_EQ(s.mapColumn, 4);
  EXPECT_EQ(s.otherRow, kNone);
  s = view.onLink("cell 8 9", s);
  EXPECT_EQ(s.mapRow, 8);
  EXPECT_EQ(s.otherRow, 3);
  EXPECT_EQ(s.otherColumn, 4);
  EXPECT_EQ(view.onLink("nonsense", s), s);
}

TEST(Map, AxesNameTheirValues) {
  std::vector<double> values;
  for (int k = 0; k <= 90; ++k) values.push_back(std::pow(10, -3 + 0.1 * k));
  const MapAxis wide = mapAxis(values, {0, 91}, "lr.input", true, 12);
  EXPECT_EQ(wide.title, "log10 lr.input");
  ASSERT_GE(wide.ticks.size(), 5u);
  for (const scene::Tick& tick : wide.ticks) EXPECT_NEAR(tick.value, (std::stod(tick.label) + 3) * 10 + 0.5, 1e-6);
  const MapAxis part = mapAxis(values, {40, 48}, "lr.input", true, 8); // zoomed: ticks of what is shown
  ASSERT_GE(part.ticks.size(), 2u);
  for (const scene::Tick& tick : part.ticks) {
    EXPECT_GE(tick.value, 40);
    EXPECT_LE(tick.value, 48);
    EXPECT_NEAR(tick.value, (std::stod(tick.label) + 3) * 10 + 0.5, 1e-6);
  }
  // 1e-12 around 0.3: ticks count from the first value.
  std::vector<double> deep;
  for (int k = 0; k <= 64; ++k) deep.push_back(0.3 + 1e-12 * k / 64);
  const MapAxis close = mapAxis(deep, {0, 65}, "lr.all", false, 6);
  EXPECT_EQ(close.title, "lr.all \u2212 0.3");
  ASSERT_GE(close.ticks.size(), 2u);
  for (const scene::Tick& tick : close.ticks) EXPECT_NEAR(tick.value, std::stod(tick.label) / 1e-12 * 64 + 0.5, 0.02);
}

TEST(Map, ProfileFollowsTheLine) {
  Selection s;
  s.mapRow = 30, s.mapColumn = 40, s.otherRow = 10, s.otherColumn = 5;
  const Built built = buildOf("map-profile", {}, s);
  const std::vector<double> values = toDoubles(built.data.at(0).values);
  ASSERT_EQ(values.size(), 36u);
  auto pixels = mapPixels(plainRequest(), "map");
  EXPECT_EQ(values.front(), pixels->value[pixels->at(10, 5)]);
  EXPECT_EQ(values.back(), pixels->value[pixels->at(30, 40)]);
}

TEST(Map, CurveIsTheOneThatWasTrained) {
  const Built built = buildOf("map-curve");
  ASSERT_EQ(built.data.size(), 1u);
  EXPECT_EQ(toDoubles(built.data[0].values), mapCurve(kMapHeight - 1 - kMapHeight / 2, kMapWidth / 2));
}

TEST(Map, DimensionStandsWithItsVerdict) {
  const Built built = buildOf("map-dimension");
  EXPECT_NE(built.caption.find("unresolved at this grid"), std::string::npos) << built.caption;
  EXPECT_NE(built.caption.find("decades"), std::string::npos);
  EXPECT_GE(built.data.size(), 2u);
}

TEST(Map, WhatIsMissingIsSaid) {
  Request request = plainRequest({{"measure", "torkamandi"}});
  auto bare = std::make_shared<MapInput>(*request.map);
  sweep::Map map = *bare->snapshot->map;
  map.pixels.digests.clear();
  auto snapshot = std::make_shared<sweep::MapSnapshot>(*bare->snapshot);
  snapshot->map = std::make_shared<const sweep::Map>(map);
  bare->snapshot = snapshot;
  request.map = bare;
  auto pixels = mapPixels(request, "map");
  ASSERT_FALSE(pixels.ok());
  EXPECT_NE(pixels.error().what.find("holds no digests"), std::string::npos);
  EXPECT_FALSE(mapPixels(plainRequest(), "no such layer").ok());
}

} // namespace
