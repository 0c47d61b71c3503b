// SPDX-License-Identifier: MIT
#include "core/analysis/tensor_numbers.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <queue>
#include <string>

namespace orrery::analysis {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

// Sums of powers of the deviations of one row from its own mean, merged pairwise: Pebay, "Formulas for robust,
// one-pass parallel computation of covariances and arbitrary-order statistical moments" (2008), 2.1 to 2.6.
struct Powers {
  double n = 0, mean = 0, m2 = 0, m3 = 0, m4 = 0;
  double low = std::numeric_limits<double>::infinity(), high = -std::numeric_limits<double>::infinity();

  void merge(const Powers& b) {
    if (b.n == 0) return;
    const double all = n + b.n, d = b.mean - mean, d2 = d * d;
    m4 += b.m4 + d2 * d2 * n * b.n * (n * n - n * b.n + b.n * b.n) / (all * all * all) +
          6 * d2 * (n * n * b.m2 + b.n * b.n * m2) / (all * all) + 4 * d * (n * b.m3 - b.n * m3) / all;
    m3 += b.m3 + d2 * d * n * b.n * (n - b.n) / (all * all) + 3 * d * (n * b.m2 - b.n * m2) / all;
    m2 += b.m2 + d2 * n * b.n / all;
    mean += d * b.n / all;
    n = all;
    low = std::min(low, b.low);
    high = std::max(high, b.high);
  }
};

Powers powersOf(const double* x, std::int64_t count) {
  Powers p;
  double sum = 0;
  for (std::int64_t i = 0; i < count; ++i)
    if (std::isfinite(x[i])) {
      sum += x[i];
      ++p.n;
      p.low = std::min(p.low, x[i]);
      p.high = std::max(p.high, x[i]);
    }
  if (p.n == 0) return p;
  p.mean = sum / p.n;
  for (std::int64_t i = 0; i < count; ++i)
    if (std::isfinite(x[i])) {
      const double d = x[i] - p.mean, d2 = d * d;
      p.m2 += d2;
      p.m3 += d2 * d;
      p.m4 += d2 * d2;
    }
  return p;
}

Moments momentsOf(const Powers& p, std::int64_t elements) {
  Moments m;
  m.count = static_cast<std::int64_t>(p.n);
  m.nonFinite = elements - m.count;
  if (m.count == 0) {
    m.mean = m.std = m.skewness = m.kurtosis = m.min = m.max = kNone;
    return m;
  }
  const double variance = p.m2 / p.n;
  m.mean = p.mean;
  m.std = std::sqrt(variance);
  m.skewness = variance > 0 ? p.m3 / p.n / (variance * m.std) : kNone;
  m.kurtosis = variance > 0 ? p.m4 / p.n / (variance * variance) - 3 : kNone;
  m.min = p.low;
  m.max = p.high;
  return m;
}

// Calls visit(row, values) for every row; rows are read in blocks.
template <class Visit> Status eachRow(const MatrixSource& matrix, const std::stop_token& stop, Visit visit) {
  const std::int64_t block = std::clamp<std::int64_t>((std::int64_t{1} << 18) / matrix.cols, 1, matrix.rows);
  std::vector<double> rows(static_cast<std::size_t>(block * matrix.cols));
  for (std::int64_t first = 0; first < matrix.rows; first += block) {
    if (stop.stop_requested()) return cancelled();
    const std::int64_t count = std::min(block, matrix.rows - first);
    if (Status read = matrix.read(first, count, rows.data()); !read) return read;
    for (std::int64_t r = 0; r < count; ++r) visit(first + r, rows.data() + r * matrix.cols);
  }
  return Done{};
}

Status firstPass(const MatrixSource& matrix, TensorNumbers& numbers, const std::stop_token& stop) {
  Powers all;
  std::vector<double> squares(static_cast<std::size_t>(matrix.cols), 0.0);
  Status done = eachRow(matrix, stop, [&](std::int64_t, const double* x) {
    all.merge(powersOf(x, matrix.cols));
    double sum = 0;
    for (std::int64_t c = 0; c < matrix.cols; ++c) {
      const double square = std::isfinite(x[c]) ? x[c] * x[c] : 0;
      squares[static_cast<std::size_t>(c)] += square;
      sum += square;
    }
    numbers.rowNorms.push_back(std::sqrt(sum));
  });
  for (const double square : squares) numbers.columnNorms.push_back(std::sqrt(square));
  numbers.moments = momentsOf(all, matrix.rows * matrix.cols);
  return done;
}

// The furthest values so far; the nearest of them on top.
class Furthest {
public:
  explicit Furthest(std::int64_t most) : m_most(static_cast<std::size_t>(std::max<std::int64_t>(0, most))) {}
  void add(std::int64_t row, std::int64_t col, double value, double z) {
    if (m_queue.size() == m_most && (m_most == 0 || std::abs(z) <= std::abs(m_queue.top().z))) return;
    m_queue.push({row, col, value, z});
    if (m_queue.size() > m_most) m_queue.pop();
  }
  std::vector<Outlier> sorted() {
    std::vector<Outlier> list;
    for (; !m_queue.empty(); m_queue.pop()) list.push_back(m_queue.top());
    std::reverse(list.begin(), list.end());
    return list;
  }

private:
  struct Further {
    bool operator()(const Outlier& a, const Outlier& b) const {
      if (std::abs(a.z) != std::abs(b.z)) return std::abs(a.z) > std::abs(b.z);
      return a.row != b.row ? a.row < b.row : a.col < b.col;
    }
  };
  const std::size_t m_most;
  std::priority_queue<Outlier, std::vector<Outlier>, Further> m_queue;
};

void count(Histogram& h, double scale, double x) {
  if (x < h.low) {
    ++h.below;
  } else if (x > h.high) {
    ++h.above;
  } else {
    const auto bin = static_cast<std::size_t>((x - h.low) * scale);
    ++h.counts[std::min(bin, h.counts.size() - 1)];
  }
}

Status secondPass(const MatrixSource& matrix, const NumberOptions& options, TensorNumbers& numbers,
                  const std::stop_token& stop) {
  Histogram& h = numbers.histogram;
  const Moments& m = numbers.moments;
  h.counts.assign(static_cast<std::size_t>(std::max<std::int64_t>(1, options.bins)), 0);
  h.low = options.low.value_or(m.count > 0 ? m.min : 0);
  h.high = options.high.value_or(m.count > 0 ? m.max : 0);
  if (!(h.high > h.low)) h.high = h.low + (h.low != 0 ? std::abs(h.low) * 1e-6 : 1); // all equal: the first bin
  const double scale = 1 / h.width(), spread = m.std > 0 ? 1 / m.std : 0;
  Furthest furthest(options.outliers);
  Status done = eachRow(matrix, stop, [&](std::int64_t row, const double* x) {
    for (std::int64_t c = 0; c < matrix.cols; ++c)
      if (std::isfinite(x[c])) {
        count(h, scale, x[c]);
        furthest.add(row, c, x[c], (x[c] - m.mean) * spread);
      }
  });
  numbers.outliers = furthest.sorted();
  return done;
}

} // namespace

Result<TensorNumbers> tensorNumbers(const MatrixSource& matrix, const NumberOptions& options,
                                    const std::stop_token& stop) {
  if (matrix.rows <= 0 || matrix.cols <= 0) return badInput("a tensor without elements has no numbers");
  TensorNumbers numbers;
  if (Status first = firstPass(matrix, numbers, stop); !first) return first.error();
  if (Status second = secondPass(matrix, options, numbers, stop); !second) return second.error();
  return numbers;
}

} // namespace orrery::analysis
