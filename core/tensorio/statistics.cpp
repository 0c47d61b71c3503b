// SPDX-License-Identifier: MIT
#include "core/tensorio/statistics.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "core/base/elements.h"
#include "core/tensorio/row_major.h"

namespace orrery::tensorio {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr std::size_t kBlock = 2048; // doubles; stays in the first-level cache
constexpr std::size_t kLanes = 4;    // independent sums, so that the compiler can use vector registers

using Lanes = std::array<double, kLanes>;
using Block = std::array<double, kBlock>;

double sum(const Lanes& lanes) { return (lanes[0] + lanes[1]) + (lanes[2] + lanes[3]); }

bool finite(double x) { return std::abs(x) <= std::numeric_limits<double>::max(); }

struct Moments {
  double count = 0, mean = 0, squares = 0; // squares: sum of (x - mean)^2
  double low = kInfinity, high = -kInfinity;

  void merge(const Moments& other) {
    if (other.count == 0) return;
    const double total = count + other.count, delta = other.mean - mean;
    mean += delta * (other.count / total);
    squares += other.squares + delta * delta * (count / total) * other.count;
    count = total;
    low = std::min(low, other.low);
    high = std::max(high, other.high);
  }
};

// Of n elements. A NaN or an infinity among them makes the sum one too; range is right only without any.
struct SumAndRange {
  double sum, low, high;
};
SumAndRange sumAndRange(const double* x, std::size_t n) {
  Lanes sums{}, lows, highs;
  lows.fill(kInfinity);
  highs.fill(-kInfinity);
  std::size_t i = 0;
  for (; i + kLanes <= n; i += kLanes)
    for (std::size_t l = 0; l < kLanes; ++l) {
      sums[l] += x[i + l];
      lows[l] = x[i + l] < lows[l] ? x[i + l] : lows[l];
      highs[l] = x[i + l] > highs[l] ? x[i + l] : highs[l];
    }
  for (; i < n; ++i) {
    sums[0] += x[i];
    lows[0] = std::min(lows[0], x[i]);
    highs[0] = std::max(highs[0], x[i]);
  }
  return {sum(sums), *std::min_element(lows.begin(), lows.end()), *std::max_element(highs.begin(), highs.end())};
}

double squaredDeviations(const double* x, std::size_t n, double mean) {
  Lanes squares{};
  std::size_t i = 0;
  for (; i + kLanes <= n; i += kLanes)
    for (std::size_t l = 0; l < kLanes; ++l) squares[l] += (x[i + l] - mean) * (x[i + l] - mean);
  for (; i < n; ++i) squares[0] += (x[i] - mean) * (x[i] - mean);
  return sum(squares);
}

// Of the finite ones among the first n elements; moves these to the front where others stand between them.
Moments momentsOf(Block& block, std::size_t n) {
  SumAndRange all = sumAndRange(block.data(), n);
  if (!finite(all.sum)) {
    const auto end = std::remove_if(block.begin(), block.begin() + static_cast<std::ptrdiff_t>(n),
                                    [](double x) { return !finite(x); });
    n = static_cast<std::size_t>(end - block.begin());
    all = sumAndRange(block.data(), n);
  }
  if (n == 0) return {};
  const auto count = static_cast<double>(n);
  const double mean = all.sum / count;
  return {count, mean, squaredDeviations(block.data(), n, mean), all.low, all.high};
}

class Accumulator {
public:
  explicit Accumulator(DType dtype) : m_dtype(dtype) {}

  void add(std::span<const std::byte> bytes) {
    withElements(m_dtype, [&](auto load) {
      const std::size_t size = byteSize(m_dtype), count = bytes.size() / size;
      for (std::size_t at = 0; at < count; at += kBlock)
        addBlock(bytes.data() + at * size, std::min(kBlock, count - at), size, load);
    });
  }

  TensorStats result() const {
    const double none = std::numeric_limits<double>::quiet_NaN();
    const auto finiteCount = static_cast<std::int64_t>(m_moments.count);
    const std::int64_t nonFinite = m_elements - finiteCount;
    if (finiteCount == 0) return {none, none, none, none, nonFinite, m_elements};
    return {m_moments.mean, std::sqrt(m_moments.squares / m_moments.count), m_moments.low, m_moments.high, nonFinite,
            m_elements};
  }

private:
  template <class Load> void addBlock(const std::byte* from, std::size_t count, std::size_t size, Load load) {
    for (std::size_t i = 0; i < count; ++i) m_block[i] = static_cast<double>(load(from + i * size));
    m_moments.merge(momentsOf(m_block, count));
    m_elements += static_cast<std::int64_t>(count);
  }

  DType m_dtype;
  Block m_block{};
  Moments m_moments;
  std::int64_t m_elements = 0;
};

} // namespace

Result<TensorStats> statistics(const TensorView& view, std::stop_token stop) {
  Accumulator accumulator(view.dtype);
  Status done = forEachPiece(view, [&](std::span<const std::byte> piece) -> Status {
    if (stop.stop_requested()) return cancelled();
    accumulator.add(piece);
    return Done{};
  });
  if (!done) return done.error();
  return accumulator.result();
}

Result<TensorStats> statistics(const TensorFile& file, const TensorInfo& info, std::stop_token stop) {
  Accumulator accumulator(info.dtype);
  const std::int64_t all = elementCount(info.shape).value_or(0), block = info.encoding ? info.encoding->block() : 1;
  const std::int64_t step = std::max(kPieceElements / block, std::int64_t{1}) * block;
  for (std::int64_t at = 0; at < all; at += step) {
    if (stop.stop_requested()) return cancelled();
    auto piece = file.loadRange(info, at, std::min(step, all - at));
    if (!piece) return piece.error();
    accumulator.add({piece->data, piece->bytes()});
  }
  return accumulator.result();
}

} // namespace orrery::tensorio
