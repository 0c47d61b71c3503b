// SPDX-License-Identifier: MIT
#include "core/sweep/trainer.h"

#include "core/sweep/mlp_trainer.h"
#include "core/sweep/transformer_trainer.h"

namespace orrery::sweep {

Result<std::unique_ptr<Trainer>> makeTrainer(const SweepSpec& spec) {
  if (spec.model.kind == ModelKind::Mlp2) {
    auto input = loadMlpInput(spec);
    if (!input) return input.error();
    return makeMlpTrainer(spec, std::move(*input));
  }
  TransformerShape shape(spec);
  auto input = loadTransformerInput(spec, shape);
  if (!input) return input.error();
  return makeTransformerTrainer(spec, std::move(shape), std::move(*input));
}

} // namespace orrery::sweep
