// SPDX-License-Identifier: MIT
// The uncertainty exponent (Grebogi, McDonald, Ott, Yorke 1983): two runs eps apart end in different classes with
// probability f(eps) ~ eps^alpha, and D = 2 - alpha. Needs no grid, works over many decades, and its errors are those
// of counting. The fit is the maximum of the binomial likelihood over the longest run of distances that a power law
// fits (chi^2 per degree of freedom at most 1 + 2 sqrt(2 / degrees)); the interval is 1.96 standard errors, widened by
// the scatter, by the difference of the slopes of the two halves where that is more than chance, and by ln 1.15 over
// the span of ln eps: f may be bent by 15 % at one end, most of all where it saturates at large eps.
#pragma once
#include <functional>
#include <span>
#include <stop_token>
#include <vector>

#include "core/analysis/binomial.h"
#include "core/analysis/box_dimension.h"
#include "core/base/share_interval.h"

namespace orrery::analysis {

struct PlanePoint {
  double x = 0, y = 0; // shares of the window: [0, 1)
};
// Class (0 or 1) of every point. Errors: Cancelled and those of the runs behind it.
using ClassFunction =
    std::function<Status(std::span<const PlanePoint> points, std::span<std::uint8_t> classes, std::stop_token stop)>;

struct PairOptions {
  double largest = 0.03, smallest = 1e-6; // distances, shares of the window
  int perDecade = 2;
  std::int64_t pairs = 400; // at each distance
  std::uint64_t seed = 0;
};

struct PairCount {
  double distance = 0;
  std::int64_t differ = 0, pairs = 0;
  ShareInterval share;
};
struct PairDimension {
  DimensionEstimate estimate; // sides: distances; logCounts: ln(f / distance^2)
  std::vector<PairCount> counts;
};

// `progress` is told how many of how many points are done. Errors: BadInput (options, fewer than two distances at which
// pairs differ), those of `classOf`.
Result<PairDimension> pairDimension(const ClassFunction& classOf, const PairOptions& options, std::stop_token stop = {},
                                    const std::function<void(std::int64_t, std::int64_t)>& progress = {});

} // namespace orrery::analysis
