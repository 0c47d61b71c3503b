// SPDX-License-Identifier: MIT
// Making overviews again from Q, K and the row log-sum-exp: after a cut, or when cells get wider. Any thread; pure.
#pragma once
#include "core/hooks/attention_record.h"

namespace orrery::hooks {

// Row `row` of cells of `cell` tokens: queries [row*cell, min((row+1)*cell, record.tokens)), every head.
// Errors: BadInput if the row lies outside the text, cell < 1, or the record does not fit together.
Result<OverviewRow> overviewRow(const AttentionRecord& record, std::int64_t cell, std::int64_t row);

// All rows. record.overview is not looked at.
Result<Overview> overviewOf(const AttentionRecord& record, std::int64_t cell);

// The same pooled to cells twice as wide: 2 x 2 cells become one.
Overview coarserOverview(const Overview& overview);

} // namespace orrery::hooks
