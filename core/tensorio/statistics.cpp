// SPDX-License-Identifier: MIT
#include "core/tensorio/statistics.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <vector>

#include "core/base/elements.h"
#include "core/tensorio/row_major.h"

namespace orrery::tensorio {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr std::size_t kBlock = 2048; // doubles; stays in the first-level cache
constexpr std::size_t kLanes = 8;    // independent sums, so that the compiler can use vector registers

using Lanes = std::array<double, kLanes>;
using Block = std::array<double, kBlock>;

double sum(const Lanes& lanes) {
  double total = 0;
  for (const double lane : lanes) total += lane;
  return total;
}

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

// `used` elements, a multiple of kLanes; what is not finite counts as absent.
Moments momentsOf(const Block& block, std::size_t used) {
  Lanes counts{}, sums{}, squares{}, lows, highs;
  lows.fill(kInfinity);
  highs.fill(-kInfinity);
  for (std::size_t i = 0; i < used; i += kLanes)
    for (std::size_t l = 0; l < kLanes; ++l) {
      const double x = block[i + l];
      const bool ok = finite(x);
      counts[l] += ok ? 1.0 : 0.0;
      sums[l] += ok ? x : 0.0;
      const double low = ok ? x : kInfinity, high = ok ? x : -kInfinity;
      lows[l] = low < lows[l] ? low : lows[l];
      highs[l] = high > highs[l] ? high : highs[l];
    }
  Moments out;
  out.count = sum(counts);
  if (out.count == 0) return out;
  out.mean = sum(sums) / out.count;
  for (std::size_t i = 0; i < used; i += kLanes)
    for (std::size_t l = 0; l < kLanes; ++l) {
      const double x = block[i + l];
      const double deviation = finite(x) ? x - out.mean : 0.0;
      squares[l] += deviation * deviation;
    }
  out.squares = sum(squares);
  out.low = *std::min_element(lows.begin(), lows.end());
  out.high = *std::max_element(highs.begin(), highs.end());
  return out;
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
    const std::size_t used = (count + kLanes - 1) / kLanes * kLanes;
    std::fill(m_block.begin() + static_cast<std::ptrdiff_t>(count), m_block.begin() + static_cast<std::ptrdiff_t>(used),
              std::numeric_limits<double>::quiet_NaN());
    m_moments.merge(momentsOf(m_block, used));
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
  std::vector<std::byte> piece(std::min(info.bytes, static_cast<std::size_t>(kPieceElements) * byteSize(info.dtype)));
  for (std::size_t at = 0; at < info.bytes; at += piece.size()) {
    if (stop.stop_requested()) return cancelled();
    const std::size_t length = std::min(piece.size(), info.bytes - at);
    if (Status copied = file.copyOut(info, at, length, piece.data()); !copied) return copied.error();
    accumulator.add({piece.data(), length});
  }
  return accumulator.result();
}

} // namespace orrery::tensorio
