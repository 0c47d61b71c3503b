// SPDX-License-Identifier: MIT
#include "core/analysis/binomial.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace orrery::analysis {
namespace {

constexpr double kLargestShare = 1 - 1e-9;

double likelihood(std::span<const ShareCount> counts, double intercept, double slope) {
  double sum = 0;
  for (const ShareCount& count : counts) {
    const double logShare = intercept + slope * count.x;
    if (logShare >= std::log(kLargestShare)) return -std::numeric_limits<double>::infinity();
    sum += static_cast<double>(count.k) * logShare +
           static_cast<double>(count.n - count.k) * std::log1p(-std::exp(logShare));
  }
  return sum;
}

struct Normal { // gradient and information of the likelihood in (intercept, slope)
  double g0 = 0, g1 = 0, i00 = 0, i01 = 0, i11 = 0;
};

Normal normalOf(std::span<const ShareCount> counts, double intercept, double slope) {
  Normal normal;
  for (const ShareCount& count : counts) {
    const double share = std::exp(intercept + slope * count.x), odds = share / (1 - share);
    const double gradient = static_cast<double>(count.k) - static_cast<double>(count.n - count.k) * odds;
    const double weight = static_cast<double>(count.n) * odds;
    normal.g0 += gradient;
    normal.g1 += gradient * count.x;
    normal.i00 += weight;
    normal.i01 += weight * count.x;
    normal.i11 += weight * count.x * count.x;
  }
  return normal;
}

double chiSquare(std::span<const ShareCount> counts, const PowerLawFit& fit) {
  double sum = 0;
  for (const ShareCount& count : counts) {
    const double share = std::exp(fit.intercept + fit.slope * count.x), n = static_cast<double>(count.n);
    const double difference = static_cast<double>(count.k) - n * share;
    sum += difference * difference / (n * share * (1 - share));
  }
  return counts.size() > 2 ? sum / static_cast<double>(counts.size() - 2) : 0;
}

} // namespace

PowerLawFit fitPowerLaw(std::span<const ShareCount> counts) {
  double k = 0, n = 0;
  for (const ShareCount& count : counts) {
    k += static_cast<double>(count.k);
    n += static_cast<double>(count.n);
  }
  PowerLawFit fit;
  fit.intercept = std::log(std::min(k / n, 0.999));
  Normal normal;
  for (int round = 0; round < 100; ++round) {
    normal = normalOf(counts, fit.intercept, fit.slope);
    const double determinant = normal.i00 * normal.i11 - normal.i01 * normal.i01;
    const double a = (normal.i11 * normal.g0 - normal.i01 * normal.g1) / determinant;
    const double b = (normal.i00 * normal.g1 - normal.i01 * normal.g0) / determinant;
    const double before = likelihood(counts, fit.intercept, fit.slope);
    double step = 1;
    while (step > 1e-12 && likelihood(counts, fit.intercept + step * a, fit.slope + step * b) < before) step /= 2;
    fit.intercept += step * a;
    fit.slope += step * b;
    if (std::abs(step * a) + std::abs(step * b) < 1e-12) break;
  }
  const double determinant = normal.i00 * normal.i11 - normal.i01 * normal.i01;
  fit.chiSquarePerFreedom = chiSquare(counts, fit);
  fit.slopeError = std::sqrt(normal.i00 / determinant * std::max(1.0, fit.chiSquarePerFreedom));
  return fit;
}

} // namespace orrery::analysis
