// SPDX-License-Identifier: MIT
// A power law through shares that were counted k out of n.
#pragma once
#include <cstdint>
#include <span>

namespace orrery::analysis {

struct ShareCount {
  double x = 0; // ln of the distance
  std::int64_t k = 0, n = 0;
};
struct PowerLawFit {
  double slope = 0, intercept = 0; // ln f = intercept + slope x
  double slopeError = 0;           // from the Fisher information, widened by the scatter if that is larger than chance
  double chiSquarePerFreedom = 0;  // Pearson; 0 with two counts
};
// Maximum of the binomial likelihood of f = exp(intercept + slope x), f < 1. Needs two counts of different x with k >
// 0.
PowerLawFit fitPowerLaw(std::span<const ShareCount> counts);

} // namespace orrery::analysis
