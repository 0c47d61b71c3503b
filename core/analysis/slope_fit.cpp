// SPDX-License-Identifier: MIT
#include "core/analysis/slope_fit.h"

#include <algorithm>
#include <cmath>
#include <optional>

namespace orrery::analysis {

LineFit fitLine(std::span<const double> x, std::span<const double> y, std::span<const double> weight) {
  double sum = 0, meanX = 0, meanY = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    sum += weight[i];
    meanX += weight[i] * x[i];
    meanY += weight[i] * y[i];
  }
  meanX /= sum;
  meanY /= sum;
  double xx = 0, xy = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    xx += weight[i] * (x[i] - meanX) * (x[i] - meanX);
    xy += weight[i] * (x[i] - meanX) * (y[i] - meanY);
  }
  LineFit fit;
  fit.slope = xy / xx;
  fit.intercept = meanY - fit.slope * meanX;
  double scatter = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double residual = y[i] - fit.intercept - fit.slope * x[i];
    scatter += weight[i] * residual * residual;
  }
  const double freedom = std::max(static_cast<double>(x.size()) / 2 - 1, 1.0);
  fit.residualError = std::sqrt(scatter / freedom / xx);
  return fit;
}

std::vector<double> localSlopes(std::span<const double> x, std::span<const double> y, std::size_t step) {
  std::vector<double> slopes;
  for (std::size_t i = 0; i + step < x.size(); ++i) slopes.push_back((y[i + step] - y[i]) / (x[i + step] - x[i]));
  return slopes;
}

Region linearRegion(std::span<const double> x, std::span<const double> y, std::span<const double> weight,
                    std::size_t step, std::size_t least, double tolerance) {
  struct Best {
    Region region;
    double length, scatter;
  };
  std::optional<Best> best;
  const std::vector<double> slopes = localSlopes(x, y, step);
  for (std::size_t begin = 0; begin < x.size(); ++begin)
    for (std::size_t end = begin + least; end <= x.size(); ++end) {
      const std::size_t n = end - begin;
      const LineFit fit = fitLine(x.subspan(begin, n), y.subspan(begin, n), weight.subspan(begin, n));
      bool straight = true;
      for (std::size_t i = begin; i + step < end; ++i) straight &= std::abs(slopes[i] - fit.slope) <= tolerance;
      if (!straight) continue;
      const double length = x[end - 1] - x[begin];
      const bool longer = !best || length > best->length + 1e-9;
      const bool cleaner = best && length > best->length - 1e-9 && fit.residualError < best->scatter;
      if (longer || cleaner) best = Best{{begin, end}, length, fit.residualError};
    }
  return best ? best->region : Region{0, x.size()};
}

} // namespace orrery::analysis
