// SPDX-License-Identifier: MIT
// Straight lines through a few points of a double logarithmic plot.
#pragma once
#include <cstddef>
#include <span>
#include <vector>

namespace orrery::analysis {

struct LineFit {
  double slope = 0, intercept = 0;
  double residualError = 0; // standard error of the slope from the scatter around the line
};
// Weighted least squares, y = intercept + slope x. x, y, weight have one size >= 2. Neighbouring sizes of boxes are
// correlated, so the scatter counts as that of half as many points.
LineFit fitLine(std::span<const double> x, std::span<const double> y, std::span<const double> weight);

// Slopes between points i and i + step: [size - step].
std::vector<double> localSlopes(std::span<const double> x, std::span<const double> y, std::size_t step);

struct Region {
  std::size_t begin = 0, end = 0; // points [begin, end)
};
// The longest run (in x) of at least `least` points whose local slopes over `step` points all lie within `tolerance` of
// the run's own fit; of runs of equal length the one with the smallest scatter. All points if there is none.
// Source: LargestLinearRegion of FractalDimensions.jl (Datseris et al., Chaos 33, 102101, 2023).
Region linearRegion(std::span<const double> x, std::span<const double> y, std::span<const double> weight,
                    std::size_t step, std::size_t least, double tolerance);

} // namespace orrery::analysis
