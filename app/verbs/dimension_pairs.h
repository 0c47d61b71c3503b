// SPDX-License-Identifier: MIT
// The uncertainty exponent of a map's window by pairs of new runs.
#pragma once
#include <cstdint>

#include "core/analysis/pair_dimension.h"
#include "core/sweep/map.h"
#include "core/sweep/spec.h"

namespace orrery::app {

struct PairRuns {
  std::int64_t pairs = 0; // at each distance
  std::uint8_t bit = 0;   // of the class: sweep::kStable or kTrainable
  std::uint64_t seed = 0;
  int threads = 0; // 0: one per core
};
// Draws pairs in the window that the map's axes span (evenly in the logarithm on a log10 axis), trains them and fits.
// Distances go from 0.03 of the window down to 1e-6, or to kLeastPitchUlp units in the last place if that is more.
// Progress on stderr if it is a terminal. Errors: those of the trainer and of analysis::pairDimension().
Result<analysis::PairDimension> trainPairs(const sweep::SweepSpec& spec, const sweep::Map& map, const PairRuns& how);

} // namespace orrery::app
