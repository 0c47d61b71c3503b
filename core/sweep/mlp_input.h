// SPDX-License-Identifier: MIT
// Weights, data and minibatches of the two-layer network: the same for every run of a map.
#pragma once
#include <cstdint>
#include <vector>

#include "core/base/result.h"
#include "core/sweep/spec.h"

namespace orrery::sweep {

struct MlpInput {
  std::size_t n = 0, points = 0, batch = 0; // batch 0: the gradient is over all points
  std::vector<double> w0, w1;               // [n hidden, n inputs], [n]
  std::vector<double> x, y;                 // [points, n], [points]
  std::vector<std::int32_t> order;          // [steps, batch]: rows of x, with repeats
};

// From a file: init/W0, init/W1, data/X, data/Y and, for minibatches, data/batch_index [steps or more, batch]. From
// seeds: everything standard normal (mean field), rows drawn uniformly with repeats. Errors: NotFound, BadInput,
// TooLarge.
Result<MlpInput> loadMlpInput(const SweepSpec& spec);

} // namespace orrery::sweep
