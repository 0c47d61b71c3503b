// SPDX-License-Identifier: MIT
// What a sweep would cost.
#pragma once
#include <cstdint>

#include "core/base/result.h"
#include "core/sweep/sweep.h"

namespace orrery::sweep {

struct SweepEstimate {
  std::int64_t runs = 0;      // at most: refinement computes fewer, how many depends on the boundary
  std::int64_t runsLeast = 0; // coarsest lattice and audits
  double secondsPerRun = 0;   // of one thread, for a run that does not diverge
  double seconds = 0;         // of `runs` on `threads`
  std::uint64_t bytes = 0;    // memory and, at most, file
  int threads = 1;
};

// Trains no pixel of the map: the speed is measured over a few steps of as many runs as a call of the trainer takes.
// Errors: those of makeTrainer().
Result<SweepEstimate> estimateSweep(const SweepSpec& spec, const SweepOptions& options);

} // namespace orrery::sweep
