// SPDX-License-Identifier: MIT
// Images whose dimension is known in closed form.
#pragma once
#include <algorithm>
#include <cmath>
#include <complex>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/analysis/boundary_image.h"
#include "core/base/random.h"

namespace orrery::analysis {

using Cell = std::function<bool(std::int64_t row, std::int64_t column)>;

inline BoundaryImage imageOf(ImageKind kind, std::int64_t side, const Cell& cell) {
  BoundaryImage image{kind, side, side, {}, {}};
  for (std::int64_t i = 0; i < side; ++i)
    for (std::int64_t j = 0; j < side; ++j) image.value.push_back(cell(i, j));
  return image;
}

// Pixels of a square of side `inner` at (top, left) whose digits to `base` all pass.
inline BoundaryImage digitSet(std::int64_t side, std::int64_t inner, std::int64_t base, std::int64_t top,
                              std::int64_t left, const Cell& keep) {
  return imageOf(ImageKind::Set, side, [=](std::int64_t i, std::int64_t j) {
    i -= top, j -= left;
    if (i < 0 || j < 0 || i >= inner || j >= inner) return false;
    for (std::int64_t s = inner / base; s >= 1; s /= base)
      if (!keep(i / s % base, j / s % base)) return false;
    return true;
  });
}

// The pixels under a polyline, in pixel units.
inline BoundaryImage polyline(std::int64_t side, const std::vector<std::complex<double>>& points) {
  BoundaryImage image = imageOf(ImageKind::Set, side, [](auto, auto) { return false; });
  for (std::size_t k = 0; k + 1 < points.size(); ++k) {
    const int steps = static_cast<int>(std::abs(points[k + 1] - points[k]) * 4) + 2;
    for (int t = 0; t <= steps; ++t) {
      const std::complex<double> p = points[k] + (points[k + 1] - points[k]) * (static_cast<double>(t) / steps);
      const auto i = static_cast<std::int64_t>(p.imag()), j = static_cast<std::int64_t>(p.real());
      if (i >= 0 && j >= 0 && i < side && j < side) image.value[image.index(i, j)] = 1;
    }
  }
  return image;
}

inline std::vector<std::complex<double>> replaceSegments(std::vector<std::complex<double>> points,
                                                         const std::vector<std::complex<double>>& generator,
                                                         int depth) {
  for (; depth > 0; --depth) {
    std::vector<std::complex<double>> next;
    for (std::size_t k = 0; k + 1 < points.size(); ++k)
      for (std::size_t g = 0; g + 1 < generator.size(); ++g)
        next.push_back(points[k] + (points[k + 1] - points[k]) * generator[g]);
    next.push_back(points.back());
    points = std::move(next);
  }
  return points;
}

inline void fft(std::complex<double>* values, std::size_t n, std::size_t stride) { // radix 2, in place, inverse sign
  std::vector<std::complex<double>> a(n);
  for (std::size_t i = 0, j = 0; i < n; ++i) {
    a[j] = values[i * stride];
    std::size_t bit = n >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j |= bit;
  }
  for (std::size_t length = 2; length <= n; length *= 2)
    for (std::size_t k = 0; k < length / 2; ++k) {
      const auto turn = std::polar(1.0, 6.283185307179586 * static_cast<double>(k) / static_cast<double>(length));
      for (std::size_t i = k; i < n; i += length) {
        const std::complex<double> even = a[i], odd = a[i + length / 2] * turn;
        a[i] = even + odd;
        a[i + length / 2] = even - odd;
      }
    }
  for (std::size_t i = 0; i < n; ++i) values[i * stride] = a[i];
}

// Sign of a Gaussian field with spectrum k^-(2 H + 2), a quarter of a torus; its level sets have D = 2 - H.
inline BoundaryImage levelSet(std::int64_t side, double roughness, std::uint64_t seed) {
  const auto n = static_cast<std::size_t>(2 * side);
  Random random(seed);
  std::vector<std::complex<double>> field(n * n);
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j < n; ++j) {
      const double a = static_cast<double>(std::min(i, n - i)), b = static_cast<double>(std::min(j, n - j));
      const double k = std::hypot(a, b);
      if (k > 0) field[i * n + j] = std::complex(random.normal(), random.normal()) * std::pow(k, -(roughness + 1));
    }
  for (std::size_t i = 0; i < n; ++i) fft(field.data() + i * n, n, 1);
  for (std::size_t j = 0; j < n; ++j) fft(field.data() + j, n, n);
  std::vector<double> seen;
  for (std::size_t i = 0; i < n / 2; ++i)
    for (std::size_t j = 0; j < n / 2; ++j) seen.push_back(field[i * n + j].real());
  std::vector<double> sorted = seen;
  std::nth_element(sorted.begin(), sorted.begin() + static_cast<std::ptrdiff_t>(sorted.size() / 2), sorted.end());
  const double median = sorted[sorted.size() / 2];
  return imageOf(ImageKind::Label, side,
                 [&](auto i, auto j) { return seen[static_cast<std::size_t>(i * side + j)] > median; });
}

