// SPDX-License-Identifier: MIT
// Singular values of a matrix, largest first. With n the smaller side:
//  1. Gram matrix of the n shorter lines (rows are streamed), tridiagonal form, its eigenvalues lambda; s =
//  sqrt(lambda).
//     An eigenvalue is wrong by at most about 8 eps trace (Weyl), so that s is right to 1e-6 of itself where
//     8 eps trace <= 2e-6 lambda_min. That is checked; most weight matrices pass.
//  2. Else bidiagonalisation of the matrix itself (LAPACK dgesdd, absolute error eps s_1), of a tall one that is
//     larger than a block after an orthogonal reduction to n x n, block by block.
// Thread: any; BLAS is kept on the calling thread. Source: Golub and Van Loan, Matrix Computations, 8.6.
#pragma once
#include <cstdint>
#include <functional>
#include <stop_token>
#include <vector>

#include "core/analysis/matrix_source.h"
#include "core/base/result.h"

namespace orrery::analysis {

struct SpectrumOptions {
  std::uint64_t maxBytes = std::uint64_t{4} << 30; // memory that may be taken
  std::function<void(double)> progress = {};       // 0..1; called on the computing thread
  bool direct = false;                             // skip 1.: full accuracy for the smallest values too
};

// [min(rows, cols)]. Errors: BadInput (NaN or infinity, with their number; no elements), TooLarge (with the bytes that
// it would take and the way out), Cancelled, Internal (LAPACK does not converge), those of the source.
Result<std::vector<double>> singularValues(const MatrixSource& matrix, const SpectrumOptions& options = {},
                                           std::stop_token stop = {});

// The largest k singular values by random projection with power iterations (Halko, Martinsson and Tropp, "Finding
// structure with randomness", 2011, algorithm 4.4 and section 4.3), reading the rows 2 * passes + 2 times.
struct SpectrumEstimate {
  std::vector<double> values; // [k] lower bounds of the singular values, largest first
  double frobenius = 0;       // exact: sqrt of the sum of all squares
  // Every singular value s_i lies in [values[i], sqrt(values[i]^2 + residual^2)]; residual bounds the 2-norm of what
  // the projection leaves out: the smaller of its exact Frobenius norm and, with probability 1 - 1e-10, of what ten
  // random vectors show (section 4.3).
  double residual = 0;
};
struct EstimateOptions {
  std::int64_t count = 32; // k
  std::int64_t oversample = 16, passes = 3;
  std::uint64_t seed = 0;
  std::uint64_t maxBytes = std::uint64_t{4} << 30;
  std::function<void(double)> progress = {};
};
// Errors: as above.
Result<SpectrumEstimate> estimateSpectrum(const MatrixSource& matrix, const EstimateOptions& options = {},
                                          std::stop_token stop = {});

} // namespace orrery::analysis
