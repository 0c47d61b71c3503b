// SPDX-License-Identifier: MIT
// "eviction-curve": what smaller caches cost, over the budget, one line for each policy.
#include <algorithm>
#include <cmath>
#include <map>

#include "views/built_in.h"
#include "views/chart.h"
#include "views/eviction.h"
#include "views/scene/text_metrics.h"

namespace orrery::views {
namespace {

using hooks::EvictionResult;

class EvictionCurveView final : public BuiltInView {
public:
  EvictionCurveView()
      : BuiltInView({"eviction-curve",
                     "Eviction by budget",
                     "trace",
                     {{"measure",
                       ParameterKind::Choice,
                       "kl",
                       {"kl", "top-changed", "missing"},
                       "mean KL, changed tokens, attention"},
                      scaleParameter(),
                      titleParameter()}}) {}
  Result<Built> build(const Request& request, std::stop_token stop) const override;
};

struct Measure {
  std::string title, unit;
  double (*of)(const EvictionResult&);
};
Measure measureOf(const std::string& name) {
  if (name == "top-changed")
    return {"positions whose top-1 changes", "1", [](const EvictionResult& r) {
              return r.kl.empty() ? 0 : static_cast<double>(r.topChangedCount()) / static_cast<double>(r.kl.size());
            }};
  if (name == "missing") return {"missing attention", "1", [](const EvictionResult& r) { return r.missingMean(); }};
  return {"mean KL", "nat", [](const EvictionResult& r) { return r.klMean(); }};
}

// One policy: budgets ascending.
using Series = std::map<hooks::EvictionPolicy, std::map<std::int64_t, double>>;

Series seriesOf(const hooks::EvictionStudy& study, const Measure& measure) {
  Series series;
  for (const EvictionResult& result : study.results) {
    const std::int64_t budget = std::min(result.eviction.budget, study.tokens); // more changes nothing
    series[result.eviction.policy][budget] = measure.of(result);
  }
  return series;
}

constexpr double kLogFloor = 1e-6; // below: as good as nothing

Chart chartOf(const Request& request, const Series& series, const Measure& measure, std::int64_t tokens) {
  Chart chart{"curve", {}, {"entries kept per head"}, {measure.title}};
  if (measure.unit != "1") chart.y.title += " (" + measure.unit + ")";
  double least = static_cast<double>(tokens), most = 0, small = INFINITY;
  for (const auto& [policy, points] : series)
    for (const auto& [budget, value] : points) {
      least = std::min(least, static_cast<double>(budget));
      if (!std::isfinite(value)) continue;
      most = std::max(most, value);
      if (value > kLogFloor) small = std::min(small, value);
    }
  chart.x.low = std::max(0.0, least - 0.04 * static_cast<double>(tokens));
  chart.x.high = std::max(static_cast<double>(tokens), chart.x.low + 1);
  chart.y.high = niceCeil(std::max(most * 1.0001, kLogFloor));
  chart.y.log = textOf(request.parameters, "scale") == "log";
  if (chart.y.log) chart.y.low = std::isfinite(small) ? std::pow(10, std::floor(std::log10(small))) : kLogFloor / 10;
  if (chart.y.log) chart.y.high = std::max(chart.y.high, 10 * chart.y.low);
  return chart;
}

// What every point says under the pointer.
void addTips(Figure& figure, int panel, const Chart& chart, const hooks::EvictionStudy& study, const Measure& measure) {
  const scene::Panel& shown = figure.scene.panels[static_cast<std::size_t>(panel)];
  const double w = 10 * shown.data.w / shown.frame.w, h = 10 * shown.data.h / shown.frame.h; // of ten units
  for (const EvictionResult& result : study.results) {
    const double x = static_cast<double>(std::min(result.eviction.budget, study.tokens)), y = measure.of(result);
    if (!std::isfinite(y)) continue;
    const double at = valueOn(chart.y, y);
    figure.scene.links.push_back(
        {panel, {x - w / 2, at - h / 2, w, h}, "", evictionName(result.eviction) + "\n" + evictionCost(result)});
  }
}

DataTable tableOf(const Series& series, const Measure& measure) {
  std::map<std::int64_t, bool> budgets;
  for (const auto& [policy, points] : series)
    for (const auto& point : points) budgets[point.first] = true;
  std::vector<double> values;
  std::vector<std::string> rows, columns;
  for (const auto& entry : budgets) columns.push_back("budget " + std::to_string(entry.first));
  for (const auto& [policy, points] : series) {
    rows.emplace_back(hooks::policyName(policy));
    for (const auto& entry : budgets) {
      const auto found = points.find(entry.first);
      values.push_back(found == points.end() ? std::nan("") : found->second);
    }
  }
  const Shape shape{static_cast<std::int64_t>(rows.size()), static_cast<std::int64_t>(columns.size())};
  return {measure.title, measure.unit, viewOf(std::move(values), shape), std::move(rows), std::move(columns)};
}

Result<Built> EvictionCurveView::build(const Request& request, std::stop_token stop) const {
  auto study = evictionStudy(request);
  if (!study) return study.error();
  if (stop.stop_requested()) return cancelled();
  const Measure measure = measureOf(textOf(request.parameters, "measure"));
  const Series series = seriesOf(**study, measure);
  Figure figure(request);
  const double size = figure.theme.denseSize, line = scene::lineHeight(size), pad = 0.8 * size;
  double top = pad;
  if (showsTitle(request)) {
    figure.heading("Cost of smaller caches · " + measure.title, pad, top + line / 2, figure.width() - 2 * pad);
    top += 1.6 * line;
  }
  std::vector<LegendEntry> legend;
  for (const auto& [policy, points] : series)
    legend.push_back({std::string(hooks::policyName(policy)), policyColor(policy)});
  top += addLegend(figure, {pad, top + line / 2}, figure.width() - 2 * pad, legend) + pad;
  Chart chart = chartOf(request, series, measure, (*study)->tokens);
  chart.area = {pad, top, figure.width() - 2 * pad, figure.height() - top - pad};
  const int panel = addChart(figure, chart);
  for (const auto& [policy, points] : series) {
    Curve curve{{}, {}, policyColor(policy), true};
    for (const auto& [budget, value] : points) {
      curve.x.push_back(static_cast<double>(budget));
      curve.y.push_back(value);
    }
    addCurve(figure, panel, chart, curve);
  }
  addTips(figure, panel, chart, **study, measure);
  Built built;
  built.id = request.id;
  built.data.push_back(tableOf(series, measure));
  built.caption = captionStart(request, -1, -1, (*study)->tokens) + " " + chart.y.title +
                  " of the next token against the full cache, over the entries that each key/value head keeps" +
                  (chart.y.log ? "; log scale, values below its low end stand on it." : ".");
  built.scene = std::move(figure.scene);
  scene::finish(built.scene);
  return built;
}

} // namespace

std::unique_ptr<View> makeEvictionCurveView(const Shared&) { return std::make_unique<EvictionCurveView>(); }

} // namespace orrery::views
