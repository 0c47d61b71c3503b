// SPDX-License-Identifier: MIT
// The inside of a Decoder, for core/models and core/train only: weights as tensors, and the forward pass that the
// trainer differentiates. Matrices are [out, in]; q, k and v are one matrix, and so are gate and up.
#pragma once
#include <ATen/core/Tensor.h>
#include <string>
#include <vector>

#include "core/models/decoder.h"

namespace orrery::models {

struct Linear {
  at::Tensor weight; // [out, in]
  at::Tensor bias;   // [out], or undefined
};
struct NormWeights {
  at::Tensor weight; // [D]
  at::Tensor bias;   // [D], or undefined
};
struct BlockWeights {
  NormWeights ln1, ln2;         // ln2 undefined if attention and MLP share ln1
  NormWeights ln1Post, ln2Post; // undefined unless config.postNorms
  NormWeights qNorm, kNorm;     // [Dh]; undefined unless config.qkNorm
  Linear qkv;                   // [(H + 2 G) Dh, D]: rows of q, then k, then v
  Linear out;                   // [D, H Dh]
  Linear in;                    // [F, D]; gated: [2 F, D], rows of gate, then up
  Linear down;                  // [D, F]
  // Mixture of experts: `in` and `down` hold those of every expert, one below the other.
  Linear router; // [experts, D]
};
struct Weights {
  at::Tensor embed;    // [V, D]
  at::Tensor position; // [C, D], or undefined
  std::vector<BlockWeights> blocks;
  NormWeights finalNorm;
  at::Tensor unembed;     // [V, D]; the same tensor as embed if tied
  at::Tensor unembedBias; // [V], or undefined
};

struct NamedTensor {
  std::string name;
  at::Tensor tensor;
};

struct Decoder::Impl {
  ModelConfig config;
  DType dtype = DType::F32;
  std::string device = "cpu";
  Weights weights;
  std::vector<std::string> warnings;
};

// What an optimiser steps: every tensor once, under a name of ours ("blocks.0.qkv.weight"). Leaves if made so with
// requires_grad_(); the tensors are those of the Decoder, so stepping them in place trains it.
std::vector<NamedTensor> parameters(const Decoder& decoder);
// The same numbers under the family's names and layouts, as views where the layout is ours
// ("model.layers.0.self_attn.q_proj.weight"): what to write into a checkpoint. A tied unembedding is left out, as
// transformers does.
std::vector<NamedTensor> checkpointTensors(const Decoder& decoder);

// Logits [B, T, V] of tokens [B, T] int64, differentiable in parameters(). No captures, no cache, dense attention.
// Throws what libtorch throws.
at::Tensor trainForward(const Decoder& decoder, const at::Tensor& tokens);

} // namespace orrery::models
