// SPDX-License-Identifier: MIT
// "map-profile": the magnitude of a map's measure along the line between two pixels, or along the row of one.
#include <algorithm>
#include <cmath>

#include "views/built_in.h"
#include "views/figure.h"
#include "views/map_pixels.h"
#include "views/scene/axes.h"
#include "views/scene/text_metrics.h"

namespace orrery::views {
namespace {

using scene::Rect;

std::vector<Parameter> parametersOf() {
  std::vector<Parameter> all = mapPixelParameters();
  all.push_back(titleParameter());
  return all;
}

class MapProfileView final : public BuiltInView {
public:
  MapProfileView() : BuiltInView({"map-profile", "Profile of a map", "map", parametersOf()}) {}
  Result<Built> build(const Request& request, std::stop_token stop) const override;
};

struct Step {
  std::int64_t row = 0, column = 0;
};

// Pixels nearest to the straight line, one for each step of the longer side.
std::vector<Step> lineBetween(Step from, Step to) {
  const std::int64_t count =
      std::max({std::abs(to.row - from.row), std::abs(to.column - from.column), std::int64_t{1}});
  std::vector<Step> steps;
  for (std::int64_t k = 0; k <= count; ++k) {
    const double share = static_cast<double>(k) / static_cast<double>(count);
    steps.push_back({from.row + std::llround(share * static_cast<double>(to.row - from.row)),
                     from.column + std::llround(share * static_cast<double>(to.column - from.column))});
  }
  return steps;
}

scene::Color colorOf(const MapPixels& pixels, std::size_t at, const scene::Theme& theme) {
  if (pixels.state[at] == sweep::kGuessed) return mix(theme.canvas, pixels.trainable[at] ? theme.info : theme.bad, 0.5);
  return pixels.trainable[at] ? theme.info : theme.bad;
}

Result<Built> MapProfileView::build(const Request& request, std::stop_token stop) const {
  auto pixels = mapPixels(request, "map");
  if (!pixels.ok()) return pixels.error();
  const Selection& s = request.selection;
  const MapPlace chosen = chosenPlace(s, pixels->height, pixels->width);
  Step from{chosen.row, 0}, to{chosen.row, pixels->width - 1}; // of one pixel: its row
  if (insideMap(*pixels, s.otherRow, s.otherColumn)) {
    from = {s.otherRow, s.otherColumn};
    to = {chosen.row, chosen.column};
  }
  if (stop.stop_requested()) return cancelled();
  const std::vector<Step> steps = lineBetween(from, to);
  std::vector<double> values, logs, classes;
  double low = INFINITY, high = -INFINITY;
  for (const Step& step : steps) {
    const std::size_t at = pixels->at(step.row, step.column);
    values.push_back(pixels->value[at]);
    classes.push_back(pixels->trainable[at]);
    logs.push_back(std::log10(std::max(std::abs(pixels->value[at]), 1e-300)));
    if (pixels->state[at] == sweep::kNone) continue;
    low = std::min(low, logs.back());
    high = std::max(high, logs.back());
  }
  if (!(low <= high)) return notFound("nothing along this line is computed yet");
  Figure figure(request);
  const auto& theme = figure.theme;
  const double size = theme.denseSize, line = scene::lineHeight(size), pad = 0.8 * size;
  double y = pad;
  if (showsTitle(request)) {
    figure.heading("Profile: trainable cool, others warm", pad, y + line / 2, figure.width() - 2 * pad);
    y += 1.6 * line;
  }
  const double margin = std::max(0.05 * (high - low), 0.05), left = pad + line + 4.2 * size;
  const Rect frame{left, y, std::max(1.0, figure.width() - left - 1.6 * size),
                   std::max(1.0, figure.height() - y - pad - 2.6 * line)};
  const Rect data{-0.5, high + margin, static_cast<double>(steps.size()), low - high - 2 * margin};
  const int panel = figure.panel("map-profile", frame, data, data, false);
  std::vector<scene::Point> points;
  for (std::size_t k = 0; k < steps.size(); ++k)
    if (pixels->state[pixels->at(steps[k].row, steps[k].column)] != sweep::kNone)
      points.push_back({static_cast<double>(k), logs[k]});
  figure.line(panel, points, mix(theme.canvas, theme.secondary, 0.5), theme.lineWidth);
  for (std::size_t k = 0; k < steps.size(); ++k) {
    const std::size_t at = pixels->at(steps[k].row, steps[k].column);
    if (pixels->state[at] == sweep::kNone) continue;
    figure.scene.discs.push_back(
        {panel, {static_cast<double>(k), logs[k]}, figure.print ? 1.2 : 2.2, colorOf(*pixels, at, theme)});
  }
  const int down = std::clamp(static_cast<int>(frame.h / (2.2 * line)), 2, 10);
  const int across = std::max(2, static_cast<int>(frame.w / (5 * size)));
  scene::addValueAxis(figure.scene,
                      {panel, scene::Side::Left, scene::linearTicks(low - margin, high + margin, down), false}, theme);
  scene::addValueAxis(
      figure.scene,
      {panel, scene::Side::Bottom, scene::linearTicks(0, static_cast<double>(steps.size() - 1), across), false}, theme);
  scene::addAxisTitle(figure.scene, frame, scene::Side::Left, 4.2 * size, "log10 |value|", theme);
  scene::addAxisTitle(figure.scene, frame, scene::Side::Bottom, 0.8 * size + line, "pixels along the line", theme);

  Built built;
  built.id = request.id;
  const auto n = static_cast<std::int64_t>(steps.size());
  std::vector<std::string> places;
  for (const Step& step : steps) places.push_back(pixelPlace(*request.map, *pixels, step.row, step.column));
  built.data.push_back({"value", "1", viewOf(std::move(values), {n}), places, {}});
  built.data.push_back({"trainable", "1", viewOf(std::move(classes), {n}), std::move(places), {}});
  built.caption = "Magnitude of the measure (" + pixels->measure + ") of map " + request.map->name + " from " +
                  pixelPlace(*request.map, *pixels, from.row, from.column) + " to " +
                  pixelPlace(*request.map, *pixels, to.row, to.column) + ".";
  built.scene = std::move(figure.scene);
  scene::finish(built.scene);
  return built;
}

} // namespace

std::unique_ptr<View> makeMapProfileView(const Shared&) { return std::make_unique<MapProfileView>(); }

} // namespace orrery::views
