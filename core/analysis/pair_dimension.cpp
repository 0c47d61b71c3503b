// SPDX-License-Identifier: MIT
#include "core/analysis/pair_dimension.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <optional>

#include "core/base/random.h"

namespace orrery::analysis {
namespace {

constexpr std::int64_t kMaxPairs = 10'000'000;
constexpr double kTwoPi = 6.283185307179586, kEndError = 1.15;

Status check(const PairOptions& options) {
  if (!(options.smallest > 0) || !(options.largest > options.smallest) || !(options.largest <= 0.5))
    return badInput("pairs: expected distances with 0 < smallest < largest <= 0.5 of the window");
  if (options.perDecade < 1 || options.perDecade > 100 || options.pairs < 1 || options.pairs > kMaxPairs)
    return badInput("pairs: expected 1 to 100 distances per decade and 1 to " + std::to_string(kMaxPairs) + " pairs");
  return Done{};
}

std::vector<double> distances(const PairOptions& options) {
  std::vector<double> found;
  for (int i = 0;; ++i) {
    const double distance = options.largest * std::pow(10.0, -static_cast<double>(i) / options.perDecade);
    if (distance < options.smallest * (1 - 1e-9)) return found;
    found.push_back(distance);
  }
}

bool isInside(const PlanePoint& point) { return point.x >= 0 && point.x < 1 && point.y >= 0 && point.y < 1; }

std::vector<PlanePoint> drawPairs(double distance, std::int64_t pairs, Random& random) {
  std::vector<PlanePoint> points;
  points.reserve(static_cast<std::size_t>(2 * pairs));
  while (points.size() < static_cast<std::size_t>(2 * pairs)) {
    const double x = random.uniform(), y = random.uniform(), angle = kTwoPi * random.uniform();
    const PlanePoint other{x + distance * std::cos(angle), y + distance * std::sin(angle)};
    if (!isInside(other)) continue;
    points.push_back({x, y});
    points.push_back(other);
  }
  return points;
}

// The longest run of counts that a power law fits.
struct Fitted {
  std::size_t begin = 0, end = 0;
  PowerLawFit fit;
};
Fitted longestFit(std::span<const ShareCount> counts) {
  std::optional<Fitted> best;
  const std::size_t least = std::min<std::size_t>(counts.size(), 4);
  for (std::size_t begin = 0; begin + least <= counts.size(); ++begin)
    for (std::size_t end = begin + least; end <= counts.size(); ++end) {
      const Fitted found{begin, end, fitPowerLaw(counts.subspan(begin, end - begin))};
      const double freedom = std::max(static_cast<double>(end - begin) - 2, 1.0);
      if (found.fit.chiSquarePerFreedom > 1 + 2 * std::sqrt(2 / freedom)) continue;
      const bool longer = !best || end - begin > best->end - best->begin;
      const bool surer = best && end - begin == best->end - best->begin && found.fit.slopeError < best->fit.slopeError;
      if (longer || surer) best = found;
    }
  return best ? *best : Fitted{0, counts.size(), fitPowerLaw(counts)};
}

// What the slopes of both halves differ by beyond twice its error.
double excessDrift(std::span<const ShareCount> counts, double& drift) {
  const std::size_t half = (counts.size() + 1) / 2;
  if (half < 3) return 0;
  const PowerLawFit far = fitPowerLaw(counts.first(half)), near = fitPowerLaw(counts.last(half));
  drift = near.slope - far.slope; // D of the larger distances less that of the smaller
  return std::max(std::abs(drift) - 2 * std::hypot(far.slopeError, near.slopeError), 0.0);
}

std::vector<LocalSlope> slopesBetween(std::span<const ShareCount> counts, std::size_t step) {
  std::vector<LocalSlope> found;
  for (std::size_t i = 0; i + step < counts.size(); ++i) {
    const PowerLawFit fit = fitPowerLaw(counts.subspan(i, step + 1));
    found.push_back({std::exp((counts[i].x + counts[i + step].x) / 2), 2 - fit.slope});
  }
  return found;
}

DimensionEstimate estimateFrom(const std::vector<ShareCount>& counts, int perDecade) {
  const Fitted found = longestFit(counts);
  const auto used = std::span<const ShareCount>(counts).subspan(found.begin, found.end - found.begin);
  DimensionEstimate estimate;
  estimate.method = "pairs";
  const double excess = excessDrift(used, estimate.drift);
  const double ends = std::log(kEndError) / std::max(used.front().x - used.back().x, 1e-9);
  const double half = std::hypot(1.96 * found.fit.slopeError, excess, ends), dimension = 2 - found.fit.slope;
  estimate.dimension = std::clamp(dimension, 0.0, 2.0);
  estimate.low = std::clamp(dimension - half, 0.0, 2.0);
  estimate.high = std::clamp(dimension + half, 0.0, 2.0);
  estimate.smallest = std::exp(used.back().x);
  estimate.largest = std::exp(used.front().x);
  estimate.decades = (used.front().x - used.back().x) / std::log(10.0);
  estimate.slope = -dimension;
  estimate.intercept = found.fit.intercept;
  std::vector<ShareCount> seen;
  std::copy_if(counts.begin(), counts.end(), std::back_inserter(seen), [](const ShareCount& c) { return c.k > 0; });
  for (const ShareCount& count : seen) {
    estimate.sides.push_back(std::exp(count.x));
    estimate.logCounts.push_back(std::log(static_cast<double>(count.k) / static_cast<double>(count.n)) - 2 * count.x);
  }
  estimate.localSlopes = slopesBetween(seen, static_cast<std::size_t>(perDecade));
  return estimate;
}

} // namespace

Result<PairDimension> pairDimension(const ClassFunction& classOf, const PairOptions& options, std::stop_token stop,
                                    const std::function<void(std::int64_t, std::int64_t)>& progress) {
  if (Status fine = check(options); !fine) return fine.error();
  Random random(options.seed);
  PairDimension result;
  std::vector<ShareCount> used; // up to the first distance at which no pair differs: what lies beyond says little
  const std::vector<double> all = distances(options);
  const std::int64_t points = 2 * options.pairs;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const std::vector<PlanePoint> drawn = drawPairs(all[i], options.pairs, random);
    std::vector<std::uint8_t> classes(drawn.size());
    if (Status done = classOf(drawn, classes, stop); !done) return done.error();
    std::int64_t differ = 0;
    for (std::size_t k = 0; k < classes.size(); k += 2) differ += classes[k] != classes[k + 1];
    result.counts.push_back({all[i], differ, options.pairs, wilsonInterval(differ, options.pairs)});
    if (progress) progress(static_cast<std::int64_t>(i + 1) * points, static_cast<std::int64_t>(all.size()) * points);
    used.push_back({std::log(all[i]), differ, options.pairs});
    if (differ == 0) break;
  }
  const auto seen = std::count_if(used.begin(), used.end(), [](const ShareCount& count) { return count.k > 0; });
  if (seen < 2)
    return badInput("pairs of runs differ in class at " + std::to_string(seen) +
                    " distances; a fit needs 2: more pairs, or a window with a boundary in it");
  result.estimate = estimateFrom(used, options.perDecade);
  return result;
}

} // namespace orrery::analysis
