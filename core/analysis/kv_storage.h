// SPDX-License-Identifier: MIT
// What a cache of integers would save, and what it would cost: measured on the keys and values of a run. Keys are
// stored as the cache holds them, after RoPE. Pure; any thread.
#pragma once
#include <stop_token>

#include "core/analysis/kv_statistics.h"
#include "core/hooks/attention_record.h"

namespace orrery::analysis {

// ||z - z'|| / ||z|| over at most `queries` evenly spaced queries of every head of a layer, z = P V with the cache of
// the run and z' with both keys and values of its first `tokens` positions stored in `format`. Errors: NotFound (no
// values), Cancelled.
Result<double> attentionOutputError(const hooks::AttentionRecord& record, std::int64_t tokens,
                                    const CacheFormat& format, std::int64_t queries, std::stop_token stop = {});

} // namespace orrery::analysis
