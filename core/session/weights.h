// SPDX-License-Identifier: MIT
// A checkpoint's weights to look at: opened without a model, with what its config says of them where there is one.
#pragma once
#include <string>

#include "core/weights/weight_set.h"

namespace orrery::session {

// Whatever tensorio::openTensors opens; headers only. A config that is missing or not understood does no harm: heads
// and the family's names are not known then. Errors: those of openTensors.
Result<weights::WeightsPtr> openWeights(const std::string& path);

} // namespace orrery::session
