// SPDX-License-Identifier: MIT
#include "views/value_map.h"

#include <algorithm>

#include "views/scene/axes.h"
#include "views/scene/text_metrics.h"

namespace orrery::views {
namespace {

using scene::Rect;

constexpr std::int64_t kMostLinks = 16384;

Rect plotOf(const Figure& figure, const ValueMap& map, double labels) {
  const double size = figure.theme.denseSize, line = scene::lineHeight(size), left = 1.3 * line + labels;
  double w = std::max(1.0, map.area.w - left - figure.barWidth()), h = std::max(1.0, map.area.h - 2.6 * line);
  if (map.mostWidth > 0) w = std::min(w, map.mostWidth * static_cast<double>(map.columns));
  h = std::min(h, 5 * size * static_cast<double>(map.rows));
  if (map.square) {
    const double side = std::min(w / static_cast<double>(map.columns), h / static_cast<double>(map.rows));
    w = side * static_cast<double>(map.columns);
    h = side * static_cast<double>(map.rows);
  }
  return {map.area.x + left, map.area.y, w, h};
}

void addLinks(Figure& figure, int panel, const ValueMap& map) {
  if (!map.action) return;
  const bool each = map.rows * map.columns <= kMostLinks;
  for (std::int64_t r = each ? 0 : -1; r < (each ? map.rows : 0); ++r)
    for (std::int64_t c = 0; c < map.columns; ++c) {
      const Rect cell{static_cast<double>(c), each ? static_cast<double>(r) : 0, 1,
                      each ? 1 : static_cast<double>(map.rows)};
      std::string action = map.action(r, c);
      if (!action.empty()) figure.scene.links.push_back({panel, cell, std::move(action), map.tooltip(r, c)});
    }
}

void addRowAxis(Figure& figure, int panel, const ValueMap& map, double labels) {
  scene::CellAxis axis;
  axis.panel = panel;
  axis.side = scene::Side::Left;
  axis.room = labels;
  axis.count = map.rows;
  axis.label = [names = map.rowNames](std::int64_t i) { return names[static_cast<std::size_t>(i)]; };
  axis.mono = false;
  axis.numbered = false;
  axis.highlight = map.row;
  scene::addCellAxis(figure.scene, axis, figure.theme);
}

} // namespace

Rect addValueMap(Figure& figure, ValueMap map) {
  const auto& theme = figure.theme;
  const double size = theme.denseSize, line = scene::lineHeight(size), most = std::max(2 * size, 0.25 * map.area.w);
  const double labels = scene::labelRoom(map.rowNames, size, most, false) + 0.6 * size;
  const Rect plot = plotOf(figure, map, labels);
  const Rect data{0, 0, static_cast<double>(map.columns), static_cast<double>(map.rows)};
  const int panel = figure.panel(map.name, plot, data, data, false);
  addRowAxis(figure, panel, map, labels);
  figure.numberAxis(
      panel, map.columns, [&](std::int64_t i) { return i * map.columnStep; }, map.column);
  scene::addAxisTitle(figure.scene, plot, scene::Side::Left, labels + 0.5 * size, map.rowTitle, theme);
  scene::addAxisTitle(figure.scene, plot, scene::Side::Bottom, line + 0.5 * size, map.columnTitle, theme);
  figure.bar(plot.x + plot.w, plot.y, plot.h, map.scale, map.bar);
  addLinks(figure, panel, map);
  const double width = figure.print ? 0.8 : 1.5;
  const auto row = static_cast<double>(map.row), column = static_cast<double>(map.column);
  if (map.row >= 0 && map.column >= 0)
    figure.outline(panel, {column, row, 1, 1}, theme.accent, width);
  else if (map.row >= 0)
    figure.outline(panel, {0, row, data.w, 1}, theme.accent, width);
  else if (map.column >= 0)
    figure.outline(panel, {column, 0, 1, data.h}, theme.accent, width);
  scene::ImageLayer image;
  image.panel = panel;
  image.data = data;
  image.width = map.columns;
  image.height = map.rows;
  image.values = std::make_shared<const std::vector<float>>(std::move(map.values));
  image.scale = map.scale;
  figure.scene.images.push_back(std::move(image));
  return plot;
}

} // namespace orrery::views
