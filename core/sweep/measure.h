// SPDX-License-Identifier: MIT
// From a loss curve to its digest, and from a digest to the class and value of a pixel. Pure functions.
#pragma once
#include <cstddef>
#include <span>

#include "core/sweep/digest.h"
#include "core/sweep/spec.h"

namespace orrery::sweep {

// The digest of a run of `steps` steps whose first losses are given; the rest, if any, counts as not finite (a run is
// given up only when nothing finite can come). l[0] not finite or 0: v is its cap wherever l / l[0] is not a number.
Digest digestOf(std::span<const double> losses, std::size_t steps);

// What can be changed after training. Sources: arXiv 2402.06184 (notebook) and arXiv 2501.04286 (repository).
struct Thresholds {
  double sohlDickstein = 1; // converged: mean of the last 20 v below this
  // Converged: recent + drop < early, variance < variance, recent < recent.
  double drop = 0.1, variance = 0.01, recent = 0.4;
  double finalLoss = 1; // converged: last loss below this share of the first
};

struct Outcome {
  bool stable = false;    // every loss was finite
  bool trainable = false; // the measure's criterion
  double value = 0;       // never NaN, never infinite; its sign says no more than `trainable`
};

// SohlDickstein: value = -sum v if converged, + sum 1/v if not. Torkamandi: with N steps, A = 1 + (N - 1) recent and
// S = sum v, +sqrt|A - S| / ((N - 1) recent) under the root if converged, -sqrt|S - A| / (1 + (N - 1)(10 - recent)) if
// not: where the paper's root is not real, that of the magnitude. FinalLoss: the last finite loss.
Outcome outcomeOf(Measure measure, const Digest& digest, std::size_t steps, const Thresholds& thresholds = {});

} // namespace orrery::sweep
