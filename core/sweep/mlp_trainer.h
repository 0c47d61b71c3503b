// SPDX-License-Identifier: MIT
#pragma once
#include <memory>

#include "core/sweep/mlp_input.h"
#include "core/sweep/trainer.h"

namespace orrery::sweep {

// Runs side by side in the lanes of the vector unit. Every 25 steps lanes whose weights are lost for good are given to
// runs that still live.
std::unique_ptr<Trainer> makeMlpTrainer(const SweepSpec& spec, MlpInput input);

} // namespace orrery::sweep
