// SPDX-License-Identifier: MIT
#include "core/session/sampler.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

namespace orrery::session {
namespace {

std::uint64_t mix(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15ULL;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

std::int32_t greedy(std::span<const double> logits) {
  std::size_t best = 0;
  for (std::size_t i = 0; i < logits.size(); ++i)
    if (std::isfinite(logits[i]) && (!std::isfinite(logits[best]) || logits[i] > logits[best])) best = i;
  return static_cast<std::int32_t>(best);
}

// Ids with a finite logit, highest first, equal ones by id; at most topK of them.
std::vector<std::int32_t> candidates(std::span<const double> logits, const Sampler& sampler) {
  std::vector<std::int32_t> ids;
  for (std::size_t i = 0; i < logits.size(); ++i)
    if (std::isfinite(logits[i])) ids.push_back(static_cast<std::int32_t>(i));
  const auto before = [&](std::int32_t a, std::int32_t b) {
    const double x = logits[static_cast<std::size_t>(a)], y = logits[static_cast<std::size_t>(b)];
    return x != y ? x > y : a < b;
  };
  if (sampler.topK > 0 && static_cast<std::size_t>(sampler.topK) < ids.size()) {
    std::nth_element(ids.begin(), ids.begin() + sampler.topK, ids.end(), before);
    ids.resize(static_cast<std::size_t>(sampler.topK));
  }
  std::sort(ids.begin(), ids.end(), before);
  return ids;
}

} // namespace

double uniformAt(std::uint64_t seed, std::int64_t position) {
  return static_cast<double>(mix(mix(seed) ^ static_cast<std::uint64_t>(position)) >> 11) * 0x1p-53;
}

std::int32_t sampleToken(std::span<const double> logits, const Sampler& sampler, std::int64_t position) {
  if (sampler.temperature <= 0) return greedy(logits);
  const std::vector<std::int32_t> ids = candidates(logits, sampler);
  if (ids.empty()) return greedy(logits);
  const double highest = logits[static_cast<std::size_t>(ids[0])];
  std::vector<double> weight(ids.size());
  for (std::size_t i = 0; i < ids.size(); ++i)
    weight[i] = std::exp((logits[static_cast<std::size_t>(ids[i])] - highest) / sampler.temperature);
  double total = std::accumulate(weight.begin(), weight.end(), 0.0);
  std::size_t kept = ids.size();
  if (sampler.topP < 1) {
    double sum = 0;
    for (kept = 0; kept < ids.size() && (kept == 0 || sum < sampler.topP * total); ++kept) sum += weight[kept];
    total = sum;
  }
  double left = uniformAt(sampler.seed, position) * total;
  for (std::size_t i = 0; i + 1 < kept; ++i) {
    left -= weight[i];
    if (left < 0) return ids[i];
  }
  return ids[kept - 1];
}

} // namespace orrery::session
