// SPDX-License-Identifier: MIT
// Triangles of known Scenes: their areas against closed forms, tiles against a count.
#include "views/gpu/draw_list.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <set>

namespace orrery::gpu {
namespace {

class FakeTextures : public TextureSource {
public:
  std::int64_t tileSide() const override { return 4; }
  std::optional<std::uint32_t> tile(const scene::ImageLayer&, std::int64_t column, std::int64_t row) override {
    asked.insert({column, row});
    return static_cast<std::uint32_t>(row * 100 + column);
  }
  std::optional<TextRun> run(const scene::Text&, double) override { return std::nullopt; }
  std::uint32_t textTexture() const override { return 0; }
  std::set<std::pair<std::int64_t, std::int64_t>> asked;
};

// Of all triangles, each vertex weighted by its alpha: the ink in pixels.
double ink(const DrawList& list) {
  double sum = 0;
  for (std::size_t i = 0; i + 2 < list.indices.size(); i += 3) {
    const Vertex& a = list.vertices[list.indices[i]];
    const Vertex& b = list.vertices[list.indices[i + 1]];
    const Vertex& c = list.vertices[list.indices[i + 2]];
    const double area = std::abs((b.x - a.x) * (c.y - a.y) - (c.x - a.x) * (b.y - a.y)) / 2;
    sum += area * ((a.color >> 24) + (b.color >> 24) + (c.color >> 24)) / (3 * 255.0);
  }
  return sum;
}

scene::Scene empty() {
  scene::Scene scene;
  scene.width = 400;
  scene.height = 300;
  return scene;
}

TEST(DrawList, InkOfADiscIsItsArea) {
  scene::Scene scene = empty();
  scene.discs.push_back({scene::kNoPanel, {100, 100}, 20, {255, 255, 255, 255}});
  DrawList list;
  FakeTextures textures;
  appendScene(list, scene, {}, 2, textures);
  const double expected = std::numbers::pi * 40 * 40;
  std::printf("ink %.1f pixels, area %.1f, tolerance 1 %%\n", ink(list), expected);
  EXPECT_NEAR(ink(list), expected, expected * 0.01);
}

TEST(DrawList, InkOfASlantedLineIsLengthTimesWidth) {
  scene::Scene scene = empty();
  scene::Polyline line;
  line.points = {{10, 10}, {210, 160}}; // 250 long
  line.color = {255, 255, 255, 255};
  line.width = 3;
  scene.lines.push_back(line);
  DrawList list;
  FakeTextures textures;
  appendScene(list, scene, {}, 1, textures);
  std::printf("ink %.1f pixels, expected %.1f, tolerance 1 %%\n", ink(list), 750.0);
  EXPECT_NEAR(ink(list), 750, 7.5);
}

TEST(DrawList, RectanglesAndStraightLinesLandOnPixels) {
  scene::Scene scene = empty();
  scene.above.push_back({scene::kNoPanel, {10.3, 20.4, 30.2, 5.1}, {1, 2, 3, 255}});
  scene::Polyline line;
  line.points = {{10.2, 50.2}, {90.7, 50.2}};
  line.color = {1, 2, 3, 255};
  scene.lines.push_back(line);
  DrawList list;
  FakeTextures textures;
  appendScene(list, scene, {}, 1, textures);
  ASSERT_FALSE(list.vertices.empty());
  for (const Vertex& v : list.vertices) {
    EXPECT_EQ(v.x, std::round(v.x));
    EXPECT_EQ(v.y, std::round(v.y));
  }
}

TEST(DrawList, OnlyTilesInViewAreAskedFor) {
  scene::Scene scene = empty();
  scene::Panel panel;
  panel.name = "head";
  panel.frame = {0, 0, 100, 100};
  panel.limits = panel.data = {0, 0, 20, 20};
  scene.panels.push_back(panel);
  scene::ImageLayer layer;
  layer.data = {0, 0, 20, 20};
  layer.width = layer.height = 20; // 5 x 5 tiles of 4
  layer.values = std::make_shared<std::vector<float>>(400, 0.5f);
  scene.images.push_back(layer);
  scene::finish(scene);
  FakeTextures whole, part;
  DrawList list;
  appendScene(list, scene, {}, 1, whole);
  EXPECT_EQ(whole.asked.size(), 25u);
  list.clear();
  appendScene(list, scene, {{"head", {9, 9, 2, 2}}}, 1, part);
  EXPECT_EQ(part.asked, (std::set<std::pair<std::int64_t, std::int64_t>>{{2, 2}}));
}

} // namespace
} // namespace orrery::gpu
