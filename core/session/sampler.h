// SPDX-License-Identifier: MIT
// Choosing the next token. Order of the filters as in transformers' generate: temperature, top-k, top-p
// (Holtzman et al. 2020, arXiv 1904.09751). The uniform number of a position is a hash of (seed, position), so that
// stepping back and forth replays the same text.
#pragma once
#include <cstdint>
#include <span>

namespace orrery::session {

struct Sampler {
  double temperature = 0; // 0: greedy
  int topK = 0;           // 0: all
  double topP = 1;        // 1: all; the smallest set whose probability reaches it
  std::uint64_t seed = 0; // the draw at a position depends on seed and position only
  bool stopAtEnd = false; // a run is over when the model says so (end_tokens.h); that token still belongs to the text
  friend bool operator==(const Sampler&, const Sampler&) = default;
};

// Index of the chosen token; `position` is where the token will stand. Greedy and ties: the lowest id of the highest
// logit. Non-finite logits are never chosen unless all are. logits: [V], V > 0.
std::int32_t sampleToken(std::span<const double> logits, const Sampler& sampler, std::int64_t position);

// Uniform in [0, 1), 53 bits, of (seed, position). Source: splitmix64 (Steele, Lea, Flood 2014).
double uniformAt(std::uint64_t seed, std::int64_t position);

} // namespace orrery::session
