// SPDX-License-Identifier: MIT
// What `orrery bench` measures: whole forward passes of random models of known shapes, in this process.
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/base/result.h"

namespace orrery::session {

// GPT-2-small shape (12 layers, 12 heads, D 768, V 50257), float32, random weights.
struct AttentionBenchRow {
  std::int64_t tokens = 0;                     // T
  double secondsPlain = 0, secondsCapture = 0; // best of the rounds; capture: Q, K, log-sum-exp and overviews
  double ratioCapture = 0;                     // median over rounds of capture / plain, each pair back to back
  std::uint64_t peakBytes = 0;                 // of this process, after the capture run
  std::uint64_t allowedBytes = 0;              // weights + 1.2 * (Q, K, V, log-sum-exp) + 512e6
  double tileSeconds = 0;                      // one exact 256 x 256 tile, one thread
};
// Calls `row` after each T. Errors: TooLarge, Cancelled.
Status benchAttention(const std::vector<std::int64_t>& tokens, int rounds,
                      const std::function<void(const AttentionBenchRow&)>& row);

// The same shape at long T, one forward pass with capture of Q, K, log-sum-exp and overviews each.
struct LongBenchRow {
  std::int64_t tokens = 0; // T
  double seconds = 0;
  double predictedSeconds = 0;    // a T + b T^2, with a and b from two passes over 1024 and 2048 tokens
  std::uint64_t peakBytes = 0;    // of this process so far: give T in ascending order
  std::uint64_t allowedBytes = 0; // as above
};
Status benchLong(const std::vector<std::int64_t>& tokens, const std::function<void(const LongBenchRow&)>& row);

// A Mistral shape (2 layers, 8 heads, 4 key/value heads, D 512) with a sliding window in every layer, capture as above.
struct WindowBenchRow {
  std::int64_t tokens = 0, window = 0; // T; 0: no window
  double seconds = 0;
  double secondsAttention = 0; // less those of the same pass with a window of one token
  double secondsOverviews = 0; // all overviews once more, from Q, K and log-sum-exp, one thread
};
Status benchWindow(const std::vector<std::int64_t>& tokens, std::int64_t window,
                   const std::function<void(const WindowBenchRow&)>& row);

// 135M-parameter Llama shape (30 layers, 9 heads, 3 key/value heads, D 576, F 1536, V 49152, tied), float32.
struct DecodeBenchRow {
  std::int64_t tokens = 0;
  double tokensPerSecond = 0;      // with live capture of Q, K, log-sum-exp, overviews and top-20
  double plainTokensPerSecond = 0; // nothing captured
  std::uint64_t peakBytes = 0;
};
Result<DecodeBenchRow> benchDecode(std::int64_t tokens);

std::uint64_t peakBytes(); // of this process so far (ru_maxrss)

} // namespace orrery::session
