// SPDX-License-Identifier: MIT
// Mean, spread and range of a tensor of any dtype, computed in double in pieces: per piece in two passes (mean, then
// squared deviations), merged by Chan, Golub and LeVeque, "Updating Formulae and a Pairwise Algorithm for Computing
// Sample Variances" (1979). No copy of the whole tensor is made. Thread: any.
#pragma once
#include <cstdint>
#include <span>
#include <stop_token>

#include "core/base/result.h"
#include "core/base/tensor_view.h"
#include "core/tensorio/tensor_file.h"

namespace orrery::tensorio {

// Over the finite elements; all four are NaN if there is none. Unit: the tensor's own.
struct TensorStats {
  double mean = 0;
  double std = 0; // population: sqrt(sum (x - mean)^2 / n)
  double min = 0;
  double max = 0;
  std::int64_t nonFinite = 0; // NaN, +inf, -inf
  std::int64_t elements = 0;  // all, the non-finite ones included
};

// F64 above 1e150 or so: squares overflow and std is inf. The stop token is asked every 2^16 elements. Errors:
// Cancelled.
Result<TensorStats> statistics(const TensorView& view, std::stop_token stop = {});
// Of a tensor on disk, read piece by piece (a file cut short is an Error). Errors: Cancelled, BadInput, Io.
Result<TensorStats> statistics(const TensorFile& file, const TensorInfo& info, std::stop_token stop = {});

} // namespace orrery::tensorio
