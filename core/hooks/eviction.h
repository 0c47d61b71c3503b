// SPDX-License-Identifier: MIT
// Eviction what-if: what a run would have said with a KV cache that keeps at most `budget` entries per key/value head
// and layer. The text is teacher-forced: token t enters the cache behind those before it, whatever the model would have
// said. Before token t enters a full cache of a head, one older entry is dropped for good, chosen by the policy; then
// the head's queries at t attend to what is kept and to t itself. So a head never holds, and a query never sees, more
// than `budget` entries, the own one included, and budget >= T changes nothing. Keys keep the positions that they were
// turned by.
//
// Policies (of entries whose measures are the same to 1 part in 10^6, as keys of a repeated token in the first layer,
// the oldest goes):
//   window       the oldest goes: the last `budget` positions are seen
//   sink-window  the first min(4, budget - 1) positions stay, of the others the oldest goes; Xiao et al. 2023,
//                arXiv 2309.17453 (there positions are counted anew within the cache, here they are not)
//   heavy-hitter the newest budget - floor(budget / 2) stay, the own one included; of the others the one with the least
//                accumulated attention goes: the sum of its probabilities in this run with eviction, over all queries
//                so far and over the query heads of its group; Zhang et al. 2023, arXiv 2306.14048 (H2O)
//   key-norm     the entry whose key has the largest Euclidean norm goes; Devoto et al. 2024, arXiv 2406.11430
//   own          the chosen positions go, in every layer and head, as soon as they were seen by their own query; no
//                budget
// In a layer with a sliding window of W tokens the model itself forgets what lies W or more behind; such entries leave
// the cache before the policy is asked and count neither as kept nor as missing.
#pragma once
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace orrery::hooks {

enum class EvictionPolicy : std::uint8_t { Window, SinkWindow, HeavyHitter, KeyNorm, Own };

inline constexpr std::string_view kEvictionPolicies[] = {"window", "sink-window", "heavy-hitter", "key-norm", "own"};
inline constexpr std::int64_t kSinks = 4;
inline constexpr double kEvictionTie = 1e-6; // relative

inline std::string_view policyName(EvictionPolicy policy) {
  return kEvictionPolicies[static_cast<std::size_t>(policy)];
}
inline std::optional<EvictionPolicy> policyFromName(std::string_view name) {
  for (std::size_t i = 0; i < std::size(kEvictionPolicies); ++i)
    if (kEvictionPolicies[i] == name) return static_cast<EvictionPolicy>(i);
  return std::nullopt;
}

// One cache: how it forgets.
struct Eviction {
  EvictionPolicy policy = EvictionPolicy::Window;
  std::int64_t budget = 0;           // entries; of Own: not used
  std::vector<std::int64_t> dropped; // positions; of Own only
};

// What one cache cost. T positions, L layers, H query heads.
struct EvictionResult {
  Eviction eviction;
  std::vector<double> kl; // [T] nat, KL(full || evicted) of the next token; NaN where logits are not finite
  std::vector<std::uint8_t> topChanged; // [T] 1: the most likely next token is another one
  std::vector<double> missing;        // [T] attention of the full run on entries that are gone, mean over layers, heads
  std::vector<double> missingPerHead; // [L, H] the same, mean over positions

  double klMean() const;
  std::int64_t topChangedCount() const;
  double missingMean() const;
};

struct EvictionStudy {
  std::int64_t tokens = 0, layers = 0, heads = 0; // T L H
  std::vector<EvictionResult> results;
};

} // namespace orrery::hooks
