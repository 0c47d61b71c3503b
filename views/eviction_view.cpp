// SPDX-License-Identifier: MIT
// "eviction": one cache that forgets, position by position: KL against the full cache, where the most likely token
// changes, and the attention that went missing; beside it that attention by layer and head.
#include <algorithm>
#include <cmath>

#include "views/attention_map.h"
#include "views/built_in.h"
#include "views/chart.h"
#include "views/eviction.h"
#include "views/scene/text_metrics.h"
#include "views/scene/ticks.h"
#include "views/value_map.h"

namespace orrery::views {

Result<std::shared_ptr<const hooks::EvictionStudy>> evictionStudy(const Request& request) {
  if (!request.snapshot || request.snapshot->length() < 1)
    return notFound("no tokens yet: open a checkpoint, type a prompt and run it");
  if (!request.snapshot->eviction || request.snapshot->eviction->results.empty())
    return notFound("no smaller cache was tried on this run yet: choose policies and budgets under Eviction, or use "
                    "`orrery evict`");
  return request.snapshot->eviction;
}

scene::Color policyColor(hooks::EvictionPolicy policy) { return seriesColor(static_cast<std::size_t>(policy)); }

std::string evictionName(const hooks::Eviction& eviction) {
  if (eviction.policy != hooks::EvictionPolicy::Own)
    return std::string(hooks::policyName(eviction.policy)) + ", budget " + std::to_string(eviction.budget);
  const std::size_t count = eviction.dropped.size();
  return "own selection, " + std::to_string(count) + (count == 1 ? " token dropped" : " tokens dropped");
}

std::string evictionCost(const hooks::EvictionResult& result) {
  return "mean KL " + scene::numberText(result.klMean(), 3) + " nat · top-1 changed at " +
         std::to_string(result.topChangedCount()) + " of " + std::to_string(result.kl.size()) +
         " · missing attention " + scene::numberText(result.missingMean(), 3);
}

namespace {

using hooks::EvictionResult;
using scene::Rect;

std::vector<std::string> policyChoices() {
  return {std::begin(hooks::kEvictionPolicies), std::end(hooks::kEvictionPolicies)};
}

class EvictionView final : public BuiltInView {
public:
  EvictionView()
      : BuiltInView({"eviction",
                     "Eviction by token",
                     "trace",
                     {{"policy", ParameterKind::Choice, "window", policyChoices(), "which of the tried policies"},
                      {"budget",
                       ParameterKind::Integer,
                       "0",
                       {},
                       "which of its budgets; the nearest below, 0: the smallest tried"},
                      titleParameter()}}) {}
  Result<Built> build(const Request& request, std::stop_token stop) const override;
};

// The asked-for policy, else the first there is; of its budgets the largest that is not above, else the smallest.
const EvictionResult& chosen(const Request& request, const hooks::EvictionStudy& study) {
  const auto wanted = hooks::policyFromName(textOf(request.parameters, "policy"));
  const std::int64_t budget = integerOf(request.parameters, "budget");
  const bool has = std::ranges::any_of(study.results, [&](const auto& r) { return r.eviction.policy == wanted; });
  const hooks::EvictionPolicy policy = has ? *wanted : study.results.front().eviction.policy;
  const EvictionResult* best = nullptr;
  for (const EvictionResult& result : study.results) {
    if (result.eviction.policy != policy) continue;
    const std::int64_t mine = result.eviction.budget, than = best ? best->eviction.budget : 0;
    const bool fits = mine <= budget, bestFits = best && than <= budget;
    if (!best || (fits != bestFits ? fits : fits ? mine > than : mine < than)) best = &result;
  }
  return *best;
}

std::vector<double> positions(std::int64_t tokens) {
  std::vector<double> x;
  for (std::int64_t t = 0; t < tokens; ++t) x.push_back(static_cast<double>(t) + 0.5);
  return x;
}

double highest(const std::vector<double>& values) {
  double most = 0;
  for (const double value : values)
    if (std::isfinite(value)) most = std::max(most, value);
  return most;
}

void addPositionLinks(Figure& figure, int panel, const Request& request, const EvictionResult& result, double high) {
  for (std::size_t t = 0; t < result.kl.size(); ++t) {
    std::string tip = tokenName(*request.snapshot, static_cast<std::int64_t>(t)) + ": KL " +
                      scene::numberText(result.kl[t], 4) + " nat, missing attention " +
                      scene::numberText(result.missing[t], 3);
    if (result.topChanged[t]) tip += ", another most likely token";
    figure.scene.links.push_back(
        {panel, {static_cast<double>(t), high, 1, -high}, "token " + std::to_string(t), std::move(tip)});
  }
}

void addMarkOfSelection(Figure& figure, int panel, const Request& request, std::int64_t tokens, double high) {
  if (request.selection.query < 0 || request.selection.query >= tokens) return;
  const double x = static_cast<double>(request.selection.query) + 0.5;
  figure.line(panel, {{x, 0}, {x, high}}, figure.theme.accent, figure.print ? 0.6 : 1);
}

// KL over the position, with a dot where the most likely token changes.
void addKl(Figure& figure, const Rect& area, const Request& request, const EvictionResult& result) {
  const auto tokens = static_cast<std::int64_t>(result.kl.size());
  Chart chart{"kl", area, {"", 0, static_cast<double>(tokens), false, true}, {"KL (nat)"}};
  chart.y.high = niceCeil(std::max(highest(result.kl) * 1.0001, 1e-9));
  const int panel = addChart(figure, chart);
  const scene::Color color = policyColor(result.eviction.policy);
  addCurve(figure, panel, chart, {positions(tokens), result.kl, color});
  for (std::size_t t = 0; t < result.kl.size(); ++t)
    if (result.topChanged[t] && std::isfinite(result.kl[t]))
      figure.scene.discs.push_back(
          {panel, {static_cast<double>(t) + 0.5, result.kl[t]}, figure.print ? 1.6 : 3, figure.theme.bad});
  addMarkOfSelection(figure, panel, request, tokens, chart.y.high);
  addPositionLinks(figure, panel, request, result, chart.y.high);
}

void addMissing(Figure& figure, const Rect& area, const Request& request, const EvictionResult& result) {
  const auto tokens = static_cast<std::int64_t>(result.missing.size());
  Chart chart{"missing", area, {"token position", 0, static_cast<double>(tokens), false, true}, {}};
  const double size = figure.theme.denseSize, room = area.h - 2.6 * scene::lineHeight(size);
  chart.y.title = firstFitting({"missing attention", "missing"}, room, size);
  const int panel = addChart(figure, chart);
  addCurve(figure, panel, chart, {positions(tokens), result.missing, figure.theme.info});
  addMarkOfSelection(figure, panel, request, tokens, 1);
  addPositionLinks(figure, panel, request, result, 1);
}

void addHeads(Figure& figure, const Rect& area, const Request& request, const hooks::EvictionStudy& study,
              const EvictionResult& result) {
  const Selection& s = request.selection;
  const bool inside = s.layer >= 0 && s.layer < study.layers && s.head >= 0 && s.head < study.heads;
  ValueMap map{"heads", area, study.layers, study.heads};
  map.values.assign(result.missingPerHead.begin(), result.missingPerHead.end());
  map.scale.map = figure.theme.sequential;
  map.scale.high = niceCeil(std::max(highest(result.missingPerHead), 1e-9));
  map.bar = "missing attention";
  map.rowTitle = "layer";
  map.columnTitle = "head";
  for (std::int64_t l = 0; l < study.layers; ++l) map.rowNames.push_back(std::to_string(l));
  map.row = inside ? s.layer : -1;
  map.column = inside ? s.head : -1;
  map.mostWidth = 3 * figure.theme.denseSize;
  map.action = [](std::int64_t l, std::int64_t h) { return "head " + std::to_string(l) + " " + std::to_string(h); };
  map.tooltip = [&](std::int64_t l, std::int64_t h) {
    return "layer " + std::to_string(l) + ", head " + std::to_string(h) + ": missing attention " +
           scene::numberText(result.missingPerHead[static_cast<std::size_t>(l * study.heads + h)], 3);
  };
  addValueMap(figure, std::move(map));
}

Result<Built> EvictionView::build(const Request& request, std::stop_token stop) const {
  auto study = evictionStudy(request);
  if (!study) return study.error();
  if (stop.stop_requested()) return cancelled();
  const EvictionResult& result = chosen(request, **study);
  const std::string cost = evictionCost(result);
  const auto tokens = static_cast<std::int64_t>(result.kl.size());
  Figure figure(request);
  const double size = figure.theme.denseSize, line = scene::lineHeight(size), pad = 0.8 * size;
  double top = pad;
  const double room = figure.width() - 2 * pad;
  if (showsTitle(request)) {
    figure.heading("Eviction · " + evictionName(result.eviction), pad, top + line / 2, room);
    top += 1.6 * line;
  }
  figure.text({pad, top + line / 2}, firstFitting({cost + " · dots: new top-1", cost}, room, size), size,
              figure.theme.secondary);
  top += line + pad;
  const double height = figure.height() - top - pad, half = (height - pad) / 2;
  const double heads =
      std::min(0.4 * room, 3 * size * static_cast<double>((*study)->heads) + 5 * line + figure.barWidth());
  const bool wide = room >= 48 * size;
  const double charts = wide ? room - heads - pad : room;
  addKl(figure, {pad, top, charts, half}, request, result);
  addMissing(figure, {pad, top + half + pad, charts, half}, request, result);
  if (wide) addHeads(figure, {pad + charts + pad, top, heads, height}, request, **study, result);

  Built built;
  built.id = request.id;
  std::vector<std::string> names;
  std::vector<double> changed(result.topChanged.begin(), result.topChanged.end());
  for (std::int64_t t = 0; t < tokens; ++t) names.push_back(tokenName(*request.snapshot, t));
  built.data.push_back({"kl", "nat", viewOf(result.kl, {tokens}), names, {}});
  built.data.push_back({"top1_changed", "1", viewOf(std::move(changed), {tokens}), names, {}});
  built.data.push_back({"missing_attention", "1", viewOf(result.missing, {tokens}), std::move(names), {}});
  built.data.push_back(
      {"missing_attention_per_head", "1", viewOf(result.missingPerHead, {(*study)->layers, (*study)->heads}), {}, {}});
  built.caption = captionStart(request, -1, -1, tokens) + " Cache: " + evictionName(result.eviction) + "; " + cost +
                  ". Dots mark positions where another token becomes the most likely one.";
  built.scene = std::move(figure.scene);
  scene::finish(built.scene);
  return built;
}

} // namespace

std::unique_ptr<View> makeEvictionView(const Shared&) { return std::make_unique<EvictionView>(); }

} // namespace orrery::views
