// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "core/base/random.h"
#include "core/sweep/mlp_kernel.h"

namespace orrery::sweep {
namespace {

// Difference to the exact value in units of the last place of the exact value.
template <class T> double unitsOff(T found, long double exact) {
  const T near = static_cast<T>(std::abs(exact));
  const long double unit = std::nextafter(near, std::numeric_limits<T>::infinity()) - near;
  return static_cast<double>(std::abs(found - exact) / unit);
}

template <class T> double worst(double low, double high) { // of |z| from 10^low to 10^high
  constexpr std::size_t kCount = 1 << 18;
  Random random(7);
  std::vector<T> z(kCount), out(kCount);
  for (T& value : z)
    value = static_cast<T>(std::pow(10.0, low + (high - low) * random.uniform()) * (random.chance(0.5) ? 1 : -1));
  mlpTanh(z.data(), out.data(), kCount);
  double most = 0;
  for (std::size_t k = 0; k < kCount; ++k)
    most = std::max(most, unitsOff(out[k], std::tanh(static_cast<long double>(z[k]))));
  return most;
}

TEST(Tanh, isAccurate) {
  for (const auto& [low, high, tolerance] : {std::array{-300.0, -3.0, 2.5}, {-3.0, 0.0, 2.5}, {0.0, 2.0, 1.2}}) {
    const double found = worst<double>(low, high);
    std::printf("float64 |z| 1e%+.0f..1e%+.0f: %.2f units in the last place (%.1f)\n", low, high, found, tolerance);
    EXPECT_LE(found, tolerance);
  }
  const double found = worst<float>(-30, 1);
  std::printf("float32 |z| 1e-30..1e+1: %.2f units in the last place (2.5)\n", found);
  EXPECT_LE(found, 2.5);
}

TEST(Tanh, atTheEdges) {
  const double infinite = std::numeric_limits<double>::infinity(), none = std::nan("");
  std::vector<double> z = {0.0, -0.0, infinite, -infinite, none, 1e308, -1e308, 5e-324, 19, -19, 40, 1, 2, 3, 4, 5},
                      out(16);
  mlpTanh(z.data(), out.data(), 16);
  for (std::size_t k = 0; k < 16; ++k) {
    if (std::isnan(z[k])) {
      EXPECT_TRUE(std::isnan(out[k]));
    } else {
      EXPECT_NEAR(out[k], std::tanh(z[k]), 2.3e-16) << z[k];
      EXPECT_EQ(std::signbit(out[k]), std::signbit(z[k]));
    }
  }
}

} // namespace
} // namespace orrery::sweep
