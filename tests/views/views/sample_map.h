// SPDX-License-Identifier: MIT
// A boundary map whose every pixel is known: runs inside a disc converge, those outside blow up; one corner was
// guessed, one pixel is empty, some were audited, rounding decides a few, and a null map stands beside it.
#pragma once
#include <cmath>

#include "core/sweep/measure.h"
#include "views/api/map_input.h"

namespace orrery::views::sample {

inline constexpr std::int64_t kMapHeight = 40, kMapWidth = 48, kMapSteps = 60;

// The curve of row i (from the bottom) and column j: exponential, faster the further from the circle.
inline std::vector<double> mapCurve(std::int64_t i, std::int64_t j) {
  const double distance = std::hypot(double(i) - 18, double(j) - 25) - 13.3;
  std::vector<double> losses;
  for (std::int64_t t = 0; t < kMapSteps; ++t) losses.push_back(2 * std::exp(0.02 * distance * double(t)));
  return losses;
}

inline MapInputPtr sampleMap() {
  sweep::Map map;
  for (std::int64_t j = 0; j < kMapWidth; ++j) map.x.push_back(std::pow(10, -3 + 9.0 * double(j) / (kMapWidth - 1)));
  for (std::int64_t i = 0; i < kMapHeight; ++i) map.y.push_back(0.001 + 0.04 * double(i) / (kMapHeight - 1));
  map.spec = R"({"model": {"kind": "mlp2"}, "steps": 60, "axes": {
    "x": {"parameter": "lr.input", "scale": "log10", "min": -3, "max": 6, "count": 48},
    "y": {"parameter": "lr.output", "min": 0.001, "max": 0.041, "count": 40}}})";
  for (std::int64_t i = 0; i < kMapHeight; ++i)
    for (std::int64_t j = 0; j < kMapWidth; ++j) {
      map.pixels.digests.push_back(sweep::digestOf(mapCurve(i, j), kMapSteps));
      const auto outcome = sweep::outcomeOf(sweep::Measure::SohlDickstein, map.pixels.digests.back(), kMapSteps);
      map.pixels.classes.push_back(
          std::uint8_t(outcome.stable * sweep::kStable + outcome.trainable * sweep::kTrainable));
      map.pixels.value.push_back(outcome.value);
      map.pixels.state.push_back(i < 4 && j < 4             ? sweep::kGuessed
                                 : i % 9 == 5 && j % 9 == 5 ? sweep::kAudited
                                                            : sweep::kComputed);
    }
  map.pixels.state.back() = sweep::kNone;
  map.nulls["quadratic"] = map.pixels;
  map.nulls["labels"] = map.pixels;
  map.nulls["order"] = map.pixels;
  map.rounding.emplace();
  map.rounding->second = map.pixels;
  map.rounding->differs.assign(map.size(), 0);
  map.rounding->differs[7 * kMapWidth + 11] = 1;
  map.audits = 20;
  map.failedAudits = 1;
  map.complete = true;
  auto input = std::make_shared<MapInput>(*mapInputOf("sample.h5", std::move(map)));
  input->curves[(kMapHeight - 1 - kMapHeight / 2) * kMapWidth + kMapWidth / 2] =
      mapCurve(kMapHeight - 1 - kMapHeight / 2, kMapWidth / 2);
  return input;
}

} // namespace orrery::views::sample
