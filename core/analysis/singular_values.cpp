// SPDX-License-Identifier: MIT
#include "core/analysis/singular_values.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <new>
#include <string>

#include "core/analysis/lapack.h"
#include "core/analysis/row_blocks.h"

namespace orrery::analysis {
namespace {

constexpr double kEpsilon = std::numeric_limits<double>::epsilon();
constexpr double kGramError = 2e-6;                            // of an eigenvalue, relative: half of it of a value
constexpr std::int64_t kDenseElements = std::int64_t{1} << 25; // reduced in one piece up to here
constexpr std::int64_t kLongestSide = std::int64_t{1} << 24;   // LAPACK's integers have 32 bits
using Values = std::vector<double>;

struct Sides {
  std::int64_t small, large;
};
Sides sidesOf(const MatrixSource& m) { return {std::min(m.rows, m.cols), std::max(m.rows, m.cols)}; }

Status checkSize(const MatrixSource& matrix, std::uint64_t needed, std::uint64_t allowed) {
  if (matrix.rows <= 0 || matrix.cols <= 0) return badInput("a matrix without elements has no singular values");
  const Sides sides = sidesOf(matrix);
  if (sides.large < kLongestSide && needed <= allowed) return Done{};
  return tooLarge("the singular values of a " + std::to_string(matrix.rows) + " x " + std::to_string(matrix.cols) +
                  " matrix take " + std::to_string(needed) + " bytes, " + std::to_string(allowed) +
                  " are available; the largest ones can be estimated, with their error");
}

// A A^T of a wide matrix, column-major lower triangle, from pairs of row blocks.
Status wideGram(const MatrixSource& matrix, std::int64_t block, double* gram, const std::stop_token& stop) {
  const double one = 1, zero = 0;
  const int n = static_cast<int>(matrix.rows), k = static_cast<int>(matrix.cols);
  Values other(block < matrix.rows ? product(block, matrix.cols) : 0);
  Status inner = Done{};
  Status done = eachBlock(
      matrix, block,
      [&](std::int64_t first, std::int64_t count, const double* rows) {
        const int c = static_cast<int>(count);
        dsyrk_("L", "T", &c, &k, &one, rows, &k, &zero, gram + product(first, matrix.rows) + first, &n);
        for (std::int64_t below = first + count; inner.ok() && below < matrix.rows; below += block) {
          const int b = static_cast<int>(std::min(block, matrix.rows - below));
          inner = stop.stop_requested() ? Status(cancelled()) : matrix.read(below, b, other.data());
          if (inner.ok())
            dgemm_("T", "N", &b, &c, &k, &one, other.data(), &k, rows, &k, &zero,
                   gram + product(first, matrix.rows) + below, &n);
        }
      },
      stop);
  return done.ok() ? inner : done;
}

// A^T A of a tall matrix, column-major lower triangle.
Status tallGram(const MatrixSource& matrix, std::int64_t block, double* gram, const SpectrumOptions& options,
                const std::stop_token& stop) {
  const double one = 1;
  const int n = static_cast<int>(matrix.cols);
  return eachBlock(
      matrix, block,
      [&](std::int64_t first, std::int64_t count, const double* rows) {
        const int k = static_cast<int>(count);
        dsyrk_("L", "N", &n, &k, &one, rows, &n, &one, gram, &n);
        if (options.progress)
          options.progress(0.5 * static_cast<double>(first + count) / static_cast<double>(matrix.rows));
      },
      stop);
}

// Eigenvalues of a symmetric matrix (lower triangle, column-major; destroyed), ascending.
Result<Values> eigenvalues(Values& a, std::int64_t side) {
  const int n = static_cast<int>(side);
  Values d(static_cast<std::size_t>(n)), e(static_cast<std::size_t>(n)), tau(static_cast<std::size_t>(n));
  int info = withWork([&](double* work, const int* size, int* result) {
    dsytrd_("L", &n, a.data(), &n, d.data(), e.data(), tau.data(), work, size, result);
  });
  if (info == 0) dsterf_(&n, d.data(), e.data(), &info);
  if (info != 0) return lapackError("dsterf", info);
  return d;
}

struct GramResult {
  Values values;         // descending
  bool accurate = false; // 1e-6 of each value
};

Result<GramResult> viaGram(const MatrixSource& matrix, const SpectrumOptions& options, const std::stop_token& stop) {
  const std::int64_t n = sidesOf(matrix).small;
  Values gram(product(n, n));
  const bool tall = matrix.rows >= matrix.cols;
  const std::int64_t block = blockRows(matrix);
  Status made = tall ? tallGram(matrix, block, gram.data(), options, stop) : wideGram(matrix, block, gram.data(), stop);
  if (!made) return made.error();
  double trace = 0;
  for (std::int64_t i = 0; i < n; ++i) trace += gram[product(i, n) + static_cast<std::size_t>(i)];
  if (stop.stop_requested()) return cancelled();
  constexpr double kLeast = 1e-200; // below, squares lose digits; above its inverse they overflow
  if (!(trace > kLeast && trace < 1 / kLeast)) return GramResult{Values(static_cast<std::size_t>(n), 0.0), false};
  auto lambda = eigenvalues(gram, n);
  if (!lambda) return lambda.error();
  GramResult result;
  result.accurate = 8 * kEpsilon * trace <= kGramError * lambda->front();
  for (auto it = lambda->rbegin(); it != lambda->rend(); ++it) result.values.push_back(std::sqrt(std::max(0.0, *it)));
  return result;
}

// A row-major matrix is the column-major one of its transpose: rows appear as columns.
Result<Values> whole(const MatrixSource& matrix, const std::stop_token& stop) {
  Values a(product(matrix.rows, matrix.cols));
  Status read = eachBlock(
      matrix, blockRows(matrix),
      [&](std::int64_t first, std::int64_t count, const double* rows) {
        std::copy_n(rows, product(count, matrix.cols), a.begin() + first * matrix.cols);
      },
      stop);
  if (!read) return read.error();
  return bidiagonalValues(a, matrix.cols, matrix.rows);
}

void clearAboveDiagonal(double* lower, std::int64_t n) {
  for (std::int64_t c = 1; c < n; ++c) std::fill_n(lower + c * n, c, 0.0);
}

// [L, block] -> L' with L' L'^T = L L^T + block block^T, for block after block.
Result<Values> reduced(const MatrixSource& matrix, const SpectrumOptions& options, const std::stop_token& stop) {
  const std::int64_t side = matrix.cols, block = std::min(std::max(4 * side, blockRows(matrix)), matrix.rows);
  const int n = static_cast<int>(side);
  Values work(product(side, side + block), 0.0), tau(static_cast<std::size_t>(side));
  int info = 0;
  Status done = eachBlock(
      matrix, block,
      [&](std::int64_t first, std::int64_t count, const double* rows) {
        std::copy_n(rows, product(count, side), work.begin() + side * side);
        const int wide = static_cast<int>(side + count);
        if (info == 0)
          info = withWork([&](double* memory, const int* size, int* result) {
            dgelqf_(&n, &wide, work.data(), &n, tau.data(), memory, size, result);
          });
        clearAboveDiagonal(work.data(), side);
        if (options.progress)
          options.progress(0.5 + 0.4 * static_cast<double>(first + count) / static_cast<double>(matrix.rows));
      },
      stop);
  if (!done) return done.error();
  if (info != 0) return lapackError("dgelqf", info);
  work.resize(product(side, side));
  return bidiagonalValues(work, side, side);
}

Result<Values> compute(const MatrixSource& matrix, const SpectrumOptions& options, const std::stop_token& stop) {
  const Sides sides = sidesOf(matrix);
  const auto bytes = [](std::int64_t a, std::int64_t b) { return 2 * product(a, b) * sizeof(double); };
  const std::uint64_t least = bytes(sides.small, sides.small) + bytes(2 * blockRows(matrix), matrix.cols) / 2;
  if (Status fits = checkSize(matrix, least, options.maxBytes); !fits) return fits.error();
  const SerialLapack serial;
  if (!options.direct) {
    auto gram = viaGram(matrix, options, stop);
    if (!gram) return gram.error();
    if (gram->accurate) return std::move(gram->values);
  }
  if (stop.stop_requested()) return cancelled();
  const bool reduce = matrix.rows > 6 * matrix.cols ||
                      (matrix.rows > matrix.cols && product(sides.small, sides.large) > product(kDenseElements, 1));
  if (reduce) return reduced(matrix, options, stop);
  if (Status fits = checkSize(matrix, bytes(matrix.rows, matrix.cols), options.maxBytes); !fits) return fits.error();
  return whole(matrix, stop);
}

} // namespace

Result<std::vector<double>> singularValues(const MatrixSource& matrix, const SpectrumOptions& options,
                                           std::stop_token stop) {
  try {
    auto values = compute(matrix, options, stop);
    if (values.ok() && options.progress) options.progress(1);
    return values;
  } catch (const std::bad_alloc&) {
    return tooLarge("no memory for the singular values of a " + std::to_string(matrix.rows) + " x " +
                    std::to_string(matrix.cols) + " matrix; the largest ones can be estimated, with their error");
  }
}

} // namespace orrery::analysis
