// SPDX-License-Identifier: MIT
// The few routines of BLAS and LAPACK that analysis needs, by their Fortran names: matrices column-major, everything by
// address, 32-bit integers. OpenBLAS brings them. Inner header of core/analysis.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/base/result.h"

namespace orrery::analysis {

extern "C" {
// C = alpha A A^T + beta C (trans "N", A [n, k]) or alpha A^T A + beta C ("T", A [k, n]); one triangle of C.
void dsyrk_(const char* uplo, const char* trans, const int* n, const int* k, const double* alpha, const double* a,
            const int* lda, const double* beta, double* c, const int* ldc);
void dgemm_(const char* transA, const char* transB, const int* m, const int* n, const int* k, const double* alpha,
            const double* a, const int* lda, const double* b, const int* ldb, const double* beta, double* c,
            const int* ldc);
// Symmetric to tridiagonal; eigenvalues of a tridiagonal matrix, ascending.
void dsytrd_(const char* uplo, const int* n, double* a, const int* lda, double* d, double* e, double* tau, double* work,
             const int* lwork, int* info);
void dsterf_(const int* n, double* d, double* e, int* info);
// A = L Q; A = Q R; Q of the latter.
void dgelqf_(const int* m, const int* n, double* a, const int* lda, double* tau, double* work, const int* lwork,
             int* info);
void dgeqrf_(const int* m, const int* n, double* a, const int* lda, double* tau, double* work, const int* lwork,
             int* info);
void dorgqr_(const int* m, const int* n, const int* k, double* a, const int* lda, const double* tau, double* work,
             const int* lwork, int* info);
// Singular values by bidiagonalisation (jobz "N": no vectors).
void dgesdd_(const char* jobz, const int* m, const int* n, double* a, const int* lda, double* s, double* u,
             const int* ldu, double* vt, const int* ldvt, double* work, const int* lwork, int* iwork, int* info);
void openblas_set_num_threads(int threads);
int openblas_get_num_threads();
}

// While one lives, BLAS calls of this process stay on the thread that makes them: the threads of a pool that work on
// one matrix each would wait for each other otherwise. Any thread, nested or not.
class SerialLapack {
public:
  SerialLapack();
  ~SerialLapack();
  SerialLapack(const SerialLapack&) = delete;
  SerialLapack& operator=(const SerialLapack&) = delete;
};

// Runs a LAPACK call(work, lwork, info) twice: with lwork = -1 to learn how much memory it wants, then for good.
template <class Call> int withWork(Call call) {
  int info = 0, size = -1;
  double wanted = 0;
  call(&wanted, &size, &info);
  if (info != 0) return info;
  size = static_cast<int>(wanted) + 1;
  std::vector<double> work(static_cast<std::size_t>(size));
  call(work.data(), &size, &info);
  return info;
}

// Singular values, descending, of a column-major matrix, which is destroyed. Errors: Internal (no convergence).
Result<std::vector<double>> bidiagonalValues(std::vector<double>& a, std::int64_t rows, std::int64_t cols);
Error lapackError(const char* routine, int info);

inline std::size_t product(std::int64_t a, std::int64_t b) {
  return static_cast<std::size_t>(a) * static_cast<std::size_t>(b);
}

} // namespace orrery::analysis
