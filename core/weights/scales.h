// SPDX-License-Identifier: MIT
// Scales of the blocks of a quantised weight, see tensorio/gguf_scales.h. Any thread.
#pragma once
#include <cstdint>
#include <vector>

#include "core/weights/weight_set.h"

namespace orrery::weights {

// Elements of a block; 0: the weight is not stored in blocks with a scale.
std::int64_t scaleBlock(const Weight& weight);
// Of blocks [first, first + count) of the weight. Errors: those of tensorio::blockScales.
Result<std::vector<float>> blockScales(const WeightSet& set, const Weight& weight, std::int64_t first,
                                       std::int64_t count);

} // namespace orrery::weights
