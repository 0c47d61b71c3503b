// SPDX-License-Identifier: MIT
#include "core/sweep/sample_cache.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <map>
#include <mutex>
#include <string_view>
#include <unordered_map>

namespace orrery::sweep {
namespace {

// The bits of all that a run is told; equal keys are equal runs.
using Key = std::array<std::uint64_t, 9>;

Key keyOf(const RunParameters& run) {
  Key key{};
  std::size_t at = 0;
  for (const double value : {run.rateFirst, run.rateSecond, run.offsetDrift, run.offsetInit, run.initScale, run.beta1,
                             run.beta2, run.eps, run.weightDecay})
    key[at++] = std::bit_cast<std::uint64_t>(value);
  return key;
}

struct KeyHash {
  std::size_t operator()(const Key& key) const {
    return std::hash<std::string_view>()({reinterpret_cast<const char*>(key.data()), sizeof(Key)});
  }
};

// What two maps must have in common for their runs to be the same.
std::string kindText(const SweepSpec& spec) {
  Json json = sweepSpecJson(spec);
  for (const char* key : {"axes", "fixed", "measure", "refine"}) json.erase(key);
  return json.dump();
}

} // namespace

class SampleCache::Kind {
public:
  mutable std::mutex m_mutex;
  std::unordered_map<Key, Digest, KeyHash> runs; // guarded by m_mutex
  std::uint64_t used = 0;                        // guarded by the cache's mutex
};

struct SampleCache::Impl {
  std::mutex m_mutex;
  std::size_t most = 0;
  std::uint64_t clock = 0;                          // guarded by m_mutex
  std::map<std::string, std::shared_ptr<Kind>> all; // guarded by m_mutex

  void shrink();
};

// With m_mutex held: the oldest kinds go until the rest is few enough; the newest stays whatever its size.
void SampleCache::Impl::shrink() {
  const auto size = [](const Kind& kind) {
    std::lock_guard lock(kind.m_mutex);
    return kind.runs.size();
  };
  std::size_t total = 0;
  for (const auto& [name, kind] : all) total += size(*kind);
  while (total > most && all.size() > 1) {
    const auto oldest = std::min_element(all.begin(), all.end(),
                                         [](const auto& a, const auto& b) { return a.second->used < b.second->used; });
    total -= size(*oldest->second);
    all.erase(oldest);
  }
}

SampleCache::SampleCache(std::size_t most) : m_impl(std::make_unique<Impl>()) { m_impl->most = most; }
SampleCache::~SampleCache() = default;

std::shared_ptr<SampleCache::Kind> SampleCache::kind(const SweepSpec& spec) {
  std::lock_guard lock(m_impl->m_mutex);
  std::shared_ptr<Kind>& kind = m_impl->all[kindText(spec)];
  if (!kind) kind = std::make_shared<Kind>();
  kind->used = ++m_impl->clock;
  std::shared_ptr<Kind> found = kind;
  m_impl->shrink();
  return found;
}

std::optional<Digest> SampleCache::find(const Kind& kind, const RunParameters& run) {
  std::lock_guard lock(kind.m_mutex);
  const auto found = kind.runs.find(keyOf(run));
  return found == kind.runs.end() ? std::nullopt : std::optional(found->second);
}

void SampleCache::keep(Kind& kind, const RunParameters& run, const Digest& digest) {
  std::lock_guard lock(kind.m_mutex);
  if (kind.runs.size() < m_impl->most) kind.runs.emplace(keyOf(run), digest);
}

double ulpOf(double value, DType dtype) {
  if (dtype == DType::F64)
    return std::nextafter(std::abs(value), std::numeric_limits<double>::infinity()) - std::abs(value);
  const auto single = static_cast<float>(std::abs(value));
  return static_cast<double>(std::nextafter(single, std::numeric_limits<float>::infinity())) -
         static_cast<double>(single);
}

double pitchInUlp(const std::vector<double>& values, DType dtype) {
  double least = std::numeric_limits<double>::infinity();
  for (std::size_t i = 1; i < values.size(); ++i)
    least = std::min(least, (values[i] - values[i - 1]) / ulpOf(values[i], dtype));
  return least;
}

Result<AxisSpec> zoomedAxis(const AxisSpec& axis, std::size_t first, std::size_t last, DType dtype) {
  if (first >= last || last >= axis.size()) return badInput("a zoom needs at least two values of " + axis.parameter);
  AxisSpec zoomed = axis;
  zoomed.given.clear();
  for (std::size_t k = first; k <= last; ++k) {
    const double here = axis.value(k);
    zoomed.given.push_back(here);
    if (k == last) break;
    const double next = axis.value(k + 1);
    const double between = axis.log10 && here > 0 ? std::sqrt(here) * std::sqrt(next) : here + (next - here) / 2;
    const double room = std::min(between - here, next - between);
    if (!(room >= ulpOf(next, dtype)))
      return badInput("the precision floor: " + axis.parameter + " has no value between " + std::to_string(here) +
                      " and its neighbour in " + (dtype == DType::F64 ? "float64" : "float32"));
    zoomed.given.push_back(between);
  }
  zoomed.count = static_cast<std::int64_t>(zoomed.given.size());
  return zoomed;
}

} // namespace orrery::sweep
