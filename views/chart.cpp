// SPDX-License-Identifier: MIT
#include "views/chart.h"

#include <algorithm>
#include <cmath>

#include "views/scene/axes.h"
#include "views/scene/text_metrics.h"

namespace orrery::views {

using scene::Point;
using scene::Rect;

double valueOn(const Axis& axis, double value) { return axis.log ? std::log10(std::max(value, axis.low)) : value; }

namespace {

std::vector<scene::Tick> ticksOf(const Axis& axis, int most) {
  const double shift = axis.whole ? 0.5 : 0;
  std::vector<scene::Tick> ticks = axis.log
                                       ? scene::logTicks(axis.low, axis.high, most)
                                       : scene::linearTicks(axis.low, std::max(axis.low, axis.high - 2 * shift), most);
  if (axis.whole && axis.high - axis.low <= 1) ticks = {{axis.low, scene::numberText(axis.low)}};
  if (axis.whole) std::erase_if(ticks, [](const scene::Tick& tick) { return tick.value != std::floor(tick.value); });
  for (scene::Tick& tick : ticks) tick.value += shift;
  return ticks;
}

} // namespace

int addChart(Figure& figure, const Chart& chart) {
  const auto& theme = figure.theme;
  const double size = theme.denseSize, line = scene::lineHeight(size);
  const double height = std::max(1.0, chart.area.h - 2.6 * line);
  const std::vector<scene::Tick> ticks = ticksOf(chart.y, std::clamp(static_cast<int>(height / (2.2 * line)), 2, 10));
  double labels = 2 * size; // room for the numbers of the y axis
  for (const scene::Tick& tick : ticks) labels = std::max(labels, scene::textWidth(tick.label, size));
  labels += size;
  const double left = labels + 1.1 * line;
  const Rect frame{chart.area.x + left, chart.area.y, std::max(1.0, chart.area.w - left - 0.8 * size), height};
  const double x0 = valueOn(chart.x, chart.x.low), x1 = valueOn(chart.x, chart.x.high);
  const double y0 = valueOn(chart.y, chart.y.low), y1 = valueOn(chart.y, chart.y.high);
  const Rect data{x0, y1, x1 - x0, y0 - y1};
  const int panel = figure.panel(chart.name, frame, data, data, false);
  const int across = std::max(2, static_cast<int>(frame.w / (5 * size)));
  scene::addValueAxis(figure.scene, {panel, scene::Side::Left, ticks, chart.y.log}, theme);
  scene::addValueAxis(figure.scene, {panel, scene::Side::Bottom, ticksOf(chart.x, across), chart.x.log}, theme);
  scene::addAxisTitle(figure.scene, frame, scene::Side::Left, labels, chart.y.title, theme);
  if (!chart.x.title.empty())
    scene::addAxisTitle(figure.scene, frame, scene::Side::Bottom, 0.8 * size + line, chart.x.title, theme);
  return panel;
}

void addCurve(Figure& figure, int panel, const Chart& chart, const Curve& curve) {
  std::vector<Point> points;
  const double width = figure.print ? 0.8 : 1.4;
  const auto flush = [&] {
    if (points.size() == 1 && !curve.dots) figure.scene.discs.push_back({panel, points[0], 1.5, curve.color});
    figure.line(panel, std::move(points), curve.color, width);
    points.clear();
  };
  for (std::size_t i = 0; i < curve.y.size(); ++i) {
    if (!std::isfinite(curve.y[i]) || !std::isfinite(curve.x[i])) {
      flush();
      continue;
    }
    const Point at{valueOn(chart.x, curve.x[i]), valueOn(chart.y, curve.y[i])};
    points.push_back(at);
    if (curve.dots) figure.scene.discs.push_back({panel, at, figure.print ? 1.5 : 2.5, curve.color});
  }
  flush();
}

double addLegend(Figure& figure, Point at, double room, const std::vector<LegendEntry>& entries) {
  const double size = figure.theme.denseSize, dash = 1.4 * size, space = 1.2 * size, line = scene::lineHeight(size);
  const double begin = at.x, end = at.x + room, top = at.y;
  for (const LegendEntry& entry : entries) {
    const double width = scene::textWidth(entry.text, size);
    if (at.x > begin && at.x + dash + 0.5 * size + width > end) at = {begin, at.y + line};
    figure.line(scene::kNoPanel, {at, {at.x + dash, at.y}}, entry.color, figure.print ? 1 : 2);
    figure.text({at.x + dash + 0.5 * size, at.y}, entry.text, size, figure.theme.text);
    at.x += dash + 0.5 * size + width + space;
  }
  return at.y - top + line;
}

scene::Color seriesColor(std::size_t index) {
  const auto& all = scene::categorical();
  return all[index % (all.size() - 1)]; // without black
}

} // namespace orrery::views
