// SPDX-License-Identifier: MIT
// "map-curve": the loss curves of the chosen pixel of a map and of the one to compare it with, trained again.
#include <algorithm>
#include <cmath>

#include "views/built_in.h"
#include "views/figure.h"
#include "views/map_pixels.h"
#include "views/scene/axes.h"
#include "views/scene/text_metrics.h"

namespace orrery::views {
namespace {

using scene::Point;
using scene::Rect;

class MapCurveView final : public BuiltInView {
public:
  MapCurveView() : BuiltInView({"map-curve", "Loss curves of a map", "map", {titleParameter()}}) {}
  Result<Built> build(const Request& request, std::stop_token stop) const override;
};

struct Curve {
  std::string place, outcome; // "lr.input 0.1, lr.output 3", "trainable, value -12.3"
  std::int64_t pixel = 0, row = 0, column = 0;
  const std::vector<double>* losses = nullptr; // null: being trained
  scene::Color color;
};

std::string outcomeOf(const MapPixels& pixels, std::int64_t row, std::int64_t column) {
  const std::size_t at = pixels.at(row, column);
  if (pixels.state[at] == sweep::kNone) return "not computed";
  std::string text = pixels.trainable[at] ? "trainable" : pixels.stable[at] ? "finite, not trainable" : "diverged";
  text += ", value " + scene::numberText(pixels.value[at], 5);
  return pixels.state[at] == sweep::kGuessed ? text + " (guessed)" : text;
}

std::vector<Curve> curvesOf(const Request& request, const MapPixels& pixels, const scene::Theme& theme) {
  const Selection& s = request.selection;
  std::vector<Curve> curves;
  const auto add = [&](std::int64_t row, std::int64_t column, scene::Color color) {
    if (!insideMap(pixels, row, column)) return;
    Curve curve{pixelPlace(*request.map, pixels, row, column),
                outcomeOf(pixels, row, column),
                mapPixel(pixels, row, column),
                row,
                column,
                nullptr,
                color};
    if (const auto found = request.map->curves.find(curve.pixel); found != request.map->curves.end())
      curve.losses = &found->second;
    curves.push_back(std::move(curve));
  };
  add(s.otherRow, s.otherColumn, theme.secondary);
  const MapPlace chosen = chosenPlace(s, pixels.height, pixels.width);
  add(chosen.row, chosen.column, theme.accent);
  return curves;
}

struct Bounds {
  double low = 0, high = 1; // log10 of the loss
  std::size_t steps = 1;
};

Bounds boundsOf(const std::vector<Curve>& curves) {
  double low = INFINITY, high = -INFINITY;
  Bounds bounds;
  for (const Curve& curve : curves) {
    if (!curve.losses) continue;
    bounds.steps = std::max(bounds.steps, curve.losses->size());
    for (const double loss : *curve.losses)
      if (std::isfinite(loss) && loss > 0)
        low = std::min(low, std::log10(loss)), high = std::max(high, std::log10(loss));
  }
  if (!(low <= high)) return bounds;
  const double margin = std::max(0.05 * (high - low), 0.05);
  bounds.low = std::max(low - margin, -300.0); // 10 to that power stays finite
  bounds.high = std::min(high + margin, 300.0);
  return bounds;
}

void addCurve(Figure& figure, int panel, const Curve& curve) {
  std::vector<Point> points;
  const auto flush = [&] {
    figure.line(panel, std::move(points), curve.color, figure.print ? 0.7 : 1.4);
    points.clear();
  };
  for (std::size_t t = 0; curve.losses && t < curve.losses->size(); ++t) {
    const double loss = (*curve.losses)[t];
    if (std::isfinite(loss) && loss > 0)
      points.push_back({static_cast<double>(t), std::log10(loss)});
    else
      flush();
  }
  flush();
}

// One line per curve in its colour; returns where the plot may begin.
double addLegend(Figure& figure, const std::vector<Curve>& curves, double y) {
  const double size = figure.theme.denseSize, line = scene::lineHeight(size), pad = 0.8 * size;
  const double room = figure.width() - 2 * pad - 2 * size;
  for (const Curve& curve : curves) {
    figure.line(scene::kNoPanel, {{pad, y + line / 2}, {pad + 1.4 * size, y + line / 2}}, curve.color, 2);
    const std::string state = curve.losses ? curve.outcome : curve.outcome + "; the curve is being trained";
    figure.text({pad + 2 * size, y + line / 2},
                firstFitting({curve.place + ": " + state, curve.place, state}, room, size), size, figure.theme.text);
    y += line;
  }
  return y;
}

Result<Built> MapCurveView::build(const Request& request, std::stop_token stop) const {
  Request plain = request; // the map as it was computed
  plain.parameters["measure"] = "spec";
  plain.parameters["threshold"] = "auto";
  auto pixels = mapPixels(plain, "map");
  if (!pixels.ok()) return pixels.error();
  Figure figure(request);
  const auto& theme = figure.theme;
  const std::vector<Curve> curves = curvesOf(request, *pixels, theme);
  if (stop.stop_requested()) return cancelled();
  const double size = theme.denseSize, line = scene::lineHeight(size), pad = 0.8 * size;
  double y = pad;
  if (showsTitle(request)) {
    figure.heading("Loss curves", pad, y + line / 2, figure.width() - 2 * pad);
    y += 1.6 * line;
  }
  y = addLegend(figure, curves, y) + 0.5 * line;
  const Bounds bounds = boundsOf(curves);
  const double left = pad + line + 4.2 * size;
  const Rect frame{left, y, std::max(1.0, figure.width() - left - 1.6 * size),
                   std::max(1.0, figure.height() - y - pad - 2.6 * line)};
  const auto last = static_cast<double>(std::max<std::size_t>(2, bounds.steps) - 1);
  const Rect data{0, bounds.high, last, bounds.low - bounds.high};
  const int panel = figure.panel("map-curve", frame, data, data, false);
  for (const Curve& curve : curves) addCurve(figure, panel, curve);
  const int down = std::clamp(static_cast<int>(frame.h / (2.2 * line)), 2, 10);
  const int across = std::max(2, static_cast<int>(frame.w / (5 * size)));
  scene::addValueAxis(
      figure.scene,
      {panel, scene::Side::Left, scene::logTicks(std::pow(10, bounds.low), std::pow(10, bounds.high), down), true},
      theme);
  scene::addValueAxis(figure.scene, {panel, scene::Side::Bottom, scene::linearTicks(0, last, across), false}, theme);
  scene::addAxisTitle(figure.scene, frame, scene::Side::Left, 4.2 * size, "loss", theme);
  scene::addAxisTitle(figure.scene, frame, scene::Side::Bottom, 0.8 * size + line, "step", theme);

  Built built;
  built.id = request.id;
  built.caption = "Loss curves of map " + request.map->name + ":";
  for (const Curve& curve : curves) {
    built.caption += " " + curve.place + " (" + curve.outcome + ").";
    if (!curve.losses) continue;
    built.data.push_back({"row " + std::to_string(curve.row) + " column " + std::to_string(curve.column),
                          "loss",
                          viewOf(*curve.losses, {static_cast<std::int64_t>(curve.losses->size())}),
                          {},
                          {}});
  }
  built.scene = std::move(figure.scene);
  scene::finish(built.scene);
  return built;
}

} // namespace

std::unique_ptr<View> makeMapCurveView(const Shared&) { return std::make_unique<MapCurveView>(); }

} // namespace orrery::views
