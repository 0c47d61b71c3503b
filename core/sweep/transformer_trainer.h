// SPDX-License-Identifier: MIT
#pragma once
#include <memory>

#include "core/sweep/trainer.h"
#include "core/sweep/transformer_input.h"

namespace orrery::sweep {

// One run after the other, each with all of its state in cache.
std::unique_ptr<Trainer> makeTransformerTrainer(const SweepSpec& spec, TransformerShape shape, TransformerInput input);

// Sinusoidal positions [context][wide]: sin(p / 10000^(2i/d)), cos(same), in turn; padding 0.
std::vector<double> sinusoidalPositions(const TransformerShape& shape);

} // namespace orrery::sweep
