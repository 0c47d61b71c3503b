// SPDX-License-Identifier: MIT
// The forward pass between tokens and the last norm, hook points in their places.
#pragma once
#include <ATen/core/Tensor.h>
#include <stop_token>

#include "core/models/attention.h"
#include "core/models/ops.h"
#include "core/models/torch_decoder.h"

namespace orrery::models {

// Everything a pass over positions [begin, begin + T) needs. With B > 1 or autograd: ops.fused = false.
struct Pass {
  const ModelConfig& config;
  const Weights& weights;
  Attention& attention;
  const Taps& taps;
  Ops ops;
  std::int64_t begin = 0;
};

// tokens [B, T] int64 -> residual stream before block 0 [B, T, D]
at::Tensor embed(const Pass& pass, at::Tensor tokens);
// x [B, T, D] -> x + attention + MLP
at::Tensor block(const Pass& pass, int layer, at::Tensor x);
// Last norm: [B, T, D] -> input of the unembedding [B, T, D]
at::Tensor finalNorm(const Pass& pass, const at::Tensor& x);
// Logits before a final soft-cap: [.., D] -> [.., V]
at::Tensor unembed(const Ops& ops, const Weights& weights, const at::Tensor& x);
// c tanh(x / c) of logits, where the model has a final soft-cap c.
at::Tensor softcapped(const ModelConfig& config, const at::Tensor& logits);

} // namespace orrery::models
