// SPDX-License-Identifier: MIT
#include "views/scene/scene.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

namespace orrery::scene {
namespace {

ImageLayer layerOf(std::vector<float> values, std::int64_t width, std::int64_t height) {
  ImageLayer layer;
  layer.width = width;
  layer.height = height;
  layer.data = {0, 0, static_cast<double>(width), static_cast<double>(height)};
  layer.values = std::make_shared<const std::vector<float>>(std::move(values));
  return layer;
}

// What finish() must give, cell by cell, from the definition of the scale alone.
std::uint32_t naive(const ColorScale& scale, float value) {
  if (std::isnan(value) || std::isinf(value)) return 0xffff00ff;
  double t = (value - scale.low) / (scale.high - scale.low);
  if (scale.log) t = value > 0 ? std::log(value / scale.low) / std::log(scale.high / scale.low) : 0;
  const int index = static_cast<int>(std::floor(std::fmin(std::fmax(t, 0.0), 1.0) * 256));
  const Color c = (*colorTable(scale.map))[static_cast<std::size_t>(index > 255 ? 255 : index)];
  return static_cast<std::uint32_t>(c.r + c.g * 256 + c.b * 65536) | 0xff000000u;
}

TEST(Finish, ColoursEqualTheNaiveTwin) {
  std::mt19937 random(7);
  std::uniform_real_distribution<float> uniform(-0.2f, 1.2f);
  for (const bool log : {false, true}) {
    std::vector<float> values(64 * 48);
    for (float& v : values) v = uniform(random);
    values[5] = std::numeric_limits<float>::quiet_NaN();
    values[77] = std::numeric_limits<float>::infinity();
    values[78] = -std::numeric_limits<float>::infinity();
    Scene scene;
    scene.images.push_back(layerOf(values, 64, 48));
    scene.images[0].scale = {.map = "viridis", .low = 0.01, .high = 0.9, .log = log};
    finish(scene);
    ASSERT_TRUE(drawable(scene.images[0]));
    int different = 0;
    for (std::size_t i = 0; i < values.size(); ++i)
      different += (*scene.images[0].rgba)[i] != naive(scene.images[0].scale, values[i]);
    EXPECT_EQ(different, 0) << "of " << values.size() << " cells, log " << log;
    EXPECT_EQ(scene.nonFinite, 3);
  }
}

TEST(Finish, MaskedCellsAreHatchedAndNotCounted) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  Scene scene;
  scene.images.push_back(layerOf({1, nan, nan, 1, 1, 1, 1, 1}, 8, 1));
  ImageLayer& layer = scene.images[0];
  layer.mask = std::make_shared<const std::vector<std::uint8_t>>(std::vector<std::uint8_t>{1, 1, 0, 0, 2, 2, 1, 0});
  layer.scale.masked = {1, 2, 3, 255};
  layer.scale.hatch = {200, 100, 50, 255};
  finish(scene);
  EXPECT_EQ(scene.nonFinite, 1);
  const auto& pixels = *layer.rgba;
  EXPECT_EQ(pixels[0], packed(layer.scale.hatch)); // (row + column) % 4 == 0
  EXPECT_EQ(pixels[1], packed(layer.scale.masked));
  EXPECT_EQ(pixels[2], packed(layer.scale.nonFinite));
  EXPECT_EQ(pixels[3], packed(layer.scale.color(1)));
  EXPECT_NE(pixels[4], pixels[5]); // guessed: hatched over its value
  EXPECT_EQ(pixels[5], packed(layer.scale.color(1)));
}

TEST(Finish, IdsTellPicturesApart) {
  Scene scene;
  scene.images = {layerOf({0, 0.5f, 1, 0}, 2, 2), layerOf({0, 0.5f, 1, 0}, 2, 2), layerOf({0, 0.5f, 1, 1}, 2, 2)};
  finish(scene);
  EXPECT_NE(scene.images[0].id, 0u);
  EXPECT_EQ(scene.images[0].id, scene.images[1].id);
  EXPECT_NE(scene.images[0].id, scene.images[2].id);
}

TEST(Finish, WrongSizesAreNotDrawn) {
  Scene scene;
  scene.images = {layerOf({1, 2, 3}, 2, 2), layerOf({}, 0, 0), layerOf({1}, -1, -1), ImageLayer{}};
  scene.images.push_back(layerOf({1, 2, 3, 4}, std::int64_t{1} << 62, 4));
  finish(scene);
  for (const ImageLayer& layer : scene.images) EXPECT_FALSE(drawable(layer));
}

TEST(Panel, SceneAndDataAreInverse) {
  Panel panel;
  panel.frame = {10, 20, 300, 200};
  panel.data = {3, 8, 12, -5}; // upwards
  const Point p = toScene(panel, Point{9, 5.5});
  EXPECT_DOUBLE_EQ(p.x, 160);
  EXPECT_DOUBLE_EQ(p.y, 120);
  const Point back = toData(panel, p);
  EXPECT_DOUBLE_EQ(back.x, 9);
  EXPECT_DOUBLE_EQ(back.y, 5.5);
}

TEST(Panel, FollowersTakeTheMovedRange) {
  Scene scene;
  scene.panels.resize(3);
  scene.panels[0].name = "head";
  scene.panels[0].data = {0, 0, 10, 10};
  scene.panels[1].followX = 0;
  scene.panels[1].data = {0, 0, 10, 1};
  scene.panels[2].followY = 99; // no such panel
  const auto live = livePanels(scene, {{"head", {2, 3, 4, 5}}});
  EXPECT_EQ(live[0].data.y, 3);
  EXPECT_EQ(live[1].data.x, 2);
  EXPECT_EQ(live[1].data.w, 4);
  EXPECT_EQ(live[1].data.h, 1);
}

} // namespace
} // namespace orrery::scene
