// SPDX-License-Identifier: MIT
// Random numbers that are the same on every machine: the standard fixes std::mt19937_64, but not its distributions.
#pragma once
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <random>
#include <span>

namespace orrery {

class Random {
public:
  explicit Random(std::uint64_t seed) : m_engine(seed) {}

  std::uint64_t bits() { return m_engine(); }
  // [0, n), n > 0, without bias: draws from the incomplete last stretch of 2^64 are thrown away.
  std::uint64_t below(std::uint64_t n) {
    const std::uint64_t limit = ~std::uint64_t{0} - (~std::uint64_t{0} % n + 1) % n;
    std::uint64_t value = m_engine();
    while (value > limit) value = m_engine();
    return value % n;
  }
  int between(int low, int high) { // both ends included
    return low + static_cast<int>(below(static_cast<std::uint64_t>(high - low) + 1));
  }
  double uniform() { return static_cast<double>(m_engine() >> 11) * 0x1p-53; } // [0, 1)
  bool chance(double probability) { return uniform() < probability; }
  // Standard normal, Box and Muller 1958 (the second value of the pair is not kept).
  double normal() {
    const double radius = std::sqrt(-2 * std::log(1 - uniform()));
    return radius * std::cos(6.283185307179586 * uniform());
  }
  template <class Range> const auto& pick(const Range& range) {
    return std::data(range)[below(static_cast<std::uint64_t>(std::size(range)))];
  }

private:
  std::mt19937_64 m_engine;
};

} // namespace orrery
