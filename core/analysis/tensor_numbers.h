// SPDX-License-Identifier: MIT
// Numbers of a matrix that is read in rows: moments, histogram, norms of rows and columns, the values furthest out with
// their places. Two passes; sums in double, values that are not finite are left out and counted. Pure; any thread.
#pragma once
#include <cstdint>
#include <optional>
#include <stop_token>
#include <vector>

#include "core/analysis/matrix_source.h"

namespace orrery::analysis {

// Of the finite values; NaN if there is none. Central moments m_k = mean of (x - mean)^k.
struct Moments {
  std::int64_t count = 0, nonFinite = 0;
  double mean = 0, std = 0;          // sqrt(m_2)
  double skewness = 0, kurtosis = 0; // m_3 / m_2^1.5; m_4 / m_2^2 - 3, 0 of a Gaussian; NaN where m_2 = 0
  double min = 0, max = 0;
};

struct Histogram {
  double low = 0, high = 0; // of all bins; bin i is [low + i w, low + (i + 1) w), the last one with its end
  std::vector<std::int64_t> counts;
  std::int64_t below = 0, above = 0; // finite values outside
  double width() const { return (high - low) / static_cast<double>(counts.size()); }
};

struct Outlier {
  std::int64_t row = 0, col = 0;
  double value = 0, z = 0; // (value - mean) / std
};

struct NumberOptions {
  std::int64_t bins = 100;
  std::optional<double> low, high; // of the histogram; none: the range of the values
  std::int64_t outliers = 32;      // how many to list
};

struct TensorNumbers {
  Moments moments;
  Histogram histogram;
  std::vector<double> rowNorms, columnNorms; // 2-norms of the finite values
  std::vector<Outlier> outliers;             // by |z|, largest first; equal ones in row-major order
};

// Errors: BadInput (no elements), Cancelled, those of the source.
Result<TensorNumbers> tensorNumbers(const MatrixSource& matrix, const NumberOptions& options = {},
                                    const std::stop_token& stop = {});

} // namespace orrery::analysis
