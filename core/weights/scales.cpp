// SPDX-License-Identifier: MIT
#include "core/weights/scales.h"

#include "core/tensorio/gguf_scales.h"

namespace orrery::weights {

std::int64_t scaleBlock(const Weight& weight) {
  const auto place = tensorio::scalePlace(*weight.info);
  return place ? place->elements : 0;
}

Result<std::vector<float>> blockScales(const WeightSet& set, const Weight& weight, std::int64_t first,
                                       std::int64_t count) {
  const std::int64_t block = scaleBlock(weight), before = block > 0 ? weight.first / block : 0;
  return tensorio::blockScales(set.file(), *weight.info, before + first, count);
}

} // namespace orrery::weights
