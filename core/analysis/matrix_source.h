// SPDX-License-Identifier: MIT
// MatrixSource: a matrix whose rows are read when they are needed, so that spectra and norms of one that does not fit
// in memory can be computed from a file.
#pragma once
#include <cstdint>
#include <functional>
#include <span>

#include "core/base/result.h"

namespace orrery::analysis {

struct MatrixSource {
  std::int64_t rows = 0, cols = 0;
  // Rows [first, first + count) to out [count, cols], row-major. Any thread. Errors: as the file has them.
  std::function<Status(std::int64_t first, std::int64_t count, double* out)> read;
};

// A matrix in memory, row-major; `values` outlives the source.
MatrixSource sourceOf(std::span<const double> values, std::int64_t rows, std::int64_t cols);

} // namespace orrery::analysis
