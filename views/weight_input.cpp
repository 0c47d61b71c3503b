// SPDX-License-Identifier: MIT
#include "views/weight_input.h"

#include <algorithm>

#include "core/base/text.h"
#include "views/scene/text_metrics.h"

namespace orrery::views {

std::string tensorAction(const weights::Weight& weight) {
  return "tensor " + (weight.layer >= 0 ? std::to_string(weight.layer) : std::string("-")) + " " + weight.name;
}

std::int64_t indexOf(const weights::WeightSet& set, const weights::Weight& weight) {
  return &weight - set.weights().data();
}

std::string checkpointName(const weights::WeightSet& set) {
  std::string path = set.path();
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  std::size_t slash = path.find_last_of('/');
  // Most checkpoints are a "model.safetensors": their folder tells them apart.
  if (slash != std::string::npos && slash > 0 && path.compare(slash + 1, 6, "model.") == 0)
    slash = path.find_last_of('/', slash - 1);
  return scene::cleanText(path.substr(slash + 1), 60);
}

Result<const weights::Weight*> chosenWeight(const Request& request) {
  if (!request.weights) return notFound("no checkpoint is open whose weights could be shown");
  const auto& all = request.weights->weights();
  const std::string name = request.selection.tensor;
  if (name.empty()) {
    const auto first = std::ranges::find_if(all, &weights::Weight::matrix);
    if (first != all.end()) return &*first;
    return notFound("the checkpoint holds no matrix");
  }
  if (const weights::Weight* found = request.weights->find(name)) return found;
  if (const weights::Weight* found = request.weights->findCanonical(name)) return found;
  return notFound("the checkpoint has no tensor " + inQuotes(name) + "; `orrery info --tensors` lists its " +
                  std::to_string(all.size()));
}

Parameter stepParameter() {
  return {"step", ParameterKind::Integer, "0", {}, "which of the checkpoints it is compared with, from 0"};
}

Result<weights::WeightsPtr> chosenOther(const Request& request) {
  if (!request.weights) return notFound("no checkpoint is open whose weights could be shown");
  if (request.series.empty())
    return notFound("there is no other checkpoint to compare with: File > Compare weights with, or --other PATH");
  const std::int64_t last = static_cast<std::int64_t>(request.series.size()) - 1;
  return request
      .series[static_cast<std::size_t>(std::clamp<std::int64_t>(integerOf(request.parameters, "step"), 0, last))];
}

Result<const weights::Weight*> weightIn(const weights::WeightSet& other, const weights::Weight& weight) {
  const weights::Weight* found = weights::counterpart(other, weight);
  if (!found) return notFound(checkpointName(other) + " has no tensor " + inQuotes(weight.name));
  if (!weights::sameShape(weight, *found))
    return badInput(weight.name + ": " + shapeText(weight.shape) + " here, " + shapeText(found->shape) + " in " +
                    checkpointName(other));
  return found;
}

bool Missing::ask() {
  const bool incomplete = !m_work.empty();
  if (m_request.loader) m_request.loader->want(m_tiles, std::move(m_work));
  m_work.clear();
  return incomplete;
}

TileKey weightKey(const weights::WeightSet& set, std::int64_t index, int quantity) {
  constexpr std::uint64_t kWeights = 0x77656967687473; // no hash of log-sum-exps
  TileKey key;
  key.run = set.id();
  key.content = kWeights;
  key.layer = index;
  key.quantity = quantity;
  return key;
}

std::string shapeAndType(const weights::Weight& weight) {
  return shapeText(weight.shape) + " " + tensorio::typeName(*weight.info);
}

} // namespace orrery::views
