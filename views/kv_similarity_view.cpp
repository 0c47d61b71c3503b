// SPDX-License-Identifier: MIT
// "kv-similarity": cosine between the keys (or values) of every two tokens within one key/value head.
#include <cmath>

#include "views/built_in.h"
#include "views/kv_data.h"
#include "views/scene/text_metrics.h"
#include "views/scene/ticks.h"
#include "views/value_map.h"

namespace orrery::views {
namespace {

constexpr std::int64_t kMostTokens = 512; // further ones: every second, third ...

class KvSimilarityView final : public BuiltInView {
public:
  KvSimilarityView()
      : BuiltInView({"kv-similarity", "KV similarity in a head", "trace", {stateParameter("key"), titleParameter()}}) {}
  Result<Built> build(const Request& request, std::stop_token stop) const override;
};

Result<Built> KvSimilarityView::build(const Request& request, std::stop_token stop) const {
  auto head = selectedKvHead(request);
  if (!head) return head.error();
  auto vectors = kvVectors(head->attention, stateOf(request), head->head, kMostTokens);
  if (!vectors) return vectors.error();
  if (stop.stop_requested()) return cancelled();
  const std::vector<double> cosines = analysis::cosines(vectors->rows());
  const std::string what = std::string(hooks::kvStateTitle(stateOf(request)));
  Figure figure(request);
  const double size = figure.theme.denseSize, line = scene::lineHeight(size), pad = 0.8 * size;
  double top = pad;
  if (showsTitle(request)) {
    figure.heading("Cosine of " + what + " · " + kvHeadName(request, *head), pad, top + line / 2,
                   figure.width() - 2 * pad);
    top += 1.6 * line;
  }
  const std::int64_t step = vectors->step;
  const auto place = [&](std::int64_t token) { return token >= 0 && token / step < vectors->n ? token / step : -1; };
  ValueMap map{"similarity", {pad, top, figure.width() - 2 * pad, figure.height() - top - pad}};
  map.rows = map.columns = vectors->n;
  map.columnStep = step;
  map.values.assign(cosines.begin(), cosines.end());
  map.scale.map = figure.theme.diverging;
  map.scale.low = -1;
  map.scale.high = 1;
  map.bar = "cosine";
  map.rowTitle = map.columnTitle = "token";
  for (std::int64_t i = 0; i < vectors->n; ++i) map.rowNames.push_back(tokenName(*request.snapshot, i * step));
  map.row = place(request.selection.query);
  map.column = place(request.selection.key);
  map.square = true;
  map.action = [&](std::int64_t r, std::int64_t c) {
    return r < 0 ? "key " + std::to_string(c * step)
                 : "cell " + std::to_string(std::max(r, c) * step) + " " + std::to_string(std::min(r, c) * step);
  };
  map.tooltip = [&](std::int64_t r, std::int64_t c) {
    if (r < 0) return tokenName(*request.snapshot, c * step);
    return tokenName(*request.snapshot, r * step) + " and " + tokenName(*request.snapshot, c * step) + ": cosine " +
           scene::numberText(cosines[static_cast<std::size_t>(r * vectors->n + c)], 4);
  };
  Built built;
  built.id = request.id;
  built.data.push_back({"cosine", "1", viewOf(cosines, {map.rows, map.columns}), map.rowNames, map.rowNames});
  addValueMap(figure, std::move(map));
  built.caption = captionStart(request, request.selection.layer, -1, head->attention.tokens) + " Cosine between the " +
                  what + " of every two tokens, key/value head " + std::to_string(head->head) + "." +
                  (step > 1 ? " Every " + std::to_string(step) + "th token is shown." : "");
  built.scene = std::move(figure.scene);
  scene::finish(built.scene);
  return built;
}

} // namespace

std::unique_ptr<View> makeKvSimilarityView(const Shared&) { return std::make_unique<KvSimilarityView>(); }

} // namespace orrery::views
