// SPDX-License-Identifier: MIT
// Pieces of a hooked tensor: cutting one to some of its positions. Any thread; pure.
#pragma once
#include "core/store/snapshot.h"

namespace orrery::store {

// Positions [begin, end) of `block`, which must lie inside it; a view, nothing is copied. A dimension "Tk" is cut to
// `end` keys: what stood behind them was masked.
HookBlock sliceBlock(const hooks::HookSpec& spec, const HookBlock& block, std::int64_t begin, std::int64_t end);

// Positions that the pieces cover from 0 on without a gap.
std::int64_t coveredPositions(const HookChannel& channel);

// The first `tokens` positions of a record; the overview row that a cut goes through is computed anew.
hooks::AttentionRecord cutRecord(hooks::AttentionRecord record, std::int64_t tokens);

} // namespace orrery::store
