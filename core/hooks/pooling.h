// SPDX-License-Identifier: MIT
// Sums and maxima of P over square cells. Inner header of core/hooks: the record and the ranges were checked.
#pragma once
#include "core/hooks/attention_record.h"

namespace orrery::hooks {

// BadInput or Unsupported unless heads, sizes, dtypes and views fit together and `head` exists.
Status checkRecord(const AttentionRecord& record, std::int64_t head);

// Cell (r, c) covers queries rows.begin + [r*cell, (r+1)*cell) and keys cols.begin + [c*cell, (c+1)*cell), cut to the
// ranges. Adds to sum and raises max, both [ceil(rows / cell), ceil(cols / cell)], in strips of 64 queries.
void poolInto(const AttentionRecord& record, std::int64_t head, TileRange rows, TileRange cols, std::int64_t cell,
              double* sum, float* max);

} // namespace orrery::hooks
