// SPDX-License-Identifier: MIT
// The arithmetic between hook points. On the CPU without autograd it runs on kernels of our own (fused), for the
// trainer and other devices on plain libtorch calls; both compute the same formulas.
#pragma once
#include <ATen/core/Tensor.h>

#include "core/models/torch_decoder.h"

namespace orrery::models {

struct Ops {
  bool fused = false; // CPU, no autograd

  // x [.., in] -> [.., out]
  at::Tensor linear(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) const;
  at::Tensor linear(const at::Tensor& x, const Linear& w) const { return linear(x, w.weight, w.bias); }
  at::Tensor activate(Activation activation, const at::Tensor& x) const;
  at::Tensor gate(Activation activation, const at::Tensor& gate, const at::Tensor& up) const; // act(gate) * up
};

struct Normed {
  at::Tensor scale;      // [.., 1] the divisor; undefined unless asked for
  at::Tensor normalized; // [.., D] before weight and bias; undefined unless asked for
  at::Tensor out;        // [.., D]
};
// Fused norm of contiguous x; `parts`: scale and normalized too. The numbers in `out` do not depend on it.
Normed fusedNorm(const at::Tensor& x, const NormWeights& weights, NormKind kind, double eps, bool parts);

} // namespace orrery::models
