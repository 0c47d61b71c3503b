// SPDX-License-Identifier: MIT
#include "views/value_plot.h"

#include <algorithm>
#include <cmath>

#include "views/scene/axes.h"
#include "views/scene/text_metrics.h"
#include "views/scene/ticks.h"

namespace orrery::views {

using scene::Point;
using scene::Rect;

double ValueAxisOf::at(double value) const { return log ? std::log10(value) : value; }

void addValuePlot(Figure& figure, ValuePlot& plot) {
  const auto& theme = figure.theme;
  const double size = theme.denseSize, line = scene::lineHeight(size);
  const int most = std::clamp(static_cast<int>(plot.room.h / (2.5 * line)), 2, 9);
  const auto ticksOf = [](const ValueAxisOf& axis, int count) {
    return axis.log ? scene::logTicks(axis.low, axis.high, count) : scene::linearTicks(axis.low, axis.high, count);
  };
  const std::vector<scene::Tick> left = ticksOf(plot.y, most);
  double labels = 0;
  for (const scene::Tick& tick : left) labels = std::max(labels, scene::textWidth(tick.label, size));
  const double before = labels + size + (plot.y.title.empty() ? 0 : 1.3 * line), below = 2.7 * line;
  plot.frame = {plot.room.x + before, plot.room.y, std::max(1.0, plot.room.w - before),
                std::max(1.0, plot.room.h - below)};
  const double x0 = plot.x.at(plot.x.low), x1 = plot.x.at(plot.x.high), y0 = plot.y.at(plot.y.low),
               y1 = plot.y.at(plot.y.high);
  const Rect data{x0, y1, x1 - x0, y0 - y1};
  plot.panel = figure.panel(plot.name, plot.frame, data, data, false);
  const int across = std::max(2, static_cast<int>(plot.frame.w / (6 * size)));
  scene::addValueAxis(figure.scene, {plot.panel, scene::Side::Left, left, plot.y.log}, theme);
  scene::addValueAxis(figure.scene, {plot.panel, scene::Side::Bottom, ticksOf(plot.x, across), plot.x.log}, theme);
  if (!plot.y.title.empty())
    scene::addAxisTitle(figure.scene, plot.frame, scene::Side::Left, labels + 1.1 * size, plot.y.title, theme);
  scene::addAxisTitle(figure.scene, plot.frame, scene::Side::Bottom, 0.8 * size + line, plot.x.title, theme);
}

void addCurve(Figure& figure, const ValuePlot& plot, const std::vector<Point>& values, scene::Color color,
              double width) {
  std::vector<Point> points;
  const auto flush = [&] {
    if (points.size() == 1) figure.scene.discs.push_back({plot.panel, points[0], 1.5, color});
    figure.line(plot.panel, std::move(points), color, width);
    points.clear();
  };
  for (const Point& value : values) {
    const Point at = plot.point(value.x, value.y);
    if (std::isfinite(at.x) && std::isfinite(at.y))
      points.push_back(at);
    else
      flush();
  }
  flush();
}

void addDashed(Figure& figure, const ValuePlot& plot, Point from, Point to, scene::Color color) {
  const scene::Panel& panel = figure.scene.panels[static_cast<std::size_t>(plot.panel)];
  const Point a = scene::toScene(panel, plot.point(from.x, from.y)), b = scene::toScene(panel, plot.point(to.x, to.y));
  const double length = std::hypot(b.x - a.x, b.y - a.y), dash = figure.print ? 3 : 5;
  if (!std::isfinite(length) || length <= 0 || length > 1e5) return;
  const auto pieces = static_cast<int>(length / dash);
  for (int i = 0; i <= pieces; i += 2) {
    const double t0 = std::min(1.0, i * dash / length), t1 = std::min(1.0, (i + 1) * dash / length);
    figure.line(scene::kNoPanel,
                {{a.x + (b.x - a.x) * t0, a.y + (b.y - a.y) * t0}, {a.x + (b.x - a.x) * t1, a.y + (b.y - a.y) * t1}},
                color, figure.print ? 0.6 : 1);
  }
}

} // namespace orrery::views
