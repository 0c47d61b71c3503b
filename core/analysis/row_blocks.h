// SPDX-License-Identifier: MIT
// Walks over the rows of a MatrixSource in blocks, counting what is not finite. Inner header of core/analysis.
#pragma once
#include <cstdint>
#include <functional>
#include <stop_token>
#include <vector>

#include "core/analysis/matrix_source.h"

namespace orrery::analysis {

using Visit = std::function<void(std::int64_t first, std::int64_t count, const double* rows)>;

// Calls visit for blocks of at most `block` rows in order. Errors: Cancelled, those of the source; BadInput after all
// rows were read if a value is not finite (visit is no longer called from the first such block on).
Status eachBlock(const MatrixSource& matrix, std::int64_t block, const Visit& visit, const std::stop_token& stop);

// Rows so that a block takes about 32 MB, at least one.
std::int64_t blockRows(const MatrixSource& matrix);

} // namespace orrery::analysis
