// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>
#include <new>
#include <random>
#include <string>

#include "core/analysis/lapack.h"
#include "core/analysis/row_blocks.h"
#include "core/analysis/singular_values.h"

namespace orrery::analysis {
namespace {

using Values = std::vector<double>;
constexpr std::int64_t kProbes = 10; // random vectors of the a posteriori bound: it fails once in 10^10

// A [rows, cols] row-major is the column-major A^T [cols, rows]. X, Y column-major.
class Projector {
public:
  Projector(const MatrixSource& matrix, const EstimateOptions& options, const std::stop_token& stop)
      : m_matrix(matrix), m_options(options), m_stop(stop), m_steps(2 * options.passes + 2) {}

  // Y [rows, k] = A X [cols, k]
  Status times(const Values& x, std::int64_t k, Values& y) {
    const double one = 1, zero = 0;
    const int n = static_cast<int>(m_matrix.cols), c = static_cast<int>(k), ld = static_cast<int>(m_matrix.rows);
    y.assign(product(m_matrix.rows, k), 0);
    return walk([&](std::int64_t first, std::int64_t count, const double* rows) {
      const int b = static_cast<int>(count);
      dgemm_("T", "N", &b, &c, &n, &one, rows, &n, x.data(), &n, &zero, y.data() + first, &ld);
    });
  }

  // Z [cols, k] = A^T Y [rows, k]; on the way the squares of all elements.
  Status transposedTimes(const Values& y, std::int64_t k, Values& z, double& squares) {
    const double one = 1;
    const int n = static_cast<int>(m_matrix.cols), c = static_cast<int>(k), ld = static_cast<int>(m_matrix.rows);
    z.assign(product(m_matrix.cols, k), 0);
    squares = 0;
    return walk([&](std::int64_t first, std::int64_t count, const double* rows) {
      const int b = static_cast<int>(count);
      dgemm_("N", "N", &n, &c, &b, &one, rows, &n, y.data() + first, &ld, &one, z.data(), &n);
      for (std::size_t i = 0; i < product(count, m_matrix.cols); ++i) squares += rows[i] * rows[i];
    });
  }

private:
  Status walk(const Visit& visit) {
    Status done = eachBlock(m_matrix, blockRows(m_matrix), visit, m_stop);
    if (m_options.progress) m_options.progress(static_cast<double>(++m_done) / static_cast<double>(m_steps));
    return done;
  }

  const MatrixSource& m_matrix;
  const EstimateOptions& m_options;
  const std::stop_token& m_stop;
  std::int64_t m_done = 0;
  const std::int64_t m_steps;
};

// Orthonormal columns that span those of y [rows, k].
void orthonormalise(Values& y, std::int64_t rows, std::int64_t k) {
  const int m = static_cast<int>(rows), n = static_cast<int>(k);
  Values tau(static_cast<std::size_t>(k));
  withWork(
      [&](double* work, const int* size, int* info) { dgeqrf_(&m, &n, y.data(), &m, tau.data(), work, size, info); });
  withWork([&](double* work, const int* size, int* info) {
    dorgqr_(&m, &n, &n, y.data(), &m, tau.data(), work, size, info);
  });
}

Values gaussian(std::int64_t rows, std::int64_t k, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal;
  Values x(product(rows, k));
  for (double& value : x) value = normal(random);
  return x;
}

// The largest 2-norm of (I - Q Q^T) A w over the probes w, times 10 sqrt(2 / pi).
Status probe(Projector& projector, const MatrixSource& matrix, const Values& q, std::int64_t k, std::uint64_t seed,
             double& bound) {
  Values y;
  if (Status s = projector.times(gaussian(matrix.cols, kProbes, seed + 1), kProbes, y); !s) return s;
  const double one = 1, zero = 0, minus = -1;
  const int m = static_cast<int>(matrix.rows), n = static_cast<int>(k), p = static_cast<int>(kProbes);
  Values inner(product(k, kProbes));
  dgemm_("T", "N", &n, &p, &m, &one, q.data(), &m, y.data(), &m, &zero, inner.data(), &n);
  dgemm_("N", "N", &m, &p, &n, &minus, q.data(), &m, inner.data(), &n, &one, y.data(), &m);
  double most = 0;
  for (std::int64_t c = 0; c < kProbes; ++c) {
    double squares = 0;
    const double* column = y.data() + product(c, matrix.rows);
    for (std::int64_t r = 0; r < matrix.rows; ++r) squares += column[r] * column[r];
    most = std::max(most, std::sqrt(squares));
  }
  bound = 10 * std::sqrt(2 / std::acos(-1.0)) * most;
  return Done{};
}

Result<SpectrumEstimate> compute(const MatrixSource& matrix, const EstimateOptions& options,
                                 const std::stop_token& stop) {
  const std::int64_t side = std::min(matrix.rows, matrix.cols);
  if (side <= 0) return badInput("a matrix without elements has no singular values");
  const std::int64_t wanted = std::clamp<std::int64_t>(options.count, 1, side);
  const std::int64_t k = std::min(wanted + options.oversample, side);
  const std::uint64_t bytes = 2 * product(matrix.rows + matrix.cols, k + kProbes) * sizeof(double);
  if (bytes > options.maxBytes)
    return tooLarge("an estimate of " + std::to_string(wanted) + " singular values takes " + std::to_string(bytes) +
                    " bytes, " + std::to_string(options.maxBytes) + " are available");
  const SerialLapack serial;
  Projector projector(matrix, options, stop);
  Values x = gaussian(matrix.cols, k, options.seed), y;
  double squares = 0;
  for (std::int64_t pass = 0; pass <= options.passes; ++pass) {
    if (Status s = projector.times(x, k, y); !s) return s.error();
    orthonormalise(y, matrix.rows, k);
    if (Status s = projector.transposedTimes(y, k, x, squares); !s) return s.error();
    if (pass < options.passes) orthonormalise(x, matrix.cols, k);
  }
  SpectrumEstimate estimate;
  estimate.frobenius = std::sqrt(squares);
  if (Status s = probe(projector, matrix, y, k, options.seed, estimate.residual); !s) return s.error();
  auto values = bidiagonalValues(x, matrix.cols, k);
  if (!values) return values.error();
  double kept = 0;
  for (const double s : *values) kept += s * s;
  const double rest =
      std::sqrt(std::max(0.0, squares - kept)) + 1e-7 * estimate.frobenius; // rounding of the difference
  estimate.residual = std::min(estimate.residual, rest);
  estimate.values.assign(values->begin(), values->begin() + wanted);
  return estimate;
}

} // namespace

Result<SpectrumEstimate> estimateSpectrum(const MatrixSource& matrix, const EstimateOptions& options,
                                          std::stop_token stop) {
  try {
    return compute(matrix, options, stop);
  } catch (const std::bad_alloc&) {
    return tooLarge("no memory for an estimate of the singular values of a " + std::to_string(matrix.rows) + " x " +
                    std::to_string(matrix.cols) + " matrix");
  }
}

} // namespace orrery::analysis