inline BoundaryImage randomLabels(std::int64_t side, double share, std::uint64_t seed) {
  Random random(seed);
  return imageOf(ImageKind::Label, side, [&](auto, auto) { return random.chance(share); });
}

struct KnownImage {
  std::string name;
  BoundaryImage image;
  double dimension = 0;
};

// Shapes that stand differently for every seed. `side` a power of two >= 256.
inline std::vector<KnownImage> knownImages(std::int64_t side, std::uint64_t seed) {
  using namespace std::complex_literals;
  Random random(seed);
  const double R = static_cast<double>(side);
  const std::int64_t inner = side >= 1024 ? 729 : 243, inner4 = side >= 1024 ? 1024 : 256;
  const auto place = [&](std::int64_t of) {
    return static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(side - of) + 1));
  };
  const auto cross = [](auto i, auto j) { return i == 1 || j == 1; };
  const auto corners3 = [](auto i, auto j) { return i != 1 && j != 1; };
  const auto corners4 = [](auto i, auto j) { return i % 3 == 0 && j % 3 == 0; };
  const std::complex<double> turn = std::polar(0.45 * R, 1.4 * random.uniform()), middle(R / 2, R / 2);
  const std::vector<std::complex<double>> koch = {0.0, 1.0 / 3, 0.5 + 1i * std::sqrt(3.0) / 6.0, 2.0 / 3, 1.0};
  const std::vector<std::complex<double>> sausage = {0.0,         0.25,         0.25 + 0.25i, 0.5 + 0.25i, 0.5,
                                                     0.5 - 0.25i, 0.75 - 0.25i, 0.75,         1.0};
  const double slope = 0.1 + 0.9 * random.uniform(), radius = (0.15 + 0.25 * random.uniform()) * R;
  std::vector<KnownImage> found;
  found.push_back({"line", polyline(side, {middle - turn, middle + turn}), 1});
  found.push_back(
      {"koch", polyline(side, replaceSegments({middle - turn, middle + turn}, koch, 7)), std::log(4) / std::log(3)});
  found.push_back(
      {"minkowski", polyline(side, replaceSegments({0.04 * R + 0.47i * R, 0.96 * R + 0.53i * R}, sausage, 5)), 1.5});
  found.push_back({"triangle", digitSet(side, side, 2, 0, 0, [](auto i, auto j) { return !(i == 1 && j == 1); }),
                   std::log(3) / std::log(2)});
  found.push_back(
      {"carpet", digitSet(side, inner, 3, place(inner), place(inner), [](auto i, auto j) { return i != 1 || j != 1; }),
       std::log(8) / std::log(3)});
  found.push_back({"vicsek", digitSet(side, inner, 3, place(inner), place(inner), cross), std::log(5) / std::log(3)});
  found.push_back(
      {"dust of ninths", digitSet(side, inner, 3, place(inner), place(inner), corners3), std::log(4) / std::log(3)});
  found.push_back({"dust of quarters", digitSet(side, inner4, 4, place(inner4), place(inner4), corners4), 1});
  found.push_back(
      {"half plane",
       imageOf(ImageKind::Label, side,
               [=](auto i, auto j) { return slope * static_cast<double>(i) + static_cast<double>(j) > 0.7 * R; }),
       1});
  found.push_back({"disc",
                   imageOf(ImageKind::Label, side,
                           [=](auto i, auto j) {
                             return std::hypot(static_cast<double>(i) - 0.53 * R, static_cast<double>(j) - 0.45 * R) <
                                    radius;
                           }),
                   1});
  found.push_back({"random labels 0.5", randomLabels(side, 0.5, seed), 2});
  found.push_back({"random labels 0.2", randomLabels(side, 0.2, seed), 2});
  for (const double roughness : {0.2, 0.3, 0.5, 0.7, 0.8})
    found.push_back(
        {"level set H " + std::to_string(roughness).substr(0, 3), levelSet(side, roughness, seed), 2 - roughness});
  return found;
}

} // namespace orrery::analysis
