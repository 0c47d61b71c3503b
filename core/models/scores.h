// SPDX-License-Identifier: MIT
// From rows of logits to what is kept of them: log-probabilities, top-20, entropy.
#pragma once
#include <ATen/core/Tensor.h>

#include "core/hooks/capture_plan.h"

namespace orrery::models {

struct RowScore {
  hooks::TokenScore score;       // logProbability is left 0
  double logSumExp = 0;          // natural log
  double nextLogProbability = 0; // of the token that follows; 0 if there is none
};
// Two rows of logits [.., V] as distributions of the next token, in float64. kl: KL(full || other) in nat, at least 0;
// NaN if logits are not finite.
struct RowDivergence {
  double kl = 0;
  bool topChanged = false; // the most likely token differs; of equals the first counts
};
RowDivergence divergenceOf(const at::Tensor& full, const at::Tensor& other, std::int64_t row);

// logits [.., V]: `row` counts over all leading dimensions. next: id of the token that follows, or -1.
RowScore scoreRow(const at::Tensor& logits, std::int64_t row, std::int64_t next);

} // namespace orrery::models
