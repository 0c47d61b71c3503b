// SPDX-License-Identifier: MIT
#include "core/analysis/row_blocks.h"

#include <algorithm>
#include <cmath>
#include <string>

namespace orrery::analysis {
namespace {

constexpr std::int64_t kBlockElements = std::int64_t{1} << 22;

std::int64_t countNonFinite(const double* values, std::int64_t count) {
  double zero = 0; // stays 0 unless a value is not finite
  for (std::int64_t i = 0; i < count; ++i) zero += values[i] * 0;
  if (zero == 0) return 0;
  return std::count_if(values, values + count, [](double x) { return !std::isfinite(x); });
}

} // namespace

MatrixSource sourceOf(std::span<const double> values, std::int64_t rows, std::int64_t cols) {
  return {rows, cols, [values, cols](std::int64_t first, std::int64_t count, double* out) -> Status {
            std::copy_n(values.begin() + first * cols, count * cols, out);
            return Done{};
          }};
}

std::int64_t blockRows(const MatrixSource& matrix) {
  return std::clamp<std::int64_t>(kBlockElements / std::max<std::int64_t>(1, matrix.cols), 1,
                                  std::max<std::int64_t>(1, matrix.rows));
}

Status eachBlock(const MatrixSource& matrix, std::int64_t block, const Visit& visit, const std::stop_token& stop) {
  std::vector<double> rows(static_cast<std::size_t>(std::min(block, matrix.rows) * matrix.cols));
  std::int64_t wrong = 0;
  for (std::int64_t first = 0; first < matrix.rows; first += block) {
    if (stop.stop_requested()) return cancelled();
    const std::int64_t count = std::min(block, matrix.rows - first);
    if (Status read = matrix.read(first, count, rows.data()); !read) return read;
    wrong += countNonFinite(rows.data(), count * matrix.cols);
    if (wrong == 0) visit(first, count, rows.data());
  }
  if (wrong == 0) return Done{};
  return badInput(std::to_string(wrong) + " of " + std::to_string(matrix.rows * matrix.cols) +
                  " values are NaN or infinite: there are no singular values");
}

} // namespace orrery::analysis
