// SPDX-License-Identifier: MIT
#include "core/models/blas.h"

#include <dlfcn.h>

#include "core/models/torch_ops.h"

namespace orrery::models {
namespace {

// Fortran interface: column-major, everything by address, 32-bit integers (libtorch uses the same).
template <class T>
using Gemm = void (*)(const char* transA, const char* transB, const int* m, const int* n, const int* k, const T* alpha,
                      const T* a, const int* lda, const T* b, const int* ldb, const T* beta, T* c, const int* ldc);

Gemm<float> find(float) {
  static const auto found = reinterpret_cast<Gemm<float>>(dlsym(RTLD_DEFAULT, "sgemm_"));
  return found;
}
Gemm<double> find(double) {
  static const auto found = reinterpret_cast<Gemm<double>>(dlsym(RTLD_DEFAULT, "dgemm_"));
  return found;
}

at::Tensor matrix(const void* data, std::int64_t rows, std::int64_t columns, std::int64_t stride, at::ScalarType type) {
  return at::from_blob(const_cast<void*>(data), {rows, columns}, {stride, 1}, at::TensorOptions().dtype(type));
}

template <class T> void viaTorch(const Product<T>& p) {
  const c10::InferenceMode guard;
  const auto type = c10::CppTypeToScalarType<T>::value;
  const at::Tensor a = matrix(p.a, p.m, p.k, p.lda, type);
  const at::Tensor b = matrix(p.b, p.n, p.k, p.ldb, type).t();
  at::Tensor c = matrix(p.c, p.m, p.n, p.ldc, type);
  at::addmm_out(c, c, a, b, p.beta, p.alpha);
}

// Row-major C = A B^T is column-major C^T = B A^T.
template <class T> void run(const Product<T>& p) {
  const auto gemm = find(T{});
  if (!gemm) return viaTorch(p);
  const int m = static_cast<int>(p.n), n = static_cast<int>(p.m), k = static_cast<int>(p.k);
  const int lda = static_cast<int>(p.ldb), ldb = static_cast<int>(p.lda), ldc = static_cast<int>(p.ldc);
  gemm("T", "N", &m, &n, &k, &p.alpha, p.b, &lda, p.a, &ldb, &p.beta, p.c, &ldc);
}

} // namespace

void multiplyTransposed(const Product<float>& product) { run(product); }
void multiplyTransposed(const Product<double>& product) { run(product); }

} // namespace orrery::models
