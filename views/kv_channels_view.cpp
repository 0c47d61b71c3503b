// SPDX-License-Identifier: MIT
// "kv-channels": which dimensions of keys or values stand out, every layer and key/value head over the dimensions.
#include <algorithm>
#include <cmath>

#include "views/built_in.h"
#include "views/kv_data.h"
#include "views/scene/text_metrics.h"
#include "views/scene/ticks.h"
#include "views/value_map.h"

namespace orrery::views {
namespace {

class KvChannelsView final : public BuiltInView {
public:
  KvChannelsView()
      : BuiltInView({"kv-channels",
                     "KV channels that stand out",
                     "trace",
                     {stateParameter("key"), scaleParameter(), lowParameter(), highParameter("times the median"),
                      titleParameter()}}) {}
  Result<Built> build(const Request& request, std::stop_token stop) const override;
};

constexpr double kOutlier = 3; // times the median

// "largest 9.1 times the median: layer 3, KV head 0, dimension 17; 12 of 960 above 3 times"
std::string summary(const std::vector<float>& ratios, const std::vector<KvPlace>& places, std::int64_t d) {
  std::int64_t above = 0, best = -1;
  for (std::size_t i = 0; i < ratios.size(); ++i) {
    if (!std::isfinite(ratios[i])) continue;
    above += static_cast<double>(ratios[i]) > kOutlier;
    if (best < 0 || ratios[i] > ratios[static_cast<std::size_t>(best)]) best = static_cast<std::int64_t>(i);
  }
  if (best < 0) return "nothing finite";
  const KvPlace& place = places[static_cast<std::size_t>(best / d)];
  const double most = static_cast<double>(ratios[static_cast<std::size_t>(best)]);
  return "largest " + scene::numberText(most, 3) + " times the median: layer " + std::to_string(place.layer) +
         ", KV head " + std::to_string(place.head) + ", dimension " + std::to_string(best % d) + "; " +
         std::to_string(above) + " of " + std::to_string(ratios.size()) + " above " + scene::numberText(kOutlier) +
         " times";
}

Result<Built> KvChannelsView::build(const Request& request, std::stop_token stop) const {
  auto places = kvPlaces(request);
  if (!places) return places.error();
  const std::int64_t d = places->front().attention.record->headDim;
  std::vector<float> ratios;
  for (const KvPlace& place : *places) {
    if (stop.stop_requested()) return cancelled();
    auto vectors = kvVectors(place.attention, stateOf(request), place.head, place.attention.tokens);
    if (!vectors) return vectors.error();
    for (const double ratio : analysis::channelOutliers(vectors->rows())) ratios.push_back(static_cast<float>(ratio));
  }
  Figure figure(request);
  auto scale = rangeOf(request, figure.theme, 0, niceCeil(std::max(2.0, quantile(ratios, {}, 1).value_or(1))));
  if (!scale) return scale.error();
  const double size = figure.theme.denseSize, line = scene::lineHeight(size), pad = 0.8 * size;
  const double room = figure.width() - 2 * pad;
  const std::string what(hooks::kvStateTitle(stateOf(request))), found = summary(ratios, *places, d);
  double top = pad;
  if (showsTitle(request)) {
    figure.heading("Channels of " + what, pad, top + line / 2, room);
    top += 1.6 * line;
  }
  figure.text({pad, top + line / 2}, firstFitting({found}, room, size), size, figure.theme.secondary);
  top += line + pad;
  ValueMap map{"channels", {pad, top, room, figure.height() - top - pad}};
  map.rows = static_cast<std::int64_t>(places->size());
  map.columns = d;
  map.values = ratios;
  map.scale = *scale;
  map.bar = "rms / median rms";
  map.rowTitle = "layer.KV head";
  map.columnTitle = "dimension of the head";
  for (const KvPlace& place : *places) map.rowNames.push_back(place.name());
  map.row = placeOfSelection(request, *places);
  map.column = request.selection.channel < d ? request.selection.channel : -1;
  map.action = [&](std::int64_t, std::int64_t c) { return "channel " + std::to_string(c); };
  map.tooltip = [&](std::int64_t r, std::int64_t c) {
    if (r < 0) return "dimension " + std::to_string(c);
    return "layer.KV head " + (*places)[static_cast<std::size_t>(r)].name() + ", dimension " + std::to_string(c) +
           ": " + scene::numberText(static_cast<double>(ratios[static_cast<std::size_t>(r * d + c)]), 4) +
           " times the median";
  };
  Built built;
  built.id = request.id;
  built.data.push_back({"channels", "1", viewOf(ratios, {map.rows, d}), map.rowNames, {}});
  addValueMap(figure, std::move(map));
  built.caption = captionStart(request, -1, -1, shownTokens(request)) + " Root mean square of every dimension of " +
                  what + " over the tokens, divided by its median over the dimensions of the head: " + found + "." +
                  rangeSentence(*scale, "ratio");
  built.scene = std::move(figure.scene);
  scene::finish(built.scene);
  return built;
}

} // namespace

std::unique_ptr<View> makeKvChannelsView(const Shared&) { return std::make_unique<KvChannelsView>(); }

} // namespace orrery::views
