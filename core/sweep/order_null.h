// SPDX-License-Identifier: MIT
// The null map of data order: every run sees the same examples in an order of its own, as when nobody fixes the seed of
// the shuffle. What a map shows beyond this is not luck.
#pragma once
#include <memory>

#include "core/base/result.h"
#include "core/sweep/trainer.h"

namespace orrery::sweep {

// The minibatches of all steps are shuffled among themselves; the seed of a run comes from the bits of its parameters,
// so that the map is the same whenever it is made. Errors: Unsupported where every step sees all data; those of
// makeTrainer().
Result<std::unique_ptr<Trainer>> makeOrderTrainer(const SweepSpec& spec);

} // namespace orrery::sweep
