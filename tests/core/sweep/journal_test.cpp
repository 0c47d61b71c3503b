// SPDX-License-Identifier: MIT
#include "core/sweep/spec.h"
#include <gtest/gtest.h>
namespace orrery::sweep {
Result<std::unique_ptr<Trainer>> makeTrainer(const SweepSpec&) { return unsupported("no kernels yet"); }
} // namespace orrery::sweep
