// SPDX-License-Identifier: MIT
// How much of the plane a boundary touches at each size of box: N(s) = area / s^2 * (share of touched boxes).
//
// Sets: a box of side s pixels is touched if it holds a pixel of the set.
// Labels: a box of side s holds (kSamples + 1)^2 labels s / kSamples apart, whatever s is, and is touched if they are
// not all equal. All sizes so see the same share of the crossings; counting edge pixels in boxes instead misses more of
// them in small boxes, which lowers D by 0.1 to 0.3 for a rough boundary (a level set with H = 0.3 reads 1.5, not 1.7).
// The grid of boxes lies at several random offsets. Boxes that hang over the border count by their share of area
// inside, and labels beyond it are mirrored, so that neither plane-filling nor compact sets are bent at large s.
// Counts are kept per tile of the image (8 x 8 of them; a box belongs to the tile of its middle) for the bootstrap.
#pragma once
#include <array>
#include <cstdint>
#include <stop_token>
#include <vector>

#include "core/analysis/boundary_image.h"

namespace orrery::analysis {

inline constexpr int kTilesPerSide = 8, kTiles = kTilesPerSide * kTilesPerSide;
inline constexpr std::int64_t kSamples = 2; // steps between labels along the side of a box

struct OffsetCounts {
  std::array<double, kTiles> touched{}; // boxes, by their share of area inside
  std::array<double, kTiles> boxes{};   // all boxes, likewise
  double information = 0;               // sets: -sum p ln p, p: share of the set's pixels in a box; labels: 0
};

struct ScaleCounts {
  double side = 0; // pixels
  std::vector<OffsetCounts> offsets;
};

// Boxes of `sides` (ascending, whole pixels; for labels multiples of kSamples) at `offsets` grid offsets each, the
// first of them 0. Errors: Cancelled.
Result<std::vector<ScaleCounts>> countBoxes(const BoundaryImage& image, const std::vector<std::int64_t>& sides,
                                            int offsets, std::uint64_t seed, std::stop_token stop = {});

// Labels only: pairs of pixels `side` apart along rows and columns; touched: their classes differ. One "offset".
// By the uncertainty exponent the share of such pairs goes as s^(2 - D). Errors: Cancelled.
Result<std::vector<ScaleCounts>> countPairs(const BoundaryImage& image, const std::vector<std::int64_t>& sides,
                                            std::stop_token stop = {});

// The textbook count: boxes of side 2, 4, 8 ... up to a quarter of the longer side from the top left corner, those
// beyond the border too; a box counts if it holds a pixel of the set (of the edge set for labels).
struct PlainCount {
  std::int64_t side = 0, boxes = 0;
};
std::vector<PlainCount> plainBoxCount(const BoundaryImage& image);

} // namespace orrery::analysis
