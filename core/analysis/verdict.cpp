// SPDX-License-Identifier: MIT
#include "core/analysis/verdict.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "core/base/random.h"

namespace orrery::analysis {
namespace {

template <class... Numbers> std::string say(const char* format, Numbers... numbers) {
  std::array<char, 256> text{};
  std::snprintf(text.data(), text.size(), format, numbers...);
  return text.data();
}

bool isStraight(const DimensionEstimate& estimate) {
  return estimate.high - estimate.low <= kWidest && std::abs(estimate.drift) <= kLargestDrift;
}

// A few random pixels have no dimension (0 in small boxes, 2 in large ones): nothing to compare with.
bool meets(const DimensionEstimate& estimate, const std::optional<DimensionEstimate>& null) {
  return null && isStraight(*null) && estimate.low <= null->dimension && null->dimension <= estimate.high;
}

Judgement judgeNoise(const Evidence& evidence) {
  const DimensionEstimate& estimate = evidence.estimate;
  const bool meetsNull = meets(estimate, evidence.null);
  if (evidence.neighbours) {
    const double strongest = evidence.neighbours->strongest;
    const double limit = std::max(kNoiseCorrelation, 4 * evidence.neighbours->chance);
    if (strongest <= limit)
      return {Verdict::Noise,
              say("neighbouring pixels correlate by %.3f at most; up to %.3f counts as chance", strongest, limit)};
    if (meetsNull && strongest < kWeakCorrelation)
      return {Verdict::Noise,
              say("the interval holds the D of random pixels, %.3f, and neighbours correlate by %.3f only",
                  evidence.null->dimension, strongest)};
  }
  if (meetsNull)
    return {Verdict::Unresolved,
            say("the interval holds the D of random pixels with the same share, %.3f", evidence.null->dimension)};
  return {Verdict::Resolved, {}};
}

} // namespace

const char* verdictName(Verdict verdict) {
  switch (verdict) {
  case Verdict::Resolved:
    return "resolved";
  case Verdict::Unresolved:
    return "unresolved at this grid";
  case Verdict::Noise:
    return "indistinguishable from noise";
  case Verdict::BelowPrecision:
    break;
  }
  return "below precision";
}

Judgement judge(const Evidence& evidence) {
  const DimensionEstimate& estimate = evidence.estimate;
  if (evidence.pitchUlp && *evidence.pitchUlp < kLeastPitchUlp)
    return {Verdict::BelowPrecision,
            say("neighbouring pixels lie %.3g units in the last place apart; at least %g needed", *evidence.pitchUlp,
                kLeastPitchUlp)};
  if (!evidence.complete) return {Verdict::Unresolved, "the map is not complete yet: its boundary may still change"};
  const Judgement noise = judgeNoise(evidence);
  if (noise.verdict != Verdict::Resolved) return noise;
  if (estimate.decades < kLeastDecades)
    return {Verdict::Unresolved,
            say("the fit spans %.2f decades of size; at least %.1f needed", estimate.decades, kLeastDecades)};
  if (estimate.high - estimate.low > kWidest)
    return {Verdict::Unresolved,
            say("the interval is %.2f wide; at most %.1f allowed", estimate.high - estimate.low, kWidest)};
  if (std::abs(estimate.drift) > kLargestDrift)
    return {Verdict::Unresolved,
            say("the slope drifts by %.2f over the fitted sizes; at most %.1f allowed", estimate.drift, kLargestDrift)};
  return {Verdict::Resolved, say("one slope over %.2f decades, apart from that of random pixels", estimate.decades)};
}

BoundaryImage randomPixels(const BoundaryImage& image, std::uint64_t seed) {
  BoundaryImage random = image;
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < image.value.size(); ++i)
    if (image.isKnown(i)) places.push_back(i);
  Random draw(seed);
  for (std::size_t i = places.size(); i > 1; --i)
    std::swap(random.value[places[i - 1]], random.value[places[draw.below(i)]]);
  return random;
}

Result<DimensionReport> reportDimension(const BoundaryImage& image, ImageMethod method, std::optional<double> pitchUlp,
                                        const DimensionOptions& options, std::stop_token stop) {
  if (Status fine = checkImage(image); !fine) return fine.error();
  const auto estimateOf = [&](const BoundaryImage& of) {
    return method == ImageMethod::Box ? boxDimension(of, options, stop) : pixelPairDimension(of, options, stop);
  };
  DimensionReport report;
  auto estimate = estimateOf(image);
  if (!estimate) return estimate.error();
  report.estimate = std::move(*estimate);
  auto null = estimateOf(randomPixels(image, options.seed));
  if (null)
    report.null = std::move(*null);
  else if (null.error().code == Code::Cancelled)
    return null.error();
  report.correlation = neighbourCorrelation(image);
  report.shares = imageShares(image);
  report.judgement = judge({report.estimate, report.null, report.correlation.front(), pitchUlp, image.complete});
  return report;
}

} // namespace orrery::analysis
