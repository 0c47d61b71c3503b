// SPDX-License-Identifier: MIT
// Shares counted k out of n, and a power law through several of them.
#pragma once
#include <cstdint>
#include <span>

namespace orrery::analysis {

struct ShareInterval {
  double low = 0, high = 1;
};
// Wilson's 95 % interval (Wilson 1927); [0, 1] for n = 0.
ShareInterval wilsonInterval(std::int64_t k, std::int64_t n);

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
