// SPDX-License-Identifier: MIT
// Spectra of the matrices of a WeightSet, on several threads with one matrix each.
#pragma once
#include <cstddef>
#include <functional>
#include <stop_token>
#include <vector>

#include "core/analysis/spectrum.h"
#include "core/weights/weight_set.h"

namespace orrery::weights {

struct SpectraOptions {
  int threads = 0;           // 0: one per core
  std::int64_t estimate = 0; // of a matrix that is too large, so many largest values by projection; 0: it is refused
};

// Of one matrix. Errors: BadInput (no matrix, NaN), TooLarge, Cancelled, Io.
Result<analysis::Spectrum> spectrumOf(const WeightsPtr& set, const Weight& weight, const SpectraOptions& options = {},
                                      const std::stop_token& stop = {},
                                      const std::function<void(double)>& progress = {});
// The same of B - A in A's orientation; both have the same shape there.
Result<analysis::Spectrum> spectrumOfChange(const WeightsPtr& a, const Weight& from, const WeightsPtr& b,
                                            const Weight& to, const SpectraOptions& options = {},
                                            const std::stop_token& stop = {});

// work(i) for every i in [0, cost.size()), the dearest first, on so many threads; stops early when `stop` is asked.
void eachByCost(const std::vector<double>& cost, int threads, const std::stop_token& stop,
                const std::function<void(std::size_t)>& work);
// About the operations that the singular values of this weight take; 0: it is no matrix.
double spectrumCost(const Weight& weight);

} // namespace orrery::weights
