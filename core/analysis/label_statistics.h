// SPDX-License-Identifier: MIT
// What an image of labels is like, beside its dimension: is there anything at all that neighbours share?
#pragma once
#include <cstdint>
#include <vector>

#include "core/analysis/boundary_image.h"

namespace orrery::analysis {

struct LagCorrelation {
  std::int64_t lag = 0;   // pixels
  double correlation = 0; // of value with value `lag` away, mean of along rows and along columns: 0 coin flips, 1 areas
  double strongest = 0;   // the largest of four directions, diagonals included (a thin diagonal line has no other)
  double chance = 0;      // standard deviation of it for independent pixels: 1 / sqrt(pairs of one direction)
};
// At lags 1, 2, 4 ... up to a quarter of the shorter side. Pairs of known pixels only; 0 where all are equal.
std::vector<LagCorrelation> neighbourCorrelation(const BoundaryImage& image);

struct ImageShares {
  double known = 1;      // of all pixels
  double one = 0;        // of known pixels with value 1
  double edge = 0;       // of 2 x 2 blocks of known pixels that hold both values
  double entropy = 0;    // nat: -p ln p - (1 - p) ln (1 - p) of all known pixels
  double boxEntropy = 0; // nat: mean of the same over boxes of side kEntropyBox with a known pixel (basin entropy Sb)
  double edgeBoxEntropy = 0; // nat: mean over those of them that hold both values (boundary basin entropy Sbb)
};
inline constexpr std::int64_t kEntropyBox = 5; // Daza et al., Basin entropy, Sci. Rep. 6, 31416 (2016)
ImageShares imageShares(const BoundaryImage& image);

} // namespace orrery::analysis
