// SPDX-License-Identifier: MIT
// Keys and values of one KV head as vectors, read from the record of a run or a trace file. Values and keys after RoPE
// are what the cache holds; keys before RoPE are turned back from it (rotations have exact inverses: in a float32 run
// the result is within about 2e-7 of the key's norm). Where a model has a norm of keys, "before RoPE" is behind that
// norm (hook_k_normed), else it is hook_k. Any thread; pure.
#pragma once
#include <string_view>

#include "core/hooks/attention_record.h"

namespace orrery::hooks {

enum class KvState { KeyBeforeRope, KeyAfterRope, Value };

inline constexpr std::string_view kKvStateNames[] = {"key", "rotated-key", "value"}; // by KvState
std::string_view kvStateTitle(KvState state);                                        // "keys before RoPE", ...

// Row-major [n, Dh] of positions [begin, end). Errors: NotFound (values or RoPE of an old trace file), BadInput (range,
// head).
Result<std::vector<double>> kvRows(const AttentionRecord& record, KvState state, std::int64_t kvHead,
                                   TileRange positions);

} // namespace orrery::hooks
