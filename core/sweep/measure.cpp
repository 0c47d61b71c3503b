// SPDX-License-Identifier: MIT
#include "core/sweep/measure.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace orrery::sweep {
namespace {

constexpr double kSohlCap = 1e6, kTorkamandiCap = 10;
constexpr std::size_t kSohlWindow = 20;
constexpr double kLargest = std::numeric_limits<double>::max();

double capped(double v, double cap) { return v < cap ? v : cap; } // NaN becomes the cap

struct Normalised {
  double first;
  double sohl(double loss) const { return capped((std::isfinite(loss) ? loss : kSohlCap) / first, kSohlCap); }
  double torkamandi(double loss) const {
    return std::isfinite(loss) ? capped(loss / (first + 1e-8), kTorkamandiCap) : kTorkamandiCap;
  }
};

// v(t) for t < steps, window: how many steps at both ends.
template <class V> CurveSums sumsOf(std::size_t steps, std::size_t window, const V& v) {
  CurveSums sums;
  const double width = static_cast<double>(window);
  for (std::size_t t = 0; t < steps; ++t) {
    const double now = v(t);
    sums.sum += now;
    sums.sumInverse += 1 / now;
    if (t < window) sums.meanFirst += now / width;
  }
  for (std::size_t t = steps - window; t < steps; ++t) sums.meanLast += v(t) / width;
  for (std::size_t t = steps - window; t < steps; ++t) {
    const double off = v(t) - sums.meanLast;
    sums.varLast += off * off / width;
  }
  return sums;
}

double finite(double value) { return std::isnan(value) ? kLargest : std::clamp(value, -kLargest, kLargest); }

double torkamandiValue(bool converged, double sum, std::size_t steps, double recent) {
  const double later = static_cast<double>(steps) - 1;
  const double area = 1 + later * recent;
  const double whole = converged ? later * recent : 1 + later * (kTorkamandiCap - recent);
  const double root = std::sqrt(std::abs(area - sum) / whole);
  return converged ? root : -root;
}

} // namespace

Digest digestOf(std::span<const double> losses, std::size_t steps) {
  Digest digest;
  const double nothing = std::numeric_limits<double>::quiet_NaN();
  const auto at = [&](std::size_t t) { return t < losses.size() ? losses[t] : nothing; };
  const Normalised normalised{at(0)};
  digest.first = at(0);
  digest.min = kLargest;
  for (std::size_t t = 0; t < steps; ++t) {
    const double loss = at(t);
    if (std::isfinite(loss)) {
      digest.last = loss;
      digest.min = std::min(digest.min, loss);
    } else if (digest.divergedStep < 0) {
      digest.divergedStep = static_cast<std::int32_t>(t);
    }
  }
  if (digest.min == kLargest) digest.min = digest.last = digest.first; // no finite loss at all
  digest.sohlDickstein =
      sumsOf(steps, std::min(kSohlWindow, steps), [&](std::size_t t) { return normalised.sohl(at(t)); });
  digest.torkamandi =
      sumsOf(steps, std::max<std::size_t>(steps / 20, 1), [&](std::size_t t) { return normalised.torkamandi(at(t)); });
  return digest;
}

Outcome outcomeOf(Measure measure, const Digest& digest, std::size_t steps, const Thresholds& thresholds) {
  Outcome outcome;
  outcome.stable = digest.divergedStep < 0;
  const CurveSums &sohl = digest.sohlDickstein, &torkamandi = digest.torkamandi;
  switch (measure) {
  case Measure::SohlDickstein:
    outcome.trainable = sohl.meanLast < thresholds.sohlDickstein;
    outcome.value = finite(outcome.trainable ? -sohl.sum : sohl.sumInverse);
    break;
  case Measure::Torkamandi:
    outcome.trainable = torkamandi.meanLast + thresholds.drop < torkamandi.meanFirst &&
                        torkamandi.varLast < thresholds.variance && torkamandi.meanLast < thresholds.recent;
    outcome.value = finite(torkamandiValue(outcome.trainable, torkamandi.sum, steps, thresholds.recent));
    break;
  case Measure::FinalLoss:
    outcome.trainable = outcome.stable && digest.last < thresholds.finalLoss * digest.first;
    outcome.value = finite(digest.last);
    break;
  }
  return outcome;
}

} // namespace orrery::sweep
