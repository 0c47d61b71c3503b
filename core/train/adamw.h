// SPDX-License-Identifier: MIT
// AdamW with decoupled weight decay (Loshchilov and Hutter 2019, arXiv 1711.05101, algorithm 2), as torch.optim.AdamW
// computes it, and the clipping of the gradients' common norm (Pascanu et al. 2013). Inner header of core/train.
#pragma once
#include <ATen/core/Tensor.h>
#include <cstdint>
#include <vector>

#include "core/train/spec.h"

namespace orrery::train {

class AdamW {
public:
  // Steps these leaves in place; weight decay applies to those of two dimensions or more.
  AdamW(std::vector<at::Tensor> parameters, const OptimizerSpec& spec);

  // With the gradients that backward() left. A parameter without one stays. Throws what libtorch throws.
  void step(double learningRate);
  void clearGradients();
  // Scales all gradients so that their common 2-norm is at most spec.clip; returns the norm before.
  double clipGradients();

private:
  struct Slot {
    at::Tensor parameter, mean, square; // first and second moment, shaped as the parameter
  };
  std::vector<Slot> m_slots;
  OptimizerSpec m_spec;
  std::int64_t m_steps = 0;
};

} // namespace orrery::train
