// SPDX-License-Identifier: MIT
// "map-dimension": the dimension of a map's boundary: counts with their fit, local slopes with the interval, and the
// null maps beside it.
#include <algorithm>
#include <cmath>

#include "core/analysis/verdict.h"
#include "core/sweep/sample_cache.h"
#include "views/built_in.h"
#include "views/figure.h"
#include "views/map_pixels.h"
#include "views/scene/axes.h"
#include "views/scene/text_metrics.h"

namespace orrery::views {
namespace {

using analysis::DimensionEstimate;
using scene::Rect;

std::vector<Parameter> parametersOf() {
  std::vector<Parameter> all = {
      {"method", ParameterKind::Choice, "box", {"box", "uncertainty"}, "box counting, or pairs of pixels"},
      {"class", ParameterKind::Choice, "trainable", {"trainable", "stable"}, "whose boundary"}};
  for (Parameter& parameter : mapPixelParameters()) all.push_back(std::move(parameter));
  all.push_back(titleParameter());
  return all;
}

class MapDimensionView final : public BuiltInView {
public:
  MapDimensionView() : BuiltInView({"map-dimension", "Dimension of a map", "map", parametersOf()}) {}
  Result<Built> build(const Request& request, std::stop_token stop) const override;
};

Result<analysis::DimensionReport> reportOf(const Request& request, const MapPixels& pixels, bool isMap,
                                           std::stop_token stop) {
  analysis::BoundaryImage image{analysis::ImageKind::Label, pixels.height, pixels.width, {}, {}};
  image.value = textOf(request.parameters, "class") == "stable" ? pixels.stable : pixels.trainable;
  for (const std::uint8_t state : pixels.state) image.known.push_back(state != sweep::kNone);
  image.complete = request.map->snapshot->map->complete;
  std::optional<double> pitch;
  if (isMap) {
    const sweep::Map& map = *request.map->snapshot->map;
    const DType dtype = request.map->spec ? request.map->spec->dtype : DType::F64;
    pitch = std::min(sweep::pitchInUlp(map.x, dtype), sweep::pitchInUlp(map.y, dtype));
  }
  analysis::DimensionOptions options;
  const bool isLive = request.map->snapshot->progress.state == sweep::SweepState::Running;
  if (isLive) options = {4, 50, 0}; // a quick look while it fills
  const auto method =
      textOf(request.parameters, "method") == "box" ? analysis::ImageMethod::Box : analysis::ImageMethod::PixelPairs;
  return analysis::reportDimension(image, method, pitch, options, stop);
}

struct Named {
  std::string name;
  DimensionEstimate estimate;
  scene::Color color;
};

std::string intervalText(const DimensionEstimate& e) {
  return "D = " + scene::numberText(e.dimension, 4) + "  [" + scene::numberText(e.low, 4) + ", " +
         scene::numberText(e.high, 4) + "] over " + scene::numberText(e.decades, 3) + " decades";
}

std::string shortText(const DimensionEstimate& e) {
  return scene::numberText(e.dimension, 3) + " [" + scene::numberText(e.low, 3) + ", " + scene::numberText(e.high, 3) +
         "]";
}

double decade(double value) { return std::log10(value); }

void addCounts(Figure& figure, Rect frame, const std::vector<Named>& all) {
  const auto& theme = figure.theme;
  const double size = theme.denseSize, line = scene::lineHeight(size);
  double left = INFINITY, right = -INFINITY, low = INFINITY, high = -INFINITY;
  for (const Named& one : all)
    for (std::size_t i = 0; i < one.estimate.sides.size(); ++i) {
      const double x = decade(one.estimate.sides[i]), y = one.estimate.logCounts[i] / std::log(10.0);
      left = std::min(left, x), right = std::max(right, x), low = std::min(low, y), high = std::max(high, y);
    }
  const double mx = 0.06 * (right - left), my = 0.06 * (high - low) + 0.01;
  const Rect data{left - mx, high + my, right - left + 2 * mx, low - high - 2 * my};
  const int panel = figure.panel("counts", frame, data, data, false);
  for (const Named& one : all) {
    const DimensionEstimate& e = one.estimate;
    const auto fitted = [&](double side) { return (e.intercept + e.slope * std::log(side)) / std::log(10.0); };
    figure.line(panel, {{decade(e.smallest), fitted(e.smallest)}, {decade(e.largest), fitted(e.largest)}}, one.color,
                figure.print ? 0.7 : 1.3);
    for (std::size_t i = 0; i < e.sides.size(); ++i)
      figure.scene.discs.push_back(
          {panel, {decade(e.sides[i]), e.logCounts[i] / std::log(10.0)}, figure.print ? 1.3 : 2.5, one.color});
  }
  const int down = std::clamp(static_cast<int>(frame.h / (2.2 * line)), 2, 8);
  const int across = std::max(2, static_cast<int>(frame.w / (5 * size)));
  scene::addValueAxis(
      figure.scene,
      {panel, scene::Side::Left, scene::logTicks(std::pow(10, low - my), std::pow(10, high + my), down), true}, theme);
  scene::addValueAxis(
      figure.scene,
      {panel, scene::Side::Bottom, scene::logTicks(std::pow(10, left - mx), std::pow(10, right + mx), across), true},
      theme);
  scene::addAxisTitle(figure.scene, frame, scene::Side::Left, 4.2 * size, "boxes", theme);
  scene::addAxisTitle(figure.scene, frame, scene::Side::Bottom, 0.8 * size + line, "side of a box (pixels)", theme);
}

void addSlopes(Figure& figure, Rect frame, const std::vector<Named>& all) {
  const auto& theme = figure.theme;
  const double size = theme.denseSize, line = scene::lineHeight(size);
  const DimensionEstimate& e = all.front().estimate;
  const double left = decade(e.sides.front()), right = decade(e.sides.back());
  const double low = 0.8, high = 2.1;
  const Rect data{left, high, right - left, low - high};
  const int panel = figure.panel("slopes", frame, data, data, false);
  const double bandLow = std::max(e.low, low), bandHigh = std::max(e.high, low);
  figure.scene.below.push_back({panel,
                                {decade(e.smallest), bandHigh, e.decades, bandLow - bandHigh},
                                mix(theme.canvas, all.front().color, 0.18)});
  for (const Named& one : all) {
    std::vector<scene::Point> points;
    for (const analysis::LocalSlope& slope : one.estimate.localSlopes)
      points.push_back({decade(slope.side), std::clamp(slope.slope, low, high)});
    for (const scene::Point& point : points)
      figure.scene.discs.push_back({panel, point, figure.print ? 1.3 : 2.5, one.color});
    figure.line(panel, std::move(points), one.color, theme.lineWidth);
  }
  const int across = std::max(2, static_cast<int>(frame.w / (5 * size)));
  scene::addValueAxis(figure.scene,
                      {panel, scene::Side::Left,
                       scene::linearTicks(low, high, std::clamp(static_cast<int>(frame.h / (2.2 * line)), 2, 8)),
                       false},
                      theme);
  scene::addValueAxis(
      figure.scene,
      {panel, scene::Side::Bottom, scene::logTicks(std::pow(10, left), std::pow(10, right), across), true}, theme);
  scene::addAxisTitle(figure.scene, frame, scene::Side::Left, 4.2 * size, "slope", theme);
  scene::addAxisTitle(figure.scene, frame, scene::Side::Bottom, 0.8 * size + line, "side of a box (pixels)", theme);
}

std::vector<Named> estimatesOf(const Request& request, const analysis::DimensionReport& report,
                               const scene::Theme& theme, std::stop_token stop) {
  std::vector<Named> all = {{"map", report.estimate, theme.accent}};
  if (report.null) all.push_back({"random pixels", *report.null, theme.disabled});
  for (const auto& [name, layer] : request.map->snapshot->map->nulls) {
    if (name == "labels") continue; // what the random pixels above are
    auto pixels = mapPixels(request, name);
    if (!pixels.ok()) continue;
    auto null = reportOf(request, *pixels, false, stop);
    if (null.ok())
      all.push_back({"null \"" + name + "\"", null->estimate, name == "quadratic" ? theme.good : theme.info});
  }
  return all;
}

scene::Color verdictColor(analysis::Verdict verdict, const scene::Theme& theme) {
  if (verdict == analysis::Verdict::Resolved) return theme.good;
  return verdict == analysis::Verdict::Unresolved ? theme.warn : theme.bad;
}

double addWords(Figure& figure, const analysis::DimensionReport& report, const std::vector<Named>& all, double y) {
  const auto& theme = figure.theme;
  const double size = theme.denseSize, line = scene::lineHeight(size), pad = 0.8 * size;
  const double room = figure.width() - 2 * pad;
  const std::string verdict = analysis::verdictName(report.judgement.verdict);
  figure.text({pad, y + line / 2}, scene::elide(verdict, room, theme.textSize), theme.textSize,
              verdictColor(report.judgement.verdict, theme));
  y += 1.3 * line;
  figure.text({pad, y + line / 2}, scene::elide(report.judgement.reason, room, size), size, theme.secondary);
  y += 1.2 * line;
  for (const Named& one : all) {
    figure.scene.discs.push_back({scene::kNoPanel, {pad + 3, y + line / 2}, 3, one.color});
    const std::string numbers = intervalText(one.estimate);
    const std::string brief = one.name + ": " + numbers.substr(0, numbers.find(']') + 1);
    figure.text(
        {pad + 1.2 * size, y + line / 2},
        firstFitting({one.name + ": " + numbers, brief, numbers, shortText(one.estimate)}, room - 1.2 * size, size),
        size, theme.text);
    y += line;
  }
  const std::string neighbours = "neighbours correlate by " +
                                 scene::numberText(report.correlation.front().correlation, 3) + ", edge share " +
                                 scene::numberText(report.shares.edge, 3);
  figure.text({pad, y + line / 2}, scene::elide(neighbours, room, size), size, theme.secondary);
  return y + 1.5 * line;
}

Result<Built> MapDimensionView::build(const Request& request, std::stop_token stop) const {
  auto pixels = mapPixels(request, "map");
  if (!pixels.ok()) return pixels.error();
  auto report = reportOf(request, *pixels, true, stop);
  if (!report.ok()) return report.error();
  Figure figure(request);
  const auto& theme = figure.theme;
  const double size = theme.denseSize, line = scene::lineHeight(size), pad = 0.8 * size;
  const std::vector<Named> all = estimatesOf(request, *report, theme, stop);
  double y = pad;
  if (showsTitle(request)) {
    figure.heading("Dimension of the boundary", pad, y + line / 2, figure.width() - 2 * pad);
    y += 1.6 * line;
  }
  y = addWords(figure, *report, all, y);
  const double left = pad + line + 4.2 * size, below = pad + 2.6 * line;
  const double room = figure.height() - y - below, width = figure.width();
  if (width > 1.3 * figure.height()) { // side by side
    const double w = std::max(1.0, (width - 2 * left - 2 * pad) / 2), h = std::max(1.0, room);
    addCounts(figure, {left, y, w, h}, all);
    addSlopes(figure, {2 * left + w + pad, y, w, h}, all);
  } else if (room < 12 * line) { // no room for two plots that say something
    if (room > 5 * line) addCounts(figure, {left, y, std::max(1.0, width - left - 1.6 * size), room}, all);
  } else {
    const double h = std::max(1.0, (room - below) / 2), w = std::max(1.0, width - left - 1.6 * size);
    addCounts(figure, {left, y, w, h}, all);
    addSlopes(figure, {left, y + h + below, w, h}, all);
  }
  Built built;
  built.id = request.id;
  for (const Named& one : all) {
    const auto n = static_cast<std::int64_t>(one.estimate.sides.size());
    std::vector<double> table = one.estimate.sides;
    for (const double count : one.estimate.logCounts) table.push_back(std::exp(count));
    built.data.push_back({one.name, "pixels; boxes", viewOf(std::move(table), {2, n}), {"side", "boxes"}, {}});
  }
  built.caption = "Dimension of the boundary of map " + request.map->name + " by " + report->estimate.method + ": " +
                  intervalText(report->estimate) + "; " + analysis::verdictName(report->judgement.verdict) + " (" +
                  report->judgement.reason + ").";
  for (std::size_t i = 1; i < all.size(); ++i)
    built.caption += " " + all[i].name + ": " + intervalText(all[i].estimate) + ".";
  built.scene = std::move(figure.scene);
  scene::finish(built.scene);
  return built;
}

} // namespace

std::unique_ptr<View> makeMapDimensionView(const Shared&) { return std::make_unique<MapDimensionView>(); }

} // namespace orrery::views
