// SPDX-License-Identifier: MIT
// The dimension of a boundary from an image, with an interval that means something.
//
// ln N(s) against ln s is fitted over the largest linear region (slope_fit.h), or over all sizes if that spans less
// than 0.6 of them; weights 1 / (offset error^2 + 1 / N + 0.02^2). The interval adds in quadrature
//   2 x the standard deviation of the slope under a bootstrap of image tiles and grid offsets (200 draws; the larger of
//   that over tiles and, where three quarters of them hold boundary, over blocks of four tiles),
//   2 x the standard error from the scatter around the line,
//   ln 1.2 / (ln s of the largest less that of the smallest size): N may be bent by 20 % at one end,
//   for sets, half the difference of the slopes of the two halves of the region,
// and reaches beyond D on one side:
//   for labels by that difference (upper less lower half): where small boxes still see pixels, the slope rises with s;
//   for sets as far as 2 D1 - D0 (D0 the fitted count, D1 the information dimension over the same sizes): a finite set
//   of pixels cuts boxes at its rim, which bends D0 about twice as much as D1.
// Held against Cantor dusts, Sierpinski, Vicsek, Koch and Minkowski shapes, discs, lines, level sets of Gaussian fields
// and random labels of 256 to 1024 pixels, which is where the constants come from.
#pragma once
#include <cstdint>
#include <stop_token>
#include <string>
#include <vector>

#include "core/analysis/boundary_image.h"

namespace orrery::analysis {

struct LocalSlope {
  double side = 0, slope = 0; // dimension from an octave of sizes around `side`
};

struct DimensionEstimate {
  std::string method;                      // "box", "uncertainty" (pairs within the image), "pairs" (new runs)
  double dimension = 0, low = 0, high = 0; // low <= dimension <= high: about 95 %
  double decades = 0;                      // of size that the fit spans
  double smallest = 0, largest = 0;        // sizes that the fit spans: pixels, or shares of the window for "pairs"
  double drift = 0;                        // slope of the upper half of the region less that of the lower half
  std::vector<double> sides, logCounts;    // all sizes looked at, and ln N(s) there; fitted ones lie in the span
  double slope = 0, intercept = 0;         // the fitted line: ln N = intercept + slope ln s
  std::vector<LocalSlope> localSlopes;
};

struct DimensionOptions {
  int offsets = 8;        // grid offsets per size, 1 to 64
  int bootstraps = 200;   // draws
  std::uint64_t seed = 0; // of offsets and bootstrap
};

// The image must pass checkImage(). Errors: BadInput (nothing to fit), Cancelled.
Result<DimensionEstimate> boxDimension(const BoundaryImage& image, const DimensionOptions& options = {},
                                       std::stop_token stop = {});
// D = 2 - alpha, alpha the slope of the share of pairs of pixels s apart that differ in class. Labels only.
Result<DimensionEstimate> pixelPairDimension(const BoundaryImage& image, const DimensionOptions& options = {},
                                             std::stop_token stop = {});

} // namespace orrery::analysis
