// SPDX-License-Identifier: MIT
#include "core/analysis/kv_statistics.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/analysis/lapack.h"
#include "core/base/tensor_view.h"

namespace orrery::analysis {
namespace {

double dot(std::span<const double> a, std::span<const double> b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  if (values.size() % 2 == 1) return *middle;
  return (*middle + *std::max_element(values.begin(), middle)) / 2;
}

// The nearest float16 of a positive number, by halving the interval between its neighbours; 0 below the smallest.
double toHalf(double x) {
  if (!std::isfinite(x)) return x;
  std::uint16_t low = 0, high = 0x7bff; // 65504
  while (low + 1 < high) {
    const auto middle = static_cast<std::uint16_t>((low + high) / 2);
    (static_cast<double>(halfToFloat(middle)) <= x ? low : high) = middle;
  }
  const double below = static_cast<double>(halfToFloat(low)), above = static_cast<double>(halfToFloat(high));
  return x - below <= above - x ? below : above;
}

} // namespace

std::vector<double> rowNorms(const Rows& rows) {
  std::vector<double> norms;
  for (std::int64_t i = 0; i < rows.n; ++i) norms.push_back(std::sqrt(dot(rows.row(i), rows.row(i))));
  return norms;
}

std::vector<double> cosines(const Rows& rows) {
  const std::vector<double> norms = rowNorms(rows);
  std::vector<double> all(static_cast<std::size_t>(rows.n * rows.n));
  for (std::int64_t i = 0; i < rows.n; ++i)
    for (std::int64_t j = 0; j <= i; ++j) {
      const double lengths = norms[static_cast<std::size_t>(i)] * norms[static_cast<std::size_t>(j)];
      const double cosine = lengths > 0 ? std::clamp(dot(rows.row(i), rows.row(j)) / lengths, -1.0, 1.0) : std::nan("");
      all[static_cast<std::size_t>(i * rows.n + j)] = all[static_cast<std::size_t>(j * rows.n + i)] = cosine;
    }
  return all;
}

std::vector<double> channelRms(const Rows& rows) {
  std::vector<double> rms(static_cast<std::size_t>(rows.d), 0);
  for (std::int64_t i = 0; i < rows.n; ++i)
    for (std::size_t d = 0; d < rms.size(); ++d) rms[d] += rows.row(i)[d] * rows.row(i)[d];
  for (double& x : rms) x = rows.n > 0 ? std::sqrt(x / static_cast<double>(rows.n)) : 0;
  return rms;
}

std::vector<double> channelOutliers(const Rows& rows) {
  std::vector<double> ratio = channelRms(rows);
  if (ratio.empty()) return ratio;
  const double middle = median(ratio);
  for (double& x : ratio) x = middle > 0 ? x / middle : std::nan("");
  return ratio;
}

namespace {

struct Svd {
  std::vector<double> s, vt; // [m], [m, d] row-major
};

// Of rows [n, d], which LAPACK sees as their transpose [d, n]: its left singular vectors are what we look for.
Result<Svd> svdOf(std::vector<double> rows, std::int64_t n, std::int64_t d) {
  const SerialLapack serial;
  const int m = static_cast<int>(d), columns = static_cast<int>(n), least = std::min(m, columns);
  Svd svd{std::vector<double>(static_cast<std::size_t>(least)), std::vector<double>(product(least, d))};
  std::vector<double> right(product(least, n));
  std::vector<int> integers(8 * static_cast<std::size_t>(least));
  const int info = withWork([&](double* work, const int* size, int* result) {
    dgesdd_("S", &m, &columns, rows.data(), &m, svd.s.data(), svd.vt.data(), &m, right.data(), &least, work, size,
            integers.data(), result);
  });
  if (info != 0) return lapackError("dgesdd", info);
  return svd;
}

void fixSign(std::span<double> component) {
  const auto largest =
      std::ranges::max_element(component, [](double a, double b) { return std::abs(a) < std::abs(b); });
  if (*largest >= 0) return;
  for (double& x : component) x = -x;
}

} // namespace

Result<Pca> principalComponents(const Rows& rows, std::int64_t k) {
  if (rows.n < 1 || rows.d < 1) return badInput("principal components of no vectors");
  for (const double x : rows.values)
    if (!std::isfinite(x)) return badInput("principal components: a vector is not finite");
  Pca pca;
  pca.mean.assign(static_cast<std::size_t>(rows.d), 0);
  std::vector<double> centred(rows.values.begin(), rows.values.end());
  for (std::int64_t i = 0; i < rows.n; ++i)
    for (std::size_t d = 0; d < pca.mean.size(); ++d) pca.mean[d] += rows.row(i)[d] / static_cast<double>(rows.n);
  for (std::size_t i = 0; i < centred.size(); ++i) {
    centred[i] -= pca.mean[i % pca.mean.size()];
    pca.total += centred[i] * centred[i] / static_cast<double>(rows.n);
  }
  auto svd = svdOf(centred, rows.n, rows.d);
  if (!svd) return svd.error();
  k = std::min({k, rows.n, rows.d});
  pca.components.assign(svd->vt.begin(), svd->vt.begin() + k * rows.d);
  const Rows vectors{centred, rows.n, rows.d};
  for (std::int64_t c = 0; c < k; ++c) {
    fixSign(std::span(pca.components).subspan(static_cast<std::size_t>(c * rows.d), static_cast<std::size_t>(rows.d)));
    const double s = svd->s[static_cast<std::size_t>(c)];
    pca.variance.push_back(s * s / static_cast<double>(rows.n));
  }
  const Rows components{pca.components, k, rows.d};
  for (std::int64_t i = 0; i < rows.n; ++i)
    for (std::int64_t c = 0; c < k; ++c) pca.scores.push_back(dot(vectors.row(i), components.row(c)));
  return pca;
}

std::int64_t bytesOf(const CacheFormat& format, std::int64_t n, std::int64_t d) {
  const std::int64_t group = format.group > 0 ? format.group : d;
  return d == 0 ? 0 : n * ((d * format.bits + 7) / 8 + 2 * ((d + group - 1) / group));
}

std::vector<double> throughFormat(const CacheFormat& format, const Rows& rows) {
  const std::int64_t group = format.group > 0 ? format.group : rows.d;
  const double most = std::pow(2, format.bits - 1) - 1;
  std::vector<double> read(rows.values.begin(), rows.values.end());
  for (std::int64_t i = 0; i < rows.n; ++i)
    for (std::int64_t begin = 0; begin < rows.d; begin += group) {
      const auto part = std::span(read).subspan(static_cast<std::size_t>(i * rows.d + begin),
                                                static_cast<std::size_t>(std::min(group, rows.d - begin)));
      double top = 0;
      for (const double x : part) top = std::max(top, std::abs(x));
      const double scale = toHalf(top / most);
      for (double& x : part) x = scale > 0 ? std::clamp(std::round(x / scale), -most, most) * scale : 0 * x;
    }
  return read;
}

double relativeError(std::span<const double> x, std::span<const double> y) {
  double off = 0, all = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    off += (x[i] - y[i]) * (x[i] - y[i]);
    all += x[i] * x[i];
  }
  return off == 0 ? 0 : std::sqrt(off / all);
}

} // namespace orrery::analysis
