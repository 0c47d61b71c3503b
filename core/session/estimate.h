// SPDX-License-Identifier: MIT
// Bytes and seconds before a run: closed forms over the model's sizes and the speed measured so far.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "core/hooks/capture_plan.h"
#include "core/session/session.h"

namespace orrery::session {

// Tokens a second of this model on this machine; 0 until measured.
struct Speed {
  double prefill = 0, decode = 0;
};

struct CaptureBytes {
  std::uint64_t attention = 0; // Q, K, V (the cache), log-sum-exp
  std::uint64_t overviews = 0;
  std::uint64_t hooks = 0;   // asked for by name
  std::uint64_t scratch = 0; // activations of one chunk, score blocks
  std::uint64_t total() const { return attention + overviews + hooks + scratch; }
};

// tokens: T in the end. Saturates instead of overflowing.
CaptureBytes captureBytes(const hooks::Dims& dims, const hooks::CapturePlan& plan, std::int64_t tokens, DType dtype);
// The longest text, of at least `least` and at most `most` tokens, that takes no more than `available` bytes.
std::int64_t longestThatFits(const hooks::Dims& dims, const hooks::CapturePlan& plan, DType dtype, std::int64_t least,
                             std::int64_t most, std::uint64_t available);
Estimate makeEstimate(const CaptureBytes& bytes, const Speed& speed, std::int64_t promptTokens, std::int64_t generated,
                      std::uint64_t available);

std::string amount(double bytes); // "1.2 GB", "3.4 MB"

} // namespace orrery::session
