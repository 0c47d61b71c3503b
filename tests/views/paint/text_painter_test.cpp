// SPDX-License-Identifier: MIT
#include "views/paint/text_painter.h"

#include <gtest/gtest.h>

#include <limits>

#include "tests/views/paint/demo_scene.h"

namespace orrery::paint {
namespace {

// Everything that a painter draws, once: lines worked out by hand from the Scene below.
constexpr const char* kGolden = R"(scene 200x100 #ffffff non-finite 1
panel "map" 20,10 80x80 shows 0,0 2x2 zoomable
panel "map.left" 0,10 18x80 shows 0,0 1x2
clip 20,10 80x80
fill 60,10 40x40 #0072b2/128
image 20,10 80x80 cells 2x2 at 0,0 grey 0..1 pixels 2d5a7f05
  0 0.5
  nan -
line 1 #000000 20,10 100,90
no clip
disc 150,50 2 #000000
bar 110,10 8x80 grey 0..1 "probability"
text 18,30 right middle 7 #000000 mono "a"
text 150,90 left baseline 7 #000000 bold turned 90 "x"
link 0 0,0 1x1 "cell 0 0" "0.00"
)";

scene::Scene goldenScene() {
  scene::Scene s;
  s.width = 200;
  s.height = 100;
  s.background = scene::fromHex(0xffffff);
  scene::Panel map{.name = "map", .frame = {20, 10, 80, 80}, .data = {0, 0, 2, 2}, .limits = {}, .zoomable = true};
  scene::Panel strip{.name = "map.left", .frame = {0, 10, 18, 80}, .data = {0, 0, 1, 2}, .limits = {}};
  strip.clip = false;
  s.panels = {map, strip};
  s.below.push_back({0, {1, 0, 1, 1}, {0x00, 0x72, 0xb2, 128}});
  scene::ImageLayer layer;
  layer.data = {0, 0, 2, 2};
  layer.width = layer.height = 2;
  const float nan = std::numeric_limits<float>::quiet_NaN();
  layer.values = std::make_shared<const std::vector<float>>(std::vector<float>{0, 0.5f, nan, 3});
  layer.mask = std::make_shared<const std::vector<std::uint8_t>>(std::vector<std::uint8_t>{0, 0, 0, 1});
  layer.scale.map = "grey";
  s.images.push_back(layer);
  s.lines.push_back({0, {{0, 0}, {2, 2}, {nan, 1}, {1, 1}}, {0, 0, 0, 255}, 1, false});
  s.discs.push_back({scene::kNoPanel, {150, 50}, 2, {0, 0, 0, 255}});
  s.bars.push_back({{110, 10, 8, 80}, layer.scale, "probability"});
  scene::Text label;
  label.panel = 1;
  label.at = {1, 0.5};
  label.text = "a";
  label.size = 7;
  label.color = {0, 0, 0, 255};
  label.mono = true;
  label.align = scene::Align::Right;
  label.vertical = scene::VAlign::Middle;
  s.texts.push_back(label);
  label.at = {1, 2.5}; // outside a strip: left out
  s.texts.push_back(label);
  scene::Text turned;
  turned.at = {150, 90};
  turned.text = "x";
  turned.size = 7;
  turned.color = {0, 0, 0, 255};
  turned.bold = true;
  turned.rotation = 90;
  s.texts.push_back(turned);
  s.links.push_back({0, {0, 0, 1, 1}, "cell 0 0", "0.00"});
  finish(s);
  return s;
}

// FNV-1a of the four pixels, from the grey table.
std::string expectedHash() {
  std::uint32_t hash = 2166136261u;
  const auto add = [&](scene::Color c) {
    for (const std::uint8_t byte : {c.r, c.g, c.b, c.a}) hash = (hash ^ byte) * 16777619u;
  };
  const scene::ColorTable& grey = *scene::colorTable("grey");
  add(grey[0]);
  add(grey[128]);
  add({255, 0, 255, 255});
  add({0, 0, 0, 0});
  char text[16];
  std::snprintf(text, sizeof text, "%08x", hash);
  return text;
}

TEST(TextPainter, Golden) {
  std::string golden = kGolden;
  golden.replace(golden.find("2d5a7f05"), 8, expectedHash());
  EXPECT_EQ(toText(goldenScene()), golden);
}

TEST(TextPainter, CameraCropsTheImage) {
  const std::string text = toText(demoScene(scene::ThemeKind::Print, 241, 205, 64), {{"head", {10, 20, 4, 3}}});
  EXPECT_NE(text.find("cells 4x3 at 10,20"), std::string::npos) << text;
}

TEST(TextPainter, BrokenScenesAreSurvived) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  scene::Scene s = goldenScene();
  for (const int panel : {7, -2}) {
    s.below.push_back({panel, {0, 0, 1, 1}, {0, 0, 0, 255}});
    s.texts.push_back({panel, {0, 0}, "lost", 12, {}, false, false, scene::Align::Left, scene::VAlign::Top, 0});
    s.images.push_back(s.images[0]);
    s.images.back().panel = panel;
  }
  s.panels[1].data.h = 0;
  s.lines.push_back({0, {}, {0, 0, 0, 255}, 1, true});
  s.lines.push_back({0, {{0, 0}, {1e308, -1e308}}, {0, 0, 0, 255}, 1, false});
  s.below.push_back({scene::kNoPanel, {nan, 0, 1, 1}, {0, 0, 0, 255}});
  s.images.push_back(s.images[0]);
  s.images.back().data = {0, 0, nan, 1};
  s.images.push_back(s.images[0]);
  s.images.back().data = {1e300, 0, 1e300, 1};
  const std::string text = toText(s);
  EXPECT_EQ(text.find("lost"), std::string::npos);
  EXPECT_EQ(text.find("nan,"), std::string::npos) << text;
}

} // namespace
} // namespace orrery::paint
