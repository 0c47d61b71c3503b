// SPDX-License-Identifier: MIT
// "weight": any tensor of a checkpoint as a map, straight from the file, with the norms of its rows and columns and the
// heads it belongs to.
#include <algorithm>
#include <cmath>

#include "views/built_in.h"
#include "views/figure.h"
#include "views/scene/axes.h"
#include "views/scene/text_metrics.h"
#include "views/scene/ticks.h"
#include "views/weight_heads.h"
#include "views/weight_map.h"
#include "views/weight_picture.h"

namespace orrery::views {
namespace {

using scene::Rect;

ViewInfo makeInfo() {
  std::vector<Parameter> parameters = {
      {"quantity", ParameterKind::Choice, "values", {"values", "scales"}, "the numbers, or the scale of every block"},
      {"part", ParameterKind::Choice, "whole", {"whole", "head"}, "all of it, or the selected head's rows or columns"},
      {"norms", ParameterKind::Boolean, "true", {}, "2-norms of rows and columns beside the map"}};
  for (Parameter& shared : mapParameters()) parameters.push_back(std::move(shared));
  return {"weight", "A tensor", "weights", std::move(parameters)};
}

class WeightView final : public BuiltInView {
public:
  explicit WeightView(const Shared& shared) : BuiltInView(makeInfo(), shared) {}
  Result<Built> build(const Request& request, std::stop_token stop) const override;
};

// Norms of rows and columns; null while they are being computed. All of the tensor is read for them: cells go first.
DerivedCache<analysis::TensorNumbers>::Ptr numbersOf(const Request& request, const weights::Weight& weight,
                                                     const Shared& shared, Missing& missing) {
  const weights::WeightsPtr set = request.weights;
  const TileKey key = weightKey(*set, indexOf(*set, weight), kNumbersOf);
  if (missing.count() > 0) return shared.weights->numbers.find(key);
  return missing.get<analysis::TensorNumbers>(
      shared.weights, &WeightCaches::numbers, key, [set, &weight](const std::stop_token& stop) {
        return analysis::tensorNumbers(weights::sourceOf(set, weight), {}, stop);
      });
}

std::vector<HeadBand> bandsOf(const Request& request, const weights::Weight& weight, bool scales) {
  return scales ? std::vector<HeadBand>() : headBands(request.weights->heads(), weight);
}

std::string titleOf(const Request& request, const weights::Weight& weight, const WeightPicture& picture) {
  std::string text = weight.name + " · " + shapeAndType(weight);
  if (textOf(request.parameters, "quantity") == "scales") text += " · block scales";
  if (picture.map.rowCell > 1 || picture.map.colCell > 1)
    text += " · pooled " + std::to_string(picture.map.rowCell) + " x " + std::to_string(picture.map.colCell);
  return text;
}

Result<Built> WeightView::build(const Request& request, std::stop_token stop) const {
  auto weight = chosenWeight(request);
  if (!weight) return weight.error();
  const weights::Weight& w = **weight;
  if (w.elements() == 0) return badInput(w.name + " " + shapeText(w.shape) + " has no elements to show");
  const bool scales = textOf(request.parameters, "quantity") == "scales";
  auto source = scales ? scalesOf(request.weights, w) : Result<MapSource>(mapOf(request.weights, w));
  if (!source) return source.error();
  Missing missing(request, m_shared.tiles, stop);
  Figure figure(request);
  WeightPicture picture{request, figure, *source, m_shared, missing};
  picture.panelName = "weight";
  if (scales) picture.reach = 1.5; // of one sign mostly, and near each other
  picture.label = scales ? "scale of a block" : "weight";
  picture.bands = bandsOf(request, w, scales);
  const HeadBand* chosen = chosenBand(picture.bands, request.weights->heads(), request.selection, w);
  picture.limits = {0, 0, static_cast<double>(source->cols), static_cast<double>(source->rows)};
  if (textOf(request.parameters, "part") == "head") {
    if (!chosen) return badInput(w.name + " has no part that belongs to one head of this model");
    picture.limits = chosen->rect;
  }
  const bool norms = flagOf(request.parameters, "norms") && !scales;
  picture.profiles = norms;
  if (Status drawn = drawWeightMap(picture, stop); !drawn) return drawn.error();
  const auto numbers = norms ? numbersOf(request, w, m_shared, missing) : nullptr;
  if (numbers && numbers->ok()) drawNorms(picture, (*numbers)->rowNorms, (*numbers)->columnNorms);
  drawBands(picture, chosen, w);
  if (showsTitle(request)) drawTitle(picture, titleOf(request, w, picture));

  Built built = finished(picture);
  if (numbers && numbers->ok()) {
    built.data.push_back({"row norms", "weight", viewOf((*numbers)->rowNorms, {source->rows}), {}, {}});
    built.data.push_back({"column norms", "weight", viewOf((*numbers)->columnNorms, {source->cols}), {}, {}});
  }
  built.caption = "Checkpoint " + checkpointName(*request.weights) + ", tensor " + w.name + " " + shapeAndType(w) +
                  ". " + captionOfMap(picture);
  return built;
}

} // namespace

std::unique_ptr<View> makeWeightView(const Shared& shared) { return std::make_unique<WeightView>(shared); }

} // namespace orrery::views
