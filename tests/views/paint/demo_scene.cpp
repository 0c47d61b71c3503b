// SPDX-License-Identifier: MIT
#include "tests/views/paint/demo_scene.h"

#include <cmath>
#include <limits>

#include "views/scene/axes.h"
#include "views/scene/text_metrics.h"

namespace orrery::paint {
namespace {

std::string pieceOf(std::int64_t i) {
  static const std::vector<std::string> kPieces = {"<s>",
                                                   " The",
                                                   " cat",
                                                   " &",
                                                   " sat",
                                                   "\n",
                                                   " \"on\"",
                                                   " the",
                                                   " mat.",
                                                   "\t",
                                                   "\x01",
                                                   "\xff\xfe",
                                                   "\xf0\x9f\x98\x80",
                                                   "\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d",
                                                   "\xe2\x80\xaegnp",
                                                   " antidisestablishment"};
  return kPieces[static_cast<std::size_t>(i) % kPieces.size()];
}

scene::ImageLayer layer(const scene::Theme& theme, std::int64_t n) {
  std::vector<float> values;
  std::vector<std::uint8_t> mask;
  for (std::int64_t i = 0; i < n; ++i)
    for (std::int64_t j = 0; j < n; ++j) {
      values.push_back(demoValue(i, j));
      mask.push_back(j > i);
    }
  scene::ImageLayer out;
  out.data = {0, 0, static_cast<double>(n), static_cast<double>(n)};
  out.width = out.height = n;
  out.values = std::make_shared<const std::vector<float>>(std::move(values));
  out.mask = std::make_shared<const std::vector<std::uint8_t>>(std::move(mask));
  out.scale.map = theme.sequential;
  out.scale.masked = theme.canvas;
  out.scale.hatch = theme.raised;
  return out;
}

} // namespace

float demoValue(std::int64_t row, std::int64_t column) {
  if (column > row) return 0;
  if (row == 1 && column == 0) return std::numeric_limits<float>::quiet_NaN();
  if (row == 2 && column == 2) return std::numeric_limits<float>::infinity();
  const double distance = static_cast<double>(row - column);
  return static_cast<float>(0.7 * std::exp(-distance / 2) + (column == 0 ? 0.3 : 0.0));
}

scene::Scene demoScene(scene::ThemeKind kind, double width, double height, std::int64_t tokens) {
  const scene::Theme& t = scene::theme(kind);
  scene::Scene s;
  s.width = width;
  s.height = height;
  s.background = t.canvas;
  scene::MapParts parts;
  parts.labelsLeft = parts.labelsBottom = 7 * t.denseSize;
  parts.title = true;
  parts.aspect = 1;
  const scene::MapFrames frames = scene::mapFrames(width, height, t, parts);
  scene::Panel panel;
  panel.name = "head";
  panel.frame = frames.plot;
  panel.data = panel.limits = {0, 0, static_cast<double>(tokens), static_cast<double>(tokens)};
  panel.zoomable = true;
  s.panels.push_back(panel);
  s.images.push_back(layer(t, tokens));
  for (const scene::Side side : {scene::Side::Left, scene::Side::Bottom}) {
    scene::CellAxis axis;
    axis.side = side;
    axis.room = parts.labelsLeft;
    axis.count = tokens;
    axis.highlight = 4;
    axis.label = [](std::int64_t i) { return scene::tokenLabel(pieceOf(i)); };
    addCellAxis(s, axis, t);
    addAxisTitle(s, frames.plot, side, axis.room + t.denseSize, side == scene::Side::Left ? "query" : "key", t);
  }
  s.lines.push_back({0, {{0, 4}, {5, 4}, {5, 5}, {0, 5}}, t.accent, 2 * t.lineWidth, true});
  addColorBar(s, frames.bar, s.images[0].scale, "attention probability", t);
  addTitle(s, frames.title, "Layer 3, head 5 <tiny> & co", t);
  finish(s);
  return s;
}

} // namespace orrery::paint
