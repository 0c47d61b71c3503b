// SPDX-License-Identifier: MIT
// "head-cosines": how alike every head is in two checkpoints: the cosine between its weights, layers down, heads
// across; or between all pairs of heads of the selected layer, which shows heads that have changed places.
#include <algorithm>
#include <cmath>

#include "core/weights/heads.h"
#include "views/layer_head_map.h"
#include "views/weight_numbers.h"

namespace orrery::views {
namespace {

ViewInfo makeInfo() {
  return {"head-cosines",
          "Heads of two checkpoints",
          "checkpoints",
          {stepParameter(),
           {"part", ParameterKind::Choice, "q", {"q", "k", "v", "o"}, "which weights of a head"},
           {"pairs",
            ParameterKind::Choice,
            "same",
            {"same", "all"},
            "every head with itself, or all pairs of heads of the selected layer"},
           lowParameter(),
           highParameter("cosine"),
           titleParameter()}};
}

class HeadCosinesView final : public BuiltInView {
public:
  explicit HeadCosinesView(const Shared& shared) : BuiltInView(makeInfo(), shared) {}
  Result<Built> build(const Request& request, std::stop_token stop) const override;
};

DerivedCache<double>::Ptr cosineOf(const Request& request, const weights::WeightsPtr& other, std::int64_t layer,
                                   weights::HeadPair heads, const std::string& part, const Shared& shared,
                                   Missing& missing) {
  TileKey key = weightKey(*request.weights, layer, kHeadCosineOf);
  key.head = heads.here;
  key.rowEnd = heads.there;
  key.rowBegin = static_cast<std::int64_t>(other->id());
  key.colBegin = part[0];
  return missing.get<double>(shared.weights, &WeightCaches::ranges, key,
                             [a = request.weights, other, layer, heads, part](const std::stop_token&) {
                               return weights::headCosine(a, other, layer, heads, part);
                             });
}

Result<Built> HeadCosinesView::build(const Request& request, std::stop_token stop) const {
  auto other = chosenOther(request);
  if (!other) return other.error();
  const weights::HeadCounts& n = request.weights->heads();
  if (n.headDim <= 0) return notFound("no config says which rows of the weights belong to which head");
  if ((*other)->heads().heads != n.heads || (*other)->heads().layers != n.layers ||
      (*other)->heads().headDim != n.headDim)
    return badInput("the two checkpoints have different heads");
  Missing missing(request, m_shared.tiles, stop);
  const std::string part = textOf(request.parameters, "part");
  const std::int64_t pairsOf = textOf(request.parameters, "pairs") == "all"
                                   ? std::clamp<std::int64_t>(request.selection.layer, 0, n.layers - 1)
                                   : -1;
  const std::int64_t rows = pairsOf >= 0 ? n.heads : n.layers;
  std::vector<float> values;
  for (std::int64_t r = 0; r < rows; ++r)
    for (std::int64_t h = 0; h < n.heads; ++h) {
      if (stop.stop_requested()) return cancelled();
      const auto cosine = pairsOf >= 0 ? cosineOf(request, *other, pairsOf, {r, h}, part, m_shared, missing)
                                       : cosineOf(request, *other, r, {h, h}, part, m_shared, missing);
      if (cosine && !cosine->ok()) return cosine->error();
      values.push_back(cosine ? static_cast<float>(**cosine) : std::nanf(""));
    }
  Figure figure(request);
  const auto& theme = figure.theme;
  const double lowest = quantile(values, {}, 0).value_or(0);
  auto scale = rangeOf(request, theme, lowest >= 0.99 ? 0.99 : lowest >= 0.9 ? 0.9 : lowest >= 0 ? 0 : -1, 1);
  if (!scale) return scale.error();
  LayerHeadMap map{request, "head-cosines", "cosine of W_" + std::string(1, static_cast<char>(std::toupper(part[0]))),
                   rows,    n.heads,        values,
                   *scale,  pairsOf,        4};
  const std::string heading =
      map.label + (pairsOf >= 0 ? " of all pairs of heads of layer " + std::to_string(pairsOf) : " of every head") +
      ": " + checkpointName(*request.weights) + " and " + checkpointName(**other);
  drawLayerHeadMap(figure, map, heading);
  Built built;
  built.id = request.id;
  built.incomplete = missing.ask();
  built.data.push_back(layerHeadTable(map, "cosine", "1"));
  built.scene = std::move(figure.scene);
  scene::finish(built.scene);
  built.caption = heading + "." + rangeSentence(*scale, map.label);
  return built;
}

} // namespace

std::unique_ptr<View> makeHeadCosinesView(const Shared& shared) { return std::make_unique<HeadCosinesView>(shared); }

} // namespace orrery::views
