// SPDX-License-Identifier: MIT
// A checkpoint's weights to look at: opened without a model, with what its config says of them where there is one.
#pragma once
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "core/weights/weight_set.h"

namespace orrery::session {

// Whatever tensorio::openTensors opens; headers only. A config that is missing or not understood does no harm: heads
// and the family's names are not known then. Errors: those of openTensors.
Result<weights::WeightsPtr> openWeights(const std::string& path);

// The same of a file that is open already.
weights::WeightsPtr weightsOf(const std::string& path, const tensorio::TensorFile& file);

// One checkpoint, or every checkpoint of a folder of them (files, or folders such as step-100), sorted so that step-9
// comes before step-10. Errors: NotFound (none in it), those of openTensors for a single one, Cancelled.
Result<std::vector<weights::WeightsPtr>> openSeries(const std::string& path, const std::stop_token& stop = {});
// Runs of digits compare as numbers.
bool naturallyBefore(std::string_view a, std::string_view b);

} // namespace orrery::session
