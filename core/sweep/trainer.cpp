// SPDX-License-Identifier: MIT
#include "core/sweep/trainer.h"

#include "core/sweep/mlp_trainer.h"

namespace orrery::sweep {

Result<std::unique_ptr<Trainer>> makeTrainer(const SweepSpec& spec) {
  if (spec.model.kind == ModelKind::Mlp2) {
    auto input = loadMlpInput(spec);
    if (!input) return input.error();
    return makeMlpTrainer(spec, std::move(*input));
  }
  return unsupported("transformer");
}

} // namespace orrery::sweep
