// SPDX-License-Identifier: MIT
#include "core/hooks/eviction.h"

#include <numeric>

namespace orrery::hooks {
namespace {

double mean(const std::vector<double>& values) {
  return values.empty() ? 0 : std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

} // namespace

double EvictionResult::klMean() const { return mean(kl); }
double EvictionResult::missingMean() const { return mean(missing); }
std::int64_t EvictionResult::topChangedCount() const {
  return std::accumulate(topChanged.begin(), topChanged.end(), std::int64_t{0});
}

} // namespace orrery::hooks
