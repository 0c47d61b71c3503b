// SPDX-License-Identifier: MIT
#include "core/analysis/box_dimension.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/analysis/scale_counts.h"
#include "core/analysis/slope_fit.h"
#include "core/base/random.h"

namespace orrery::analysis {
namespace {

constexpr std::size_t kOctave = 2; // sizes per octave
constexpr std::size_t kLeastSizes = 3;
constexpr double kTolerance = 0.25, kFloor = 0.02, kEndError = 1.2, kLeastShare = 0.6;

// Sizes `unit` apart in half octaves: unit x 1, 2, 3, 4, 6, 8, 12 ... Where the image is large enough, the smallest,
// which show the pixels rather than the boundary, are left out.
std::vector<std::int64_t> sizes(const BoundaryImage& image, std::int64_t unit) {
  const std::int64_t shorter = std::min(image.height, image.width), largest = shorter / (shorter < 64 ? 4 : 8);
  const std::int64_t finest = shorter >= 512 && unit > 1 ? 6 : shorter >= 128 ? 4 : 2;
  std::vector<std::int64_t> found;
  for (std::int64_t octave = unit; octave <= largest; octave *= 2)
    for (const std::int64_t side : {octave, octave + octave / 2})
      if (side >= finest && side <= largest && side % unit == 0 && (found.empty() || side > found.back()))
        found.push_back(side);
  return found;
}

// What a fit works on: one value of each per size.
struct Points {
  std::vector<double> x, y, weight, information; // ln s, ln N, 1 / variance of ln N, entropy of the set's pixels
};

double total(const std::array<double, kTiles>& tiles) { return std::accumulate(tiles.begin(), tiles.end(), 0.0); }

double logCount(double touched, double boxes, double x, double area) {
  return std::log(touched / boxes) - 2 * x + std::log(area);
}

// False where some size has no touched box at all.
bool addPoint(Points& points, const ScaleCounts& scale, double area) {
  double mean = 0, square = 0, information = 0;
  const auto offsets = static_cast<double>(scale.offsets.size());
  for (const OffsetCounts& counts : scale.offsets) {
    const double boxes = total(counts.boxes);
    if (boxes <= 0) return false;
    const double share = total(counts.touched) / boxes;
    mean += share / offsets;
    square += share * share / offsets;
    information += counts.information / offsets;
  }
  if (mean <= 0) return false;
  const double x = std::log(scale.side), y = logCount(mean, 1, x, area);
  const double spread = std::max(square - mean * mean, 0.0) / (mean * mean);
  const double offsetVariance = offsets > 1 ? spread / (offsets - 1) : 0;
  points.x.push_back(x);
  points.y.push_back(y);
  points.weight.push_back(1 / (offsetVariance + std::exp(-std::max(y, 0.0)) + kFloor * kFloor));
  points.information.push_back(information);
  return true;
}

// kTiles tiles drawn with replacement in blocks of block x block neighbours.
void drawTiles(std::vector<std::size_t>& tiles, std::size_t block, Random& random) {
  const std::size_t side = kTilesPerSide / block;
  tiles.clear();
  while (tiles.size() < kTiles) {
    const std::size_t row = random.below(side) * block, column = random.below(side) * block;
    for (std::size_t i = 0; i < block; ++i)
      for (std::size_t j = 0; j < block; ++j) tiles.push_back((row + i) * kTilesPerSide + column + j);
  }
}

// Slopes of images put together from blocks of tiles and from offsets drawn with replacement.
std::vector<double> bootstrap(const std::vector<ScaleCounts>& scales, const Points& points, Region region,
                              const DimensionOptions& options, std::size_t block) {
  Random random(options.seed ^ 0x9e3779b97f4a7c15u);
  const std::size_t n = region.end - region.begin, offsets = scales.front().offsets.size();
  std::vector<double> slopes, y(n);
  std::vector<std::size_t> tiles, picked(offsets);
  for (int draw = 0; draw < options.bootstraps; ++draw) {
    drawTiles(tiles, block, random);
    for (std::size_t& offset : picked) offset = random.below(offsets);
    bool usable = true;
    for (std::size_t i = 0; i < n; ++i) {
      double touched = 0, boxes = 0;
      for (const std::size_t offset : picked)
        for (const std::size_t tile : tiles) {
          touched += scales[region.begin + i].offsets[offset].touched[tile];
          boxes += scales[region.begin + i].offsets[offset].boxes[tile];
        }
      usable &= touched > 0;
      y[i] = usable ? logCount(touched, boxes, points.x[region.begin + i], 1) : 0;
    }
    if (!usable) continue;
    const std::span<const double> x(points.x), weight(points.weight);
    slopes.push_back(fitLine(x.subspan(region.begin, n), y, weight.subspan(region.begin, n)).slope);
  }
  return slopes;
}

// Half the width of the middle 68 %: the standard deviation, but for a few wild draws of sets that lie in few tiles.
double deviation(std::vector<double> values) {
  if (values.size() < 8) return 0;
  std::sort(values.begin(), values.end());
  const auto at = [&](double share) {
    return values[static_cast<std::size_t>(share * static_cast<double>(values.size()))];
  };
  return (at(0.84) - at(0.16)) / 2;
}

// Whether three of four blocks of 2 x 2 tiles hold boundary: then blocks can be drawn as tiles are.
bool fillsBlocks(const ScaleCounts& finest) {
  const auto& touched = finest.offsets.front().touched;
  int held = 0;
  for (std::size_t i = 0; i < kTilesPerSide; i += 2)
    for (std::size_t j = 0; j < kTilesPerSide; j += 2) {
      const std::size_t at = i * kTilesPerSide + j;
      held += touched[at] + touched[at + 1] + touched[at + kTilesPerSide] + touched[at + kTilesPerSide + 1] > 0;
    }
  return 16 * held >= 3 * kTiles;
}

// Upper half less lower half; both share the middle size if there is one. The sign is that of the dimension.
double driftOf(std::span<const double> x, std::span<const double> y, std::span<const double> weight) {
  const std::size_t half = x.size() / 2 + x.size() % 2;
  if (half < 2) return 0;
  const std::size_t upper = x.size() - half;
  return fitLine(x.first(half), y.first(half), weight.first(half)).slope -
         fitLine(x.subspan(upper), y.subspan(upper), weight.subspan(upper)).slope;
}

std::vector<LocalSlope> octaveSlopes(const Points& points) {
  std::vector<LocalSlope> found;
  const std::vector<double> slopes = localSlopes(points.x, points.y, kOctave);
  for (std::size_t i = 0; i < slopes.size(); ++i)
    found.push_back({std::exp((points.x[i] + points.x[i + kOctave]) / 2), -slopes[i]});
  return found;
}

DimensionEstimate fitDimension(const std::vector<ScaleCounts>& scales, const Points& points, ImageKind kind,
                               const DimensionOptions& options) {
  const std::span<const double> allX(points.x), allY(points.y), allWeight(points.weight), allInfo(points.information);
  Region region = linearRegion(allX, allY, allWeight, kOctave, std::min<std::size_t>(allX.size(), 4), kTolerance);
  if (allX[region.end - 1] - allX[region.begin] < kLeastShare * (allX.back() - allX.front())) region = {0, allX.size()};
  const std::size_t n = region.end - region.begin;
  const auto x = allX.subspan(region.begin, n), y = allY.subspan(region.begin, n);
  const auto weight = allWeight.subspan(region.begin, n);
  const LineFit fit = fitLine(x, y, weight);
  DimensionEstimate estimate;
  estimate.slope = fit.slope;
  estimate.intercept = fit.intercept;
  estimate.drift = driftOf(x, y, weight);
  double sampling = deviation(bootstrap(scales, points, region, options, 1));
  if (fillsBlocks(scales.front()))
    sampling = std::max(sampling, deviation(bootstrap(scales, points, region, options, 2)));
  const double ends = std::log(kEndError) / (x.back() - x.front());
  const double bend = kind == ImageKind::Set ? estimate.drift / 2 : 0;
  const double half =
      std::sqrt(4 * sampling * sampling + 4 * fit.residualError * fit.residualError + bend * bend + ends * ends);
  const double reach = kind == ImageKind::Set
                           ? -2 * fitLine(x, allInfo.subspan(region.begin, n), weight).slope + fit.slope
                           : -fit.slope + estimate.drift;
  estimate.dimension = std::clamp(-fit.slope, 0.0, 2.0);
  estimate.low = std::clamp(std::min(-fit.slope, reach) - half, 0.0, 2.0);
  estimate.high = std::clamp(std::max(-fit.slope, reach) + half, 0.0, 2.0);
  estimate.smallest = std::exp(x.front());
  estimate.largest = std::exp(x.back());
  estimate.decades = (x.back() - x.front()) / std::log(10.0);
  estimate.logCounts = points.y;
  estimate.localSlopes = octaveSlopes(points);
  return estimate;
}

Result<DimensionEstimate> estimateFrom(std::vector<ScaleCounts> scales, const BoundaryImage& image,
                                       const DimensionOptions& options) {
  Points points;
  std::vector<ScaleCounts> used;
  for (ScaleCounts& scale : scales)
    if (addPoint(points, scale, static_cast<double>(image.height) * static_cast<double>(image.width)))
      used.push_back(std::move(scale));
  if (used.size() < kLeastSizes)
    return badInput("the boundary is touched at " + std::to_string(used.size()) + " sizes of box; a fit needs " +
                    std::to_string(kLeastSizes));
  DimensionEstimate estimate = fitDimension(used, points, image.kind, options);
  for (const ScaleCounts& scale : used) estimate.sides.push_back(scale.side);
  return estimate;
}

} // namespace

Result<DimensionEstimate> boxDimension(const BoundaryImage& image, const DimensionOptions& options,
                                       std::stop_token stop) {
  const std::int64_t unit = image.kind == ImageKind::Label ? kSamples : 1;
  auto scales = countBoxes(image, sizes(image, unit), options.offsets, options.seed, stop);
  if (!scales) return scales.error();
  auto estimate = estimateFrom(std::move(*scales), image, options);
  if (estimate) estimate->method = "box";
  return estimate;
}

Result<DimensionEstimate> pixelPairDimension(const BoundaryImage& image, const DimensionOptions& options,
                                             std::stop_token stop) {
  if (image.kind != ImageKind::Label)
    return badInput("the uncertainty exponent needs class labels; this image is a set");
  auto scales = countPairs(image, sizes(image, 1), stop);
  if (!scales) return scales.error();
  auto estimate = estimateFrom(std::move(*scales), image, options);
  if (estimate) estimate->method = "uncertainty";
  return estimate;
}

} // namespace orrery::analysis
