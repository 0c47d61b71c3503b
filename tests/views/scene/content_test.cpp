// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include "views/scene/content.h"
#include "views/scene/text_metrics.h"

namespace orrery::scene {
namespace {

Scene scene100() {
  Scene scene;
  scene.width = scene.height = 100;
  scene.panels.push_back({.name = "map", .frame = {10, 10, 50, 30}, .data = {0, 0, 5, 3}, .limits = {0, 0, 5, 3}});
  return scene;
}

TEST(Content, EndsBelowTheLowestMark) {
  Scene scene = scene100();
  EXPECT_EQ(contentBottom(scene), 0);
  scene.above.push_back({kNoPanel, {0, 0, 10, 20}, {}});
  EXPECT_EQ(contentBottom(scene), 20);
  scene.above.push_back({0, {0, 0, 5, 2}, {}}); // data rows 0..2 of 3: 10 + 20
  EXPECT_EQ(contentBottom(scene), 30);
}

TEST(Content, WhatAPanelOrTheSceneCutsDoesNotCount) {
  Scene scene = scene100();
  scene.above.push_back({0, {0, 0, 5, 300}, {}});
  EXPECT_EQ(contentBottom(scene), 40);
  scene.lines.push_back({kNoPanel, {{0, 0}, {0, 900}}, {}, 1});
  EXPECT_EQ(contentBottom(scene), 100);
}

TEST(Content, TextsCountWithTheirBox) {
  Scene scene = scene100();
  Text text;
  text.at = {5, 60};
  text.text = "key";
  text.size = 10;
  scene.texts.push_back(text);
  EXPECT_DOUBLE_EQ(contentBottom(scene), 60 + kDescent * 10);
}

} // namespace
} // namespace orrery::scene
