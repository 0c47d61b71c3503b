// SPDX-License-Identifier: MIT
#include "core/session/weights.h"

#include "core/models/decoder.h"
#include "core/models/weight_map.h"

namespace orrery::session {
namespace {

weights::HeadCounts headsOf(const models::ModelConfig& config) {
  return {config.layers, config.heads, config.kvHeads, config.headDim, config.model};
}

weights::Weight weightOf(const models::MappedWeight& mapped, const tensorio::TensorFile& file, bool stacked) {
  weights::Weight weight;
  weight.name = stacked ? mapped.tensor + "[" + std::to_string(mapped.expert) + "]" : mapped.tensor;
  weight.canonical = mapped.canonical;
  weight.part = mapped.part;
  weight.layer = mapped.layer >= 0 ? mapped.layer : weights::layerInName(mapped.canonical);
  weight.expert = mapped.expert;
  weight.info = file.find(mapped.tensor);
  weight.first = mapped.first;
  weight.shape = mapped.shape;
  weight.transposed = mapped.transposed;
  weight.rows = mapped.rows;
  return weight;
}

} // namespace

Result<weights::WeightsPtr> openWeights(const std::string& path) {
  auto file = tensorio::openTensors(path);
  if (!file) return file.error();
  auto config = models::configOf(path, *file);
  if (config)
    if (Status theirs = models::checkTensors(*config, *file); !theirs) config = theirs.error();
  weights::WeightSet::Parts parts{path, *file, {}, {}, models::availableMemory() / 2};
  if (config) parts.heads = headsOf(*config);
  for (const models::MappedWeight& mapped : models::mapWeights(config ? &*config : nullptr, *file)) {
    const tensorio::TensorInfo* info = file->find(mapped.tensor);
    parts.weights.push_back(weightOf(mapped, *file, mapped.shape.size() < info->shape.size()));
  }
  return std::make_shared<const weights::WeightSet>(std::move(parts));
}

} // namespace orrery::session
