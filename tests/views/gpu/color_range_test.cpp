// SPDX-License-Identifier: MIT
#include "views/gpu/color_range.h"

#include <gtest/gtest.h>

#include <cmath>

namespace orrery::gpu {
namespace {

views::ViewInfo info() {
  views::ViewInfo info;
  info.parameters.resize(3);
  info.parameters[0].name = "low";
  info.parameters[1].name = "high";
  info.parameters[2].name = "scale";
  return info;
}

scene::Scene sceneWithBar(bool log) {
  scene::Scene scene;
  scene::ColorBar bar;
  bar.frame = {500, 20, 12, 200};
  bar.scale.low = log ? 0.01 : 0.0;
  bar.scale.high = 1;
  bar.scale.log = log;
  scene.bars.push_back(bar);
  return scene;
}

TEST(ColorRange, AutoTakesTheRangeOfTheBar) {
  const RangeState range = rangeOf(info(), {{"low", "auto"}, {"high", "auto"}, {"scale", "log"}}, sceneWithBar(true));
  EXPECT_TRUE(range.hasRange && range.hasLog && range.log);
  EXPECT_FALSE(range.lock);
  EXPECT_DOUBLE_EQ(range.low, 0.01);
  EXPECT_DOUBLE_EQ(range.high, 1);
}

TEST(ColorRange, LockWritesBothNumbersAndUnlockFreesThem) {
  const views::Parameters given{{"low", "auto"}, {"high", "auto"}};
  const RangeState before = rangeOf(info(), given, sceneWithBar(false));
  RangeState after = before;
  after.lock = true;
  const views::Parameters locked = withRange(info(), given, before, after);
  EXPECT_EQ(locked.at("low"), "0");
  EXPECT_EQ(locked.at("high"), "1");
  const views::Parameters freed = withRange(info(), locked, after, before);
  EXPECT_EQ(freed.at("low"), "auto");
  EXPECT_EQ(freed.at("high"), "auto");
}

TEST(ColorRange, DraggedEndChangesOnlyItself) {
  const views::Parameters given{{"low", "auto"}, {"high", "auto"}, {"scale", "linear"}};
  const RangeState before = rangeOf(info(), given, sceneWithBar(false));
  RangeState after = before;
  after.high = 0.25;
  const views::Parameters edited = withRange(info(), given, before, after);
  EXPECT_EQ(edited.at("low"), "auto");
  EXPECT_EQ(edited.at("high"), "0.25");
  EXPECT_EQ(edited.at("scale"), "linear");
}

TEST(ColorRange, EndsOfABarAndTheValuesAlongIt) {
  const scene::Scene linear = sceneWithBar(false), log = sceneWithBar(true);
  ASSERT_TRUE(barEndAt(linear, {505, 22}));
  EXPECT_TRUE(barEndAt(linear, {505, 22})->high);
  ASSERT_TRUE(barEndAt(linear, {505, 219}));
  EXPECT_FALSE(barEndAt(linear, {505, 219})->high);
  EXPECT_FALSE(barEndAt(linear, {505, 120}));
  EXPECT_TRUE(onBar(linear, {505, 120}));
  EXPECT_NEAR(barValueAt(linear.bars[0], {505, 70}), 0.75, 1e-12);
  EXPECT_NEAR(barValueAt(log.bars[0], {505, 120}), 0.1, 1e-12); // middle of 0.01 .. 1
  EXPECT_NEAR(barValueAt(linear.bars[0], {505, -80}), 1.5, 1e-12);
}

} // namespace
} // namespace orrery::gpu
