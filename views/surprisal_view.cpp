// SPDX-License-Identifier: MIT
// "surprisal": surprisal over the position, as a line.
#include "views/surprisal.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "views/attention_map.h"
#include "views/built_in.h"
#include "views/figure.h"
#include "views/scene/axes.h"
#include "views/scene/text_metrics.h"

namespace orrery::views {

std::vector<double> surprisalOf(const Request& request) {
  const auto& scores = request.snapshot->scores;
  const double factor = textOf(request.parameters, "unit") == "bit" ? 1 / std::numbers::ln2 : 1;
  const std::int64_t T = shownTokens(request);
  std::vector<double> surprisal(static_cast<std::size_t>(T), std::nan(""));
  for (std::size_t i = 1; i < surprisal.size() && i < scores.size(); ++i)
    surprisal[i] = -static_cast<double>(scores[i].logProbability) * factor + 0.0; // + 0.0: never "-0"
  return surprisal;
}

Parameter unitParameter() { return {"unit", ParameterKind::Choice, "nat", {"nat", "bit"}, "unit of surprisal"}; }

namespace {

using scene::Point;
using scene::Rect;

class SurprisalView final : public BuiltInView {
public:
  SurprisalView()
      : BuiltInView({"surprisal", "Surprisal over the text", "trace", {unitParameter(), titleParameter()}}) {}
  Result<Built> build(const Request& request, std::stop_token stop) const override;
};

struct Curve {
  std::vector<double> values;
  double high = 1, mean = 0;
  std::int64_t counted = 0;
};

Curve curveOf(const Request& request) {
  Curve curve{surprisalOf(request)};
  double most = 0, sum = 0;
  for (const double value : curve.values) {
    if (!std::isfinite(value)) continue;
    most = std::max(most, value);
    sum += value;
    ++curve.counted;
  }
  curve.high = niceCeil(most * 1.0001);
  if (curve.counted > 0) curve.mean = sum / static_cast<double>(curve.counted);
  return curve;
}

void addCurve(Figure& figure, int panel, const Curve& curve) {
  const auto& theme = figure.theme;
  std::vector<Point> points;
  const auto flush = [&] {
    if (points.size() == 1) figure.scene.discs.push_back({panel, points[0], 1.5, theme.info});
    figure.line(panel, std::move(points), theme.info, figure.print ? 0.7 : 1.3);
    points.clear();
  };
  for (std::size_t i = 0; i < curve.values.size(); ++i) {
    if (std::isfinite(curve.values[i]))
      points.push_back({static_cast<double>(i) + 0.5, curve.values[i]});
    else
      flush();
  }
  flush();
}

Result<Built> SurprisalView::build(const Request& request, std::stop_token stop) const {
  if (!request.snapshot || shownTokens(request) < 1)
    return notFound("no tokens yet: open a checkpoint, type a prompt and run it");
  const std::int64_t T = shownTokens(request);
  const std::string unit = textOf(request.parameters, "unit");
  const Curve curve = curveOf(request);
  if (stop.stop_requested()) return cancelled();
  Figure figure(request);
  const auto& theme = figure.theme;
  const double size = theme.denseSize, line = scene::lineHeight(size), pad = 0.8 * size;
  const double top = pad + (showsTitle(request) ? 1.6 * line : 0);
  const double left = pad + line + 3.4 * size, bottom = pad + 2.6 * line;
  const Rect frame{left, top, std::max(1.0, figure.width() - left - 1.6 * size),
                   std::max(1.0, figure.height() - top - bottom)};
  const Rect data{0, curve.high, static_cast<double>(T), -curve.high};
  const int panel = figure.panel("surprisal", frame, data, data, false);
  if (request.snapshot->promptTokens > 0 && request.snapshot->promptTokens < T) {
    const auto from = static_cast<double>(request.snapshot->promptTokens);
    figure.scene.below.push_back(
        {panel, {from, curve.high, static_cast<double>(T) - from, -curve.high}, mix(theme.canvas, theme.good, 0.08)});
  }
  if (curve.counted > 0)
    figure.line(panel, {{0, curve.mean}, {static_cast<double>(T), curve.mean}}, mix(theme.canvas, theme.secondary, 0.6),
                theme.lineWidth);
  addCurve(figure, panel, curve);
  if (request.selection.query >= 0 && request.selection.query < T) {
    const double x = static_cast<double>(request.selection.query) + 0.5;
    figure.line(panel, {{x, 0}, {x, curve.high}}, theme.accent, figure.print ? 0.6 : 1);
  }
  const int most = std::clamp(static_cast<int>(frame.h / (2.2 * line)), 2, 10);
  scene::addValueAxis(figure.scene, {panel, scene::Side::Left, scene::linearTicks(0, curve.high, most), false}, theme);
  const int across = std::max(2, static_cast<int>(frame.w / (5 * size)));
  std::vector<scene::Tick> positions;
  for (const scene::Tick& tick : scene::linearTicks(0, static_cast<double>(std::max<std::int64_t>(1, T - 1)), across))
    if (tick.value == std::floor(tick.value)) positions.push_back({tick.value + 0.5, tick.label});
  scene::addValueAxis(figure.scene, {panel, scene::Side::Bottom, positions, false}, theme);
  scene::addAxisTitle(figure.scene, frame, scene::Side::Left, 3.6 * size, "surprisal (" + unit + ")", theme);
  scene::addAxisTitle(figure.scene, frame, scene::Side::Bottom, 0.8 * size + line, "token position", theme);
  const std::string mean = "mean " + scene::numberText(curve.mean, 3) + " " + unit;
  if (showsTitle(request)) figure.heading("Surprisal · " + mean, pad, pad + line / 2, figure.width() - 2 * pad);

  Built built;
  built.id = request.id;
  std::vector<std::string> names;
  for (std::int64_t i = 0; i < T; ++i) names.push_back(tokenName(*request.snapshot, i));
  built.data.push_back({"surprisal", unit, viewOf(curve.values, {T}), std::move(names), {}});
  built.caption = captionStart(request, -1, -1, T) + " Surprisal over the position in " + unit + "; " + mean +
                  " over " + std::to_string(curve.counted) + " tokens.";
  built.scene = std::move(figure.scene);
  scene::finish(built.scene);
  return built;
}

} // namespace

std::unique_ptr<View> makeSurprisalView(const Shared&) { return std::make_unique<SurprisalView>(); }

} // namespace orrery::views
