// SPDX-License-Identifier: MIT
// What `orrery bench sweep` measures: training rates of the models that others publish rates of, and how near they come
// to this machine's own peak in single-precision products.
#pragma once
#include <cstddef>
#include <functional>
#include <string>

#include "core/base/result.h"

namespace orrery::sweep {

struct BenchRow {
  std::string model;
  double modelStepsPerSecond = 0; // all threads together, every run alive to the end
  double gflops = 0;              // of the products alone
  double sgemmPeak = 0; // GFLOP/s of a product that stays in registers and L1, all threads, measured right after
  double products = 0, nonlinear = 0, rest = 0; // shares of the time, measured on one thread with clocks on
};

struct WindowRow { // the first 64 x 64 window of 500 steps of the tanh network: x and y from 10^-3 to 10^6
  double seconds = 0, modelStepsPerSecond = 0; // steps that were not needed count too
};

// Each model is trained for about `seconds`. Calls `row` after each.
Status benchSweep(std::size_t threads, double seconds, const std::function<void(const BenchRow&)>& row);
Result<WindowRow> benchWindow(std::size_t threads);

// GFLOP/s of fused multiply-adds of one thread for about `seconds`, as the products of the kernels do them.
double productPeak(double seconds);

} // namespace orrery::sweep
