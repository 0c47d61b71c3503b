// SPDX-License-Identifier: MIT
// "kv-spectrum": singular values of keys before and after RoPE and of values of one key/value head, and the effective
// rank of one of them for every layer and head.
#include <algorithm>
#include <cmath>

#include "core/analysis/singular_values.h"
#include "core/analysis/spectrum.h"
#include "views/built_in.h"
#include "views/chart.h"
#include "views/kv_data.h"
#include "views/scene/text_metrics.h"
#include "views/scene/ticks.h"
#include "views/value_map.h"

namespace orrery::views {
namespace {

constexpr std::int64_t kMostTokens = 2048, kMostRankTokens = 512;

class KvSpectrumView final : public BuiltInView {
public:
  KvSpectrumView()
      : BuiltInView({"kv-spectrum", "KV spectrum and rank", "trace", {stateParameter("key"), titleParameter()}}) {}
  Result<Built> build(const Request& request, std::stop_token stop) const override;
};

struct Spectrum {
  std::vector<double> values; // largest first; empty if the state is not known or not finite
  double rank = std::nan(""); // effective, of the singular values
};

Result<Spectrum> spectrumOf(const LayerAttention& attention, hooks::KvState state, std::int64_t head, std::int64_t most,
                            const std::stop_token& stop) {
  auto vectors = kvVectors(attention, state, head, most);
  if (!vectors) return vectors.error();
  const bool finite = std::ranges::all_of(vectors->values, [](double x) { return std::isfinite(x); });
  if (!finite) return Spectrum{};
  analysis::SpectrumOptions options;
  options.direct = true;
  auto values = analysis::singularValues(analysis::sourceOf(vectors->values, vectors->n, vectors->d), options, stop);
  if (!values) return values.error();
  const double rank = analysis::summarise(*values, vectors->n, vectors->d, 1).effectiveRankSingular;
  return Spectrum{std::move(*values), rank};
}

scene::Color stateColor(std::size_t state) { return seriesColor(state); }

// The three curves, relative to the largest value.
Chart chartOf(const scene::Rect& area, const std::vector<Spectrum>& spectra) {
  std::size_t longest = 1;
  double least = 1;
  for (const Spectrum& spectrum : spectra) {
    longest = std::max(longest, spectrum.values.size());
    for (const double s : spectrum.values)
      if (s > 0) least = std::min(least, s / spectrum.values[0]);
  }
  Chart chart{"spectrum", area, {"number of the singular value", 0, static_cast<double>(longest), false, true}, {}};
  chart.y = {"singular value / largest", std::pow(10, std::floor(std::log10(std::max(least, 1e-8)) - 0.01)), 1.0, true};
  return chart;
}

void addSpectra(Figure& figure, const scene::Rect& area, const std::vector<Spectrum>& spectra) {
  const Chart chart = chartOf(area, spectra);
  const int panel = addChart(figure, chart);
  for (std::size_t i = 0; i < spectra.size(); ++i) {
    Curve curve{{}, {}, stateColor(i)};
    for (std::size_t k = 0; k < spectra[i].values.size(); ++k) {
      curve.x.push_back(static_cast<double>(k) + 0.5);
      curve.y.push_back(spectra[i].values[k] / spectra[i].values[0]);
    }
    addCurve(figure, panel, chart, curve);
  }
}

struct Ranks {
  std::int64_t layers = 0, heads = 0;
  std::vector<float> values = {}; // [layers, heads]
};

Result<Ranks> ranksOf(const Request& request, const std::stop_token& stop) {
  auto places = kvPlaces(request);
  if (!places) return places.error();
  Ranks ranks{static_cast<std::int64_t>(request.snapshot->attention.size()), places->front().attention.record->kvHeads};
  ranks.values.assign(static_cast<std::size_t>(ranks.layers * ranks.heads), std::nanf(""));
  for (const KvPlace& place : *places) {
    if (stop.stop_requested()) return cancelled();
    auto spectrum = spectrumOf(place.attention, stateOf(request), place.head, kMostRankTokens, stop);
    if (!spectrum) return spectrum.error();
    if (place.head < ranks.heads)
      ranks.values[static_cast<std::size_t>(place.layer * ranks.heads + place.head)] =
          static_cast<float>(spectrum->rank);
  }
  return ranks;
}

void addRanks(Figure& figure, const scene::Rect& area, const Request& request, const Ranks& ranks, std::int64_t chosen,
              std::int64_t share) {
  ValueMap map{"ranks", area, ranks.layers, ranks.heads, ranks.values};
  map.scale.map = figure.theme.sequential;
  map.scale.high = niceCeil(quantile(ranks.values, {}, 1).value_or(1));
  map.bar = "effective rank";
  map.rowTitle = "layer";
  map.columnTitle = "KV head";
  for (std::int64_t l = 0; l < ranks.layers; ++l) map.rowNames.push_back(std::to_string(l));
  map.row = request.selection.layer < ranks.layers ? request.selection.layer : -1;
  map.column = chosen;
  map.mostWidth = 4 * figure.theme.denseSize;
  map.action = [=](std::int64_t l, std::int64_t g) {
    return l < 0 ? std::string() : "head " + std::to_string(l) + " " + std::to_string(g * share);
  };
  map.tooltip = [&](std::int64_t l, std::int64_t g) {
    const double rank = static_cast<double>(ranks.values[static_cast<std::size_t>(l * ranks.heads + g)]);
    return "layer " + std::to_string(l) + ", KV head " + std::to_string(g) + ": effective rank " +
           scene::numberText(rank, 4);
  };
  addValueMap(figure, std::move(map));
}

Result<Built> KvSpectrumView::build(const Request& request, std::stop_token stop) const {
  auto head = selectedKvHead(request);
  if (!head) return head.error();
  std::vector<Spectrum> spectra;
  std::vector<LegendEntry> legend;
  Built built;
  built.id = request.id;
  std::string ranksText;
  for (std::size_t i = 0; i < 3; ++i) {
    const auto state = static_cast<hooks::KvState>(i);
    auto spectrum = spectrumOf(head->attention, state, head->head, kMostTokens, stop);
    if (!spectrum && spectrum.error().code != Code::NotFound) return spectrum.error();
    spectra.push_back(spectrum ? std::move(*spectrum) : Spectrum{});
    const std::string title(hooks::kvStateTitle(state));
    const std::string rank = scene::numberText(spectra[i].rank, 3);
    legend.push_back({title + " (rank " + rank + ")", stateColor(i)});
    ranksText += (i ? ", " : "") + rank + " of " + title;
    const auto count = static_cast<std::int64_t>(spectra[i].values.size());
    if (count > 0)
      built.data.push_back({std::string(hooks::kKvStateNames[i]), "1", viewOf(spectra[i].values, {count}), {}, {}});
  }
  auto ranks = ranksOf(request, stop);
  if (!ranks) return ranks.error();
  Figure figure(request);
  const double size = figure.theme.denseSize, line = scene::lineHeight(size), pad = 0.8 * size;
  const double room = figure.width() - 2 * pad;
  double top = pad;
  if (showsTitle(request)) {
    figure.heading("Singular values · " + kvHeadName(request, *head), pad, top + line / 2, room);
    top += 1.6 * line;
  }
  top += addLegend(figure, {pad, top + line / 2}, room, legend) + pad;
  const double height = figure.height() - top - pad;
  const bool wide = room >= 44 * size;
  const double right =
      wide ? std::min(0.4 * room, 4 * size * static_cast<double>(ranks->heads) + 5 * line + figure.barWidth()) : 0;
  addSpectra(figure, {pad, top, room - right, height}, spectra);
  if (wide)
    addRanks(figure, {pad + room - right, top, right, height}, request, *ranks, head->head,
             head->attention.record->heads / head->attention.record->kvHeads);
  built.data.push_back({"effective_rank", "1", viewOf(ranks->values, {ranks->layers, ranks->heads}), {}, {}});
  built.caption = captionStart(request, request.selection.layer, -1, head->attention.tokens) +
                  " Singular values of keys and values of key/value head " + std::to_string(head->head) +
                  " over the tokens, relative to the largest; effective ranks (exponential of the entropy of the "
                  "normalised singular values): " +
                  ranksText + ". Map: effective rank of " + std::string(hooks::kvStateTitle(stateOf(request))) + ".";
  built.scene = std::move(figure.scene);
  scene::finish(built.scene);
  return built;
}

} // namespace

std::unique_ptr<View> makeKvSpectrumView(const Shared&) { return std::make_unique<KvSpectrumView>(); }

} // namespace orrery::views
