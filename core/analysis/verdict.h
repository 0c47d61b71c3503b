// SPDX-License-Identifier: MIT
// What a dimension is worth. A number never leaves without its interval, its decades and one of four verdicts. The
// rules, in this order, the first that holds:
//   below precision                  neighbouring pixels are less than kLeastPitchUlp units in the last place apart.
//   indistinguishable from noise     no direction has a neighbour correlation above kNoiseCorrelation or four times
//   what
//                                    independent pixels show by chance; or the interval holds the D of random pixels
//                                    with the same share, and the correlation is below kWeakCorrelation.
//   unresolved at this grid          the map is not complete; or the interval holds the D of random pixels; or the fit
//   spans less than
//                                    kLeastDecades; or the interval is wider than kWidest; or the slopes of the two
//                                    halves of the fit differ by more than kLargestDrift.
//   resolved                         else.
// Random pixels count only where they have a D by the last two rules themselves; few pixels of a set have none.
// D near 2 so never reads "very fractal": it is what a grid too coarse for the boundary shows.
#pragma once
#include <optional>
#include <string>

#include "core/analysis/box_dimension.h"
#include "core/analysis/label_statistics.h"

namespace orrery::analysis {

// Of 4 units in the last place a pixel's place is off by up to an eighth of a pitch.
inline constexpr double kLeastPitchUlp = 4;
inline constexpr double kNoiseCorrelation = 0.1, kWeakCorrelation = 0.3;
inline constexpr double kLeastDecades = 0.8, kWidest = 0.5, kLargestDrift = 0.3;

enum class Verdict { Resolved, Unresolved, Noise, BelowPrecision };
const char* verdictName(Verdict verdict); // "resolved", "unresolved at this grid", ...

struct Judgement {
  Verdict verdict = Verdict::Unresolved;
  std::string reason; // one sentence with the number that decided
};

struct Evidence {
  DimensionEstimate estimate;
  std::optional<DimensionEstimate> null;    // random pixels with the same share, the same way
  std::optional<LagCorrelation> neighbours; // at lag 1; none: pairs of runs, without a grid
  std::optional<double> pitchUlp;           // none: not a map
  bool complete = true;                     // as in BoundaryImage
};
Judgement judge(const Evidence& evidence);

struct DimensionReport {
  DimensionEstimate estimate;
  std::optional<DimensionEstimate> null;
  std::vector<LagCorrelation> correlation;
  ImageShares shares;
  Judgement judgement;
};
enum class ImageMethod { Box, PixelPairs };
// Estimate, null, correlation, shares and verdict of an image. Errors: those of checkImage() and of the estimate.
Result<DimensionReport> reportDimension(const BoundaryImage& image, ImageMethod method,
                                        std::optional<double> pitchUlp = {}, const DimensionOptions& options = {},
                                        std::stop_token stop = {});

// Pixels with the same shape, share of ones and mask, the ones at random places.
BoundaryImage randomPixels(const BoundaryImage& image, std::uint64_t seed);

} // namespace orrery::analysis
