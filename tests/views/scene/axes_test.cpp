// SPDX-License-Identifier: MIT
// Labels are laid out at many zooms; none may touch another or leave the scene.
#include "views/scene/axes.h"

#include <gtest/gtest.h>

#include "views/scene/text_metrics.h"

namespace orrery::scene {
namespace {

Rect boxOf(const Scene& scene, const Text& text) {
  const Point at =
      text.panel == kNoPanel ? text.at : toScene(scene.panels[static_cast<std::size_t>(text.panel)], text.at);
  return textBox(text, at);
}

bool touch(const Rect& a, const Rect& b) {
  constexpr double kSlack = 1e-6;
  return a.x + kSlack < b.x + b.w && b.x + kSlack < a.x + a.w && a.y + kSlack < b.y + b.h && b.y + kSlack < a.y + a.h;
}

void expectTidy(const Scene& scene, const std::string& where) {
  for (std::size_t i = 0; i < scene.texts.size(); ++i) {
    const Rect a = boxOf(scene, scene.texts[i]);
    EXPECT_TRUE(a.x >= -0.01 && a.y >= -0.01 && a.x + a.w <= scene.width + 0.01 && a.y + a.h <= scene.height + 0.01)
        << where << ": \"" << scene.texts[i].text << "\" leaves the scene";
    for (std::size_t j = 0; j < i; ++j)
      EXPECT_FALSE(touch(a, boxOf(scene, scene.texts[j])))
          << where << ": \"" << scene.texts[i].text << "\" over \"" << scene.texts[j].text << "\"";
  }
}

Scene mapScene(ThemeKind kind, double width, double height, std::int64_t tokens, double first, double shown) {
  const Theme& t = theme(kind);
  Scene scene;
  scene.width = width;
  scene.height = height;
  MapParts parts;
  parts.labelsLeft = parts.labelsBottom = 6 * t.denseSize;
  parts.title = true;
  parts.aspect = 1;
  const MapFrames frames = mapFrames(width, height, t, parts);
  Panel map;
  map.name = "head";
  map.frame = frames.plot;
  map.data = {first, first, shown, shown};
  scene.panels.push_back(map);
  for (const Side side : {Side::Left, Side::Bottom}) {
    CellAxis axis;
    axis.side = side;
    axis.room = parts.labelsLeft;
    axis.count = tokens;
    axis.highlight = static_cast<std::int64_t>(first + shown / 3);
    axis.label = [](std::int64_t i) { return "\xc2\xb7token" + std::to_string(i * 7919); };
    addCellAxis(scene, axis, t);
    addAxisTitle(scene, frames.plot, side, axis.room + t.denseSize, side == Side::Left ? "query" : "key", t);
  }
  addColorBar(scene, frames.bar, {.low = -0.0004, .high = 0.0003}, "attention probability", t);
  addTitle(scene, frames.title, "Layer 3, head 5 of a model with a very long name that does not fit anywhere", t);
  return scene;
}

TEST(Axes, NothingTouchesAtAnyZoom) {
  for (const ThemeKind kind : {ThemeKind::Print, ThemeKind::Dark})
    for (const double width : {241.0, 493.0, 1200.0})
      for (const double shown : {3.0, 17.0, 64.0, 1000.0, 32768.0})
        for (const double first : {0.0, 0.37, 11.0})
          expectTidy(mapScene(kind, width, width * 0.8, 40000, first, shown),
                     std::to_string(width) + " " + std::to_string(shown) + " " + std::to_string(first));
}

TEST(Axes, OnlyNamedCellsInView) {
  const Scene scene = mapScene(ThemeKind::Print, 241, 200, 20, 5, 8);
  int left = 0;
  for (const Text& text : scene.texts)
    if (text.panel == 1) {
      ++left;
      EXPECT_GE(text.at.y, 5);
      EXPECT_LE(text.at.y, 13);
    }
  EXPECT_EQ(left, 8);
  EXPECT_EQ(scene.panels[1].followY, 0);
  EXPECT_EQ(scene.panels[2].followX, 0);
}

TEST(Axes, ValueAxisInsideItsRange) {
  const Theme& t = theme(ThemeKind::Print);
  Scene scene;
  scene.width = 241;
  scene.height = 150;
  Panel plot;
  plot.frame = {40, 10, 190, 110};
  plot.data = {0, 2, 100, -3}; // log10 from -1 to 2, upwards
  scene.panels.push_back(plot);
  addValueAxis(scene, {.panel = 0, .side = Side::Left, .ticks = logTicks(1e-3, 1e6, 10), .log = true}, t);
  addValueAxis(scene, {.panel = 0, .side = Side::Bottom, .ticks = linearTicks(0, 100, 40)}, t);
  expectTidy(scene, "value axis");
  int left = 0;
  for (const Text& text : scene.texts) left += text.align == Align::Right;
  EXPECT_EQ(left, 4); // 0.1 1 10 100
}

TEST(Axes, HorizontalBarAndFlatScalesDraw) {
  Scene scene;
  scene.width = 300;
  scene.height = 60;
  addColorBar(scene, {40, 10, 200, 8}, {.low = 0, .high = 1, .log = true}, "probability", theme(ThemeKind::Print));
  expectTidy(scene, "horizontal");
  EXPECT_GT(scene.texts.size(), 2u);
  addColorBar(scene, {40, 10, 200, 8}, {.low = 1, .high = 1}, "", theme(ThemeKind::Print));
}

} // namespace
} // namespace orrery::scene
