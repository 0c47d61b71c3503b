// SPDX-License-Identifier: MIT
#include "core/analysis/lapack.h"

#include <algorithm>
#include <mutex>
#include <string>

namespace orrery::analysis {
namespace {

std::mutex g_mutex;
int g_users = 0;   // guarded by g_mutex
int g_threads = 0; // guarded by g_mutex; what it was before

} // namespace

SerialLapack::SerialLapack() {
  std::lock_guard lock(g_mutex);
  if (g_users++ > 0) return;
  g_threads = openblas_get_num_threads();
  openblas_set_num_threads(1);
}

SerialLapack::~SerialLapack() {
  std::lock_guard lock(g_mutex);
  if (--g_users == 0 && g_threads > 1) openblas_set_num_threads(g_threads);
}

Error lapackError(const char* routine, int info) {
  return {Code::Internal, std::string(routine) + " failed with code " + std::to_string(info), {}, {}};
}

Result<std::vector<double>> bidiagonalValues(std::vector<double>& a, std::int64_t rows, std::int64_t cols) {
  const int m = static_cast<int>(rows), n = static_cast<int>(cols), one = 1;
  std::vector<double> s(static_cast<std::size_t>(std::min(m, n)));
  std::vector<int> integers(8 * s.size());
  const int info = withWork([&](double* work, const int* size, int* result) {
    dgesdd_("N", &m, &n, a.data(), &m, s.data(), nullptr, &one, nullptr, &one, work, size, integers.data(), result);
  });
  if (info != 0) return lapackError("dgesdd", info);
  return s;
}

} // namespace orrery::analysis
