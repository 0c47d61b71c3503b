// SPDX-License-Identifier: MIT
// "kv-norms": Euclidean norms of keys or values, every layer and key/value head over the tokens.
#include <algorithm>
#include <cmath>

#include "views/built_in.h"
#include "views/kv_data.h"
#include "views/scene/text_metrics.h"
#include "views/scene/ticks.h"
#include "views/value_map.h"

namespace orrery::views {
namespace {

constexpr std::int64_t kMostColumns = 1024;

class KvNormsView final : public BuiltInView {
public:
  KvNormsView()
      : BuiltInView({"kv-norms",
                     "KV norms",
                     "trace",
                     {stateParameter("rotated-key"), scaleParameter(), lowParameter(), highParameter("of the norm"),
                      titleParameter()}}) {}
  Result<Built> build(const Request& request, std::stop_token stop) const override;
};

// [places, columns]; mean over the tokens of a column.
struct Norms {
  std::int64_t columns = 0, step = 1;
  std::vector<float> values;
};

Result<Norms> normsOf(const Request& request, const std::vector<KvPlace>& places, const std::stop_token& stop) {
  const std::int64_t T = shownTokens(request);
  Norms norms;
  norms.step = (T + kMostColumns - 1) / kMostColumns;
  norms.columns = (T + norms.step - 1) / norms.step;
  for (const KvPlace& place : places) {
    if (stop.stop_requested()) return cancelled();
    auto vectors = kvVectors(place.attention, stateOf(request), place.head, place.attention.tokens);
    if (!vectors) return vectors.error();
    const std::vector<double> each = analysis::rowNorms(vectors->rows());
    for (std::int64_t c = 0; c < norms.columns; ++c) {
      const auto begin = std::min(c * norms.step, vectors->n), end = std::min(begin + norms.step, vectors->n);
      double sum = 0;
      for (std::int64_t t = begin; t < end; ++t) sum += each[static_cast<std::size_t>(t)];
      norms.values.push_back(static_cast<float>(sum / static_cast<double>(end - begin))); // 0 / 0: not there yet
    }
  }
  return norms;
}

Result<Built> KvNormsView::build(const Request& request, std::stop_token stop) const {
  auto places = kvPlaces(request);
  if (!places) return places.error();
  auto norms = normsOf(request, *places, stop);
  if (!norms) return norms.error();
  Figure figure(request);
  const double size = figure.theme.denseSize, line = scene::lineHeight(size), pad = 0.8 * size;
  auto scale = rangeOf(request, figure.theme, 0, niceCeil(quantile(norms->values, {}, 0.995).value_or(1)));
  if (!scale) return scale.error();
  const std::string what = "norm of " + std::string(hooks::kvStateTitle(stateOf(request)));
  double top = pad;
  if (showsTitle(request)) {
    figure.heading("Layer and KV head over the tokens · " + what, pad, top + line / 2, figure.width() - 2 * pad);
    top += 1.6 * line;
  }
  ValueMap map{"norms", {pad, top, figure.width() - 2 * pad, figure.height() - top - pad}};
  map.rows = static_cast<std::int64_t>(places->size());
  map.columns = norms->columns;
  map.columnStep = norms->step;
  map.values = norms->values;
  map.scale = *scale;
  map.bar = what;
  map.rowTitle = "layer.KV head";
  map.columnTitle = "token position";
  for (const KvPlace& place : *places) map.rowNames.push_back(place.name());
  map.row = placeOfSelection(request, *places);
  const std::int64_t chosen = request.selection.key >= 0 ? request.selection.key : request.selection.query;
  map.column = chosen >= 0 && chosen / norms->step < norms->columns ? chosen / norms->step : -1;
  map.action = [&](std::int64_t r, std::int64_t c) {
    return r < 0 ? "key " + std::to_string(c * norms->step) : (*places)[static_cast<std::size_t>(r)].action();
  };
  map.tooltip = [&](std::int64_t r, std::int64_t c) {
    const std::string token = tokenName(*request.snapshot, c * norms->step);
    if (r < 0) return token;
    const double value = static_cast<double>(norms->values[static_cast<std::size_t>(r * norms->columns + c)]);
    return "layer.KV head " + (*places)[static_cast<std::size_t>(r)].name() + ", " + token + ": norm " +
           scene::numberText(value, 4);
  };
  std::vector<std::string> columns;
  for (std::int64_t c = 0; c < norms->columns; ++c) columns.push_back(tokenName(*request.snapshot, c * norms->step));
  Built built;
  built.id = request.id;
  built.data.push_back(
      {"norms", "1", viewOf(norms->values, {map.rows, map.columns}), map.rowNames, std::move(columns)});
  addValueMap(figure, std::move(map));
  built.caption = captionStart(request, -1, -1, shownTokens(request)) + " Euclidean " + what +
                  " by layer, key/value head and token" +
                  (norms->step > 1 ? ", mean of " + std::to_string(norms->step) + " tokens a column." : ".") +
                  rangeSentence(*scale, "norm");
  built.scene = std::move(figure.scene);
  scene::finish(built.scene);
  return built;
}

} // namespace

std::unique_ptr<View> makeKvNormsView(const Shared&) { return std::make_unique<KvNormsView>(); }

} // namespace orrery::views
