// SPDX-License-Identifier: MIT
#include "core/analysis/label_statistics.h"

#include <algorithm>
#include <cmath>

namespace orrery::analysis {
namespace {

struct PairSums {
  double pairs = 0, first = 0, second = 0, both = 0;
  double correlation() const {
    const double a = first / pairs, b = second / pairs, scale = std::sqrt(a * (1 - a) * b * (1 - b));
    return pairs > 0 && scale > 0 ? (both / pairs - a * b) / scale : 0;
  }
};

PairSums sumPairs(const BoundaryImage& image, std::int64_t down, std::int64_t right) {
  PairSums sums;
  std::int64_t pairs = 0, first = 0, second = 0, both = 0;
  for (std::int64_t i = 0; i + down < image.height; ++i)
    for (std::int64_t j = std::max<std::int64_t>(0, -right); j + std::max<std::int64_t>(0, right) < image.width; ++j) {
      const std::size_t here = image.index(i, j), there = image.index(i + down, j + right);
      if (!image.isKnown(here) || !image.isKnown(there)) continue;
      ++pairs;
      first += image.value[here];
      second += image.value[there];
      both += image.value[here] & image.value[there];
    }
  sums.pairs = static_cast<double>(pairs);
  sums.first = static_cast<double>(first);
  sums.second = static_cast<double>(second);
  sums.both = static_cast<double>(both);
  return sums;
}

double entropyOf(double share) {
  const auto term = [](double p) { return p > 0 ? -p * std::log(p) : 0; };
  return term(share) + term(1 - share);
}

struct Block {
  std::int64_t known = 0, ones = 0;
};
Block blockAt(const BoundaryImage& image, std::int64_t row, std::int64_t column, std::int64_t side) {
  Block block;
  for (std::int64_t i = row; i < std::min(row + side, image.height); ++i)
    for (std::int64_t j = column; j < std::min(column + side, image.width); ++j) {
      const std::size_t pixel = image.index(i, j);
      if (!image.isKnown(pixel)) continue;
      ++block.known;
      block.ones += image.value[pixel];
    }
  return block;
}

void addBoxEntropies(const BoundaryImage& image, ImageShares& shares) {
  double sum = 0;
  std::int64_t boxes = 0, mixed = 0;
  for (std::int64_t i = 0; i + kEntropyBox <= image.height; i += kEntropyBox)
    for (std::int64_t j = 0; j + kEntropyBox <= image.width; j += kEntropyBox) {
      const Block block = blockAt(image, i, j, kEntropyBox);
      if (block.known == 0) continue;
      ++boxes;
      mixed += block.ones > 0 && block.ones < block.known;
      sum += entropyOf(static_cast<double>(block.ones) / static_cast<double>(block.known));
    }
  shares.boxEntropy = boxes ? sum / static_cast<double>(boxes) : 0;
  shares.edgeBoxEntropy = mixed ? sum / static_cast<double>(mixed) : 0;
}

} // namespace

std::vector<LagCorrelation> neighbourCorrelation(const BoundaryImage& image) {
  std::vector<LagCorrelation> found;
  const std::int64_t farthest = std::min(image.height, image.width) / 4;
  for (std::int64_t lag = 1; lag <= farthest; lag *= 2) {
    const PairSums along = sumPairs(image, 0, lag), down = sumPairs(image, lag, 0);
    const double a = along.correlation(), b = down.correlation();
    const double c = sumPairs(image, lag, lag).correlation(), d = sumPairs(image, lag, -lag).correlation();
    const double fewest = std::max(std::min(along.pairs, down.pairs), 1.0);
    found.push_back({lag, (a + b) / 2, std::max({a, b, c, d}), 1 / std::sqrt(fewest)});
  }
  return found;
}

ImageShares imageShares(const BoundaryImage& image) {
  ImageShares shares;
  const Block all = blockAt(image, 0, 0, std::max(image.height, image.width));
  const double known = std::max<double>(static_cast<double>(all.known), 1);
  shares.known = static_cast<double>(all.known) / static_cast<double>(image.height * image.width);
  shares.one = static_cast<double>(all.ones) / known;
  shares.entropy = entropyOf(shares.one);
  std::int64_t blocks = 0, edges = 0;
  for (std::int64_t i = 0; i + 1 < image.height; ++i)
    for (std::int64_t j = 0; j + 1 < image.width; ++j) {
      const Block block = blockAt(image, i, j, 2);
      if (block.known < 4) continue;
      ++blocks;
      edges += block.ones > 0 && block.ones < 4;
    }
  shares.edge = blocks ? static_cast<double>(edges) / static_cast<double>(blocks) : 0;
  addBoxEntropies(image, shares);
  return shares;
}

} // namespace orrery::analysis
