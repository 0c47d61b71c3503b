// SPDX-License-Identifier: MIT
#include "views/layer_head_map.h"

#include <algorithm>
#include <cmath>

#include "views/scene/axes.h"
#include "views/scene/text_metrics.h"
#include "views/scene/ticks.h"

namespace orrery::views {
namespace {

using scene::Rect;

void addImage(Figure& figure, int panel, const LayerHeadMap& table) {
  scene::ImageLayer image;
  image.panel = panel;
  image.data = {0, 0, static_cast<double>(table.heads), static_cast<double>(table.layers)};
  image.width = table.heads;
  image.height = table.layers;
  image.values = std::make_shared<const std::vector<float>>(table.values);
  std::vector<std::uint8_t> mask; // heads without a score are empty, not wrong
  for (const float value : table.values) mask.push_back(std::isnan(value) ? 1 : 0);
  image.mask = std::make_shared<const std::vector<std::uint8_t>>(std::move(mask));
  image.scale = table.scale;
  image.scale.masked = mix(figure.theme.canvas, figure.theme.secondary, 0.08);
  figure.scene.images.push_back(std::move(image));
}

void addCells(Figure& figure, int panel, const LayerHeadMap& table) {
  const Rect frame = figure.scene.panels[static_cast<std::size_t>(panel)].frame;
  const double w = frame.w / static_cast<double>(table.heads), h = frame.h / static_cast<double>(table.layers);
  const double size = figure.theme.denseSize;
  const int chars = h >= 1.3 * size ? static_cast<int>((w - 3) / (size * scene::kMonoAdvance)) : 0;
  for (std::int64_t l = 0; l < table.layers; ++l)
    for (std::int64_t i = 0; i < table.heads; ++i) {
      const auto value = static_cast<double>(table.values[static_cast<std::size_t>(l * table.heads + i)]);
      const auto x = static_cast<double>(i), y = static_cast<double>(l);
      const bool pairs = table.pairsOf >= 0;
      const std::int64_t layer = pairs ? table.pairsOf : l, head = pairs ? l : i;
      const std::string name = "layer " + std::to_string(layer) + ", head " + std::to_string(head) +
                               (pairs ? " here, head " + std::to_string(i) + " there" : "");
      figure.scene.links.push_back({panel,
                                    {x, y, 1, 1},
                                    "head " + std::to_string(layer) + " " + std::to_string(head),
                                    name + ": " + scene::numberText(value, 4)});
      if (layer == table.request.selection.layer && head == table.request.selection.head && (!pairs || l == i))
        figure.outline(panel, {x, y, 1, 1}, figure.theme.accent, figure.print ? 1 : 2);
      // With room for one decimal, zeros are left out.
      std::string number = std::isfinite(value) && chars >= 2 ? numberIn(value, chars, table.decimals) : "";
      if (number == ".0" || number == "0") number.clear();
      if (!number.empty())
        figure.text({x + 0.5, y + 0.5}, std::move(number), size, inkOn(table.scale.color(value)), scene::Align::Center,
                    scene::VAlign::Middle, true, panel);
    }
}

Rect plotOf(const Figure& figure, const LayerHeadMap& table, double labels) {
  const double size = figure.theme.denseSize, line = scene::lineHeight(size), pad = 0.8 * size;
  const double left = pad + 1.3 * line + labels, top = pad + (showsTitle(table.request) ? 1.6 * line : 0);
  const double bottom = pad + 2.4 * line;
  const double w = std::max(1.0, figure.width() - left - pad - figure.barWidth());
  const double h = std::max(1.0, figure.height() - top - bottom);
  // Cells no larger than a number needs with some air, and at most twice as wide as high.
  const double cellH = std::min(h / static_cast<double>(table.layers), 4 * size);
  const double cellW = std::min({w / static_cast<double>(table.heads), 6 * size, 2.5 * cellH});
  return {left, top, cellW * static_cast<double>(table.heads), cellH * static_cast<double>(table.layers)};
}

void addLayerAxis(Figure& figure, int panel, std::int64_t count, std::int64_t chosen, double room) {
  scene::CellAxis axis;
  axis.panel = panel;
  axis.side = scene::Side::Left;
  axis.room = room;
  axis.count = count;
  axis.mono = false;
  axis.highlight = chosen;
  scene::addCellAxis(figure.scene, axis, figure.theme);
}

} // namespace

void drawLayerHeadMap(Figure& figure, const LayerHeadMap& map, const std::string& heading) {
  const auto& theme = figure.theme;
  const double size = theme.denseSize, line = scene::lineHeight(size);
  const double labels = scene::textWidth(std::to_string(std::max(map.layers, map.heads)), size) + 0.6 * size;
  const Rect plot = plotOf(figure, map, labels);
  const Rect data{0, 0, static_cast<double>(map.heads), static_cast<double>(map.layers)};
  const int panel = figure.panel(map.panel, plot, data, data, false);
  addImage(figure, panel, map);
  addCells(figure, panel, map);
  const Selection& s = map.request.selection;
  const std::int64_t row = map.pairsOf >= 0 ? s.head : s.layer;
  addLayerAxis(figure, panel, map.layers, row < map.layers ? row : -1, labels);
  figure.numberAxis(
      panel, map.heads, [](std::int64_t head) { return head; }, s.head < map.heads ? s.head : -1);
  scene::addAxisTitle(figure.scene, plot, scene::Side::Left, labels + 0.5 * size,
                      map.pairsOf >= 0 ? "head here" : "layer", theme);
  scene::addAxisTitle(figure.scene, plot, scene::Side::Bottom, line + 0.5 * size,
                      map.pairsOf >= 0 ? "head there" : "head", theme);
  figure.bar(plot.x + plot.w, plot.y, plot.h, map.scale, map.label);
  if (showsTitle(map.request)) figure.heading(heading, 0.8 * size, 0.8 * size + line / 2, figure.width() - 1.6 * size);
}

DataTable layerHeadTable(const LayerHeadMap& map, std::string name, std::string unit) {
  std::vector<std::string> rows, columns;
  for (std::int64_t l = 0; l < map.layers; ++l)
    rows.push_back((map.pairsOf >= 0 ? "here " : "layer ") + std::to_string(l));
  for (std::int64_t h = 0; h < map.heads; ++h)
    columns.push_back((map.pairsOf >= 0 ? "there " : "head ") + std::to_string(h));
  return {std::move(name), std::move(unit), viewOf(map.values, {map.layers, map.heads}), std::move(rows),
          std::move(columns)};
}

} // namespace orrery::views
