// SPDX-License-Identifier: MIT
// What can be said of the keys or values of one head, rows [n, d] row-major (hooks::kvRows). Pure; any thread.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "core/base/result.h"

namespace orrery::analysis {

// Vectors side by side; `values` has n * d numbers.
struct Rows {
  std::span<const double> values;
  std::int64_t n = 0, d = 0;
  std::span<const double> row(std::int64_t i) const {
    return values.subspan(static_cast<std::size_t>(i * d), static_cast<std::size_t>(d));
  }
};

std::vector<double> rowNorms(const Rows& rows); // [n] Euclidean
// [n, n] cosine of the angle between rows; NaN where a row is zero.
std::vector<double> cosines(const Rows& rows);
// [d] root of the mean square of each dimension.
std::vector<double> channelRms(const Rows& rows);
// [d] the same over its median over the dimensions: above about 3 a channel stands out (Liu et al. 2024, arXiv
// 2402.02750, find such channels in keys). NaN if the median is 0.
std::vector<double> channelOutliers(const Rows& rows);

// Principal components of rows about their mean: the first k right singular vectors of the centred matrix (LAPACK
// dgesdd). Sign: the entry of a component that is largest in magnitude is positive.
struct Pca {
  std::vector<double> mean;       // [d]
  std::vector<double> components; // [k, d]
  std::vector<double> scores;     // [n, k] centred rows along the components
  std::vector<double> variance;   // [k] of the scores, population
  double total = 0;               // variance of all dimensions together
};
// k is cut to min(n, d). Errors: BadInput (no rows, not finite), Internal (LAPACK).
Result<Pca> principalComponents(const Rows& rows, std::int64_t k);

// A cache of integers: numbers in groups along d, each with a scale s = max |x| / (2^(bits - 1) - 1) rounded to
// float16, stored as round(x / s). group 0: the whole row.
struct CacheFormat {
  const char* name;
  int bits;
  std::int64_t group;
};
inline constexpr CacheFormat kCacheFormats[] = {
    {"int8, a scale per row", 8, 0},
    {"int8, a scale per 32", 8, 32},
    {"int4, a scale per row", 4, 0},
    {"int4, a scale per 32", 4, 32},
};
std::int64_t bytesOf(const CacheFormat& format, std::int64_t n, std::int64_t d); // whole bytes per row and scale
std::vector<double> throughFormat(const CacheFormat& format, const Rows& rows);  // [n, d] stored and read again
// ||x - y|| / ||x|| (Frobenius); 0 if both are zero.
double relativeError(std::span<const double> x, std::span<const double> y);

} // namespace orrery::analysis
