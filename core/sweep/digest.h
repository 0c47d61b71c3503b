// SPDX-License-Identifier: MIT
// What is kept of one training run's loss curve l[0 .. N-1] (l[t]: loss before update t): enough to change measure,
// threshold and colours without training again.
// Sources: measures of arXiv 2402.06184 (notebook) and arXiv 2501.04286 (repository).
#pragma once
#include <cstdint>

namespace orrery::sweep {

// One normalisation v[t] of the curve and its sums. W is the width of the windows at both ends.
struct CurveSums {
  double meanFirst = 0;  // mean of v over the first W steps
  double meanLast = 0;   // mean of v over the last W steps
  double varLast = 0;    // population variance of v over the last W steps
  double sum = 0;        // of v over all steps
  double sumInverse = 0; // of 1/v over all steps (infinite if some v is 0)
};

struct Digest {
  double first = 0;               // l[0]
  double last = 0;                // last finite l[t]
  double min = 0;                 // smallest finite l[t]
  CurveSums sohlDickstein;        // v = min((l if finite, else 1e6) / l[0], 1e6), W = 20
  CurveSums torkamandi;           // v = min(l / (l[0] + 1e-8), 10), 10 where l is not finite, W = N / 20
  std::int32_t divergedStep = -1; // first t with l[t] not finite; -1: none
};

} // namespace orrery::sweep
