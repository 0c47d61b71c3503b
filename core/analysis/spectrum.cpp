// SPDX-License-Identifier: MIT
#include "core/analysis/spectrum.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

namespace orrery::analysis {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

// exp of the Shannon entropy of w / sum w.
template <class Weight> double effectiveRank(const std::vector<double>& values, Weight weight) {
  double sum = 0;
  for (const double s : values) sum += weight(s);
  double entropy = 0;
  for (const double s : values)
    if (const double p = weight(s) / sum; p > 0) entropy -= p * std::log(p);
  return std::exp(entropy);
}

// Largest distance between the empirical distribution of sorted values from `first` on and the power law.
double distanceOf(std::span<const double> tail, double alpha) {
  const auto n = static_cast<double>(tail.size());
  double most = 0;
  for (std::size_t i = 0; i < tail.size(); ++i)
    most = std::max(most, std::abs(1 - std::pow(tail[i] / tail[0], 1 - alpha) - static_cast<double>(i) / n));
  return most;
}

struct Edges {
  double lower, upper;
};
Edges edgesOf(std::int64_t rows, std::int64_t cols, double std) {
  const double a = std::sqrt(static_cast<double>(rows)), b = std::sqrt(static_cast<double>(cols));
  return {std * std::abs(a - b), std * (a + b)};
}

void addEdges(Spectrum& spectrum, double elementStd) {
  const Edges edges = edgesOf(spectrum.rows, spectrum.cols, elementStd);
  spectrum.mpLower = edges.lower;
  spectrum.mpEdge = edges.upper;
  spectrum.outside =
      std::count_if(spectrum.values.begin(), spectrum.values.end(), [&](double s) { return s > spectrum.mpEdge; });
}

void addRank(Spectrum& spectrum) {
  const double side = static_cast<double>(std::max(spectrum.rows, spectrum.cols));
  const double least = spectrum.values.front() * side * static_cast<double>(std::numeric_limits<float>::epsilon());
  spectrum.rank = std::count_if(spectrum.values.begin(), spectrum.values.end(), [&](double s) { return s > least; });
}

} // namespace

std::optional<PowerLaw> fitPowerLaw(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t count = values.size();
  std::vector<double> logs(count), sums(count + 1, 0.0); // sums[i]: of logs from i on
  for (std::size_t i = count; i-- > 0;) sums[i] = sums[i + 1] + (logs[i] = std::log(values[i]));
  std::optional<PowerLaw> best;
  for (std::size_t i = 0; i + 1 < count; ++i) {
    const auto n = static_cast<double>(count - i);
    const double spread = sums[i] - n * logs[i];
    if (!(spread > 1e-12 * n)) continue; // all equal
    const double alpha = 1 + n / spread;
    const double distance = distanceOf(std::span(values).subspan(i), alpha);
    if (!best || distance < best->distance)
      best = PowerLaw{alpha, values[i], (alpha - 1) / std::sqrt(n), distance, static_cast<std::int64_t>(count - i)};
  }
  return best;
}

Spectrum summarise(std::vector<double> values, std::int64_t rows, std::int64_t cols, double elementStd) {
  Spectrum s;
  s.rows = rows;
  s.cols = cols;
  s.values = std::move(values);
  addEdges(s, elementStd);
  double squares = 0;
  for (const double value : s.values) squares += value * value;
  s.frobenius = std::sqrt(squares);
  if (s.values.empty() || !(s.values.front() > 0)) {
    s.stableRank = s.effectiveRankSingular = s.effectiveRankEnergy = s.entropy = kNone;
    return s;
  }
  addRank(s);
  s.stableRank = squares / (s.values.front() * s.values.front());
  s.effectiveRankSingular = effectiveRank(s.values, [](double x) { return x; });
  s.effectiveRankEnergy = effectiveRank(s.values, [](double x) { return x * x; });
  s.entropy = s.rank > 1 ? std::log(s.effectiveRankEnergy) / std::log(static_cast<double>(s.rank)) : 0;
  std::vector<double> eigenvalues(s.values.begin(), s.values.begin() + s.rank);
  for (double& value : eigenvalues) value *= value;
  s.powerLaw = fitPowerLaw(std::move(eigenvalues));
  return s;
}

Spectrum summariseEstimate(std::vector<double> values, double residual, double frobenius, std::int64_t rows,
                           std::int64_t cols, double elementStd) {
  Spectrum s;
  s.rows = rows;
  s.cols = cols;
  s.values = std::move(values);
  s.estimated = true;
  s.residual = residual;
  s.frobenius = frobenius;
  addEdges(s, elementStd);
  s.effectiveRankSingular = s.effectiveRankEnergy = s.entropy = s.stableRank = kNone;
  if (!s.values.empty() && s.values.front() > 0) s.stableRank = frobenius * frobenius / (s.values[0] * s.values[0]);
  return s;
}

// Of x = s^2 / max(m, n): sqrt((x+ - x)(x - x-)) / (2 pi std^2 beta x), beta = n / m; times dx/ds.
double marchenkoPasturDensity(double s, std::int64_t rows, std::int64_t cols, double std) {
  const Edges edges = edgesOf(rows, cols, std);
  if (!(s > edges.lower && s < edges.upper)) return 0;
  const auto small = static_cast<double>(std::min(rows, cols));
  const double inner = (edges.upper * edges.upper - s * s) * (s * s - edges.lower * edges.lower);
  return std::sqrt(std::max(0.0, inner)) / (std::numbers::pi * std * std * small * s);
}

} // namespace orrery::analysis
