// SPDX-License-Identifier: MIT
// Some steps of many two-layer networks side by side: one network per lane of the vector unit. What a lane computes
// does not depend on the others or on how many there are, and is the same to the last bit on every unit.
#pragma once
#include <cstddef>

#include "core/sweep/phase_clock.h"
#include "core/sweep/spec.h"

namespace orrery::sweep {

inline constexpr std::size_t kMlpPad = 4;   // inputs, hidden units and points are padded to a multiple of this
inline constexpr std::size_t kMlpTile = 16; // points whose hidden units stand in cache at a time

inline std::size_t mlpPadded(std::size_t count) { return (count + kMlpPad - 1) / kMlpPad * kMlpPad; }

// Rows of inputs and their targets; x [padded rows][padded inputs], y [padded rows], padded with zeros.
template <class T> struct MlpRows {
  const T *x = nullptr, *y = nullptr;
  std::size_t count = 0;
};

// N = mlpPadded(n) in the shapes; every array of lanes is aligned for the vector unit.
template <class T> struct MlpSegment {
  std::size_t n = 0, steps = 0;
  Nonlinearity nonlinearity = Nonlinearity::Tanh;
  MlpRows<T> points;                   // the recorded loss is over these
  const MlpRows<T>* batches = nullptr; // [steps]: the gradient is over these; null: over `points`
  T *w0 = nullptr, *w1 = nullptr;      // [N hidden][N inputs][lanes], [N][lanes]; padding is and stays 0
  const T *rate0 = nullptr, *rate1 = nullptr, *drift = nullptr; // [lanes]
  T* losses = nullptr;                                          // out: [steps][lanes], before each update
  T* scratch = nullptr;                                         // mlpScratch(n, lanes) numbers
  PhaseClock* clock = nullptr;
};

inline std::size_t mlpScratch(std::size_t n, std::size_t lanes) {
  const std::size_t N = mlpPadded(n);
  return lanes * (2 * N * N + N + kMlpTile * N);
}

std::size_t mlpLanes(float);
std::size_t mlpLanes(double);
void mlpSteps(const MlpSegment<float>& segment);
void mlpSteps(const MlpSegment<double>& segment);

// tanh as the kernel computes it, for tests: z [count], a multiple of 16.
void mlpTanh(const double* z, double* out, std::size_t count);
void mlpTanh(const float* z, float* out, std::size_t count);

} // namespace orrery::sweep
