// SPDX-License-Identifier: MIT
// The table of model families: one row says what a family's config.json and tensors are called and how they lie.
// A new family is a row here and, where it brings a new idea, a few lines in block.cpp.
// Source: transformers 5.23 models/{gpt2,llama}/modeling_*.py.
#pragma once
#include <span>
#include <string_view>
#include <vector>

#include "core/models/config.h"

namespace orrery::models {

// Names of config keys; empty where the family has no such key.
struct ConfigKeys {
  std::string_view layers, heads, kvHeads, headDim, model, mlp, vocab, context, normEps, activation;
};

// Tensor names behind the prefix; "{}" stands for the layer. Norms and matrices without ".weight" / ".bias".
struct TensorNames {
  std::string_view embed, position;        // [V, D], [C, D]
  std::string_view ln1, q, k, v, qkv, out; // qkv if fused, else q, k, v
  std::string_view ln2, gate, up, down;    // gate empty if not gated
  std::string_view finalNorm;              //
  std::string_view unembed;                // [V, D], without the prefix
};

struct Family {
  std::string_view architecture, modelType;
  NormKind norm;
  PositionKind position;
  bool gated;
  bool biases; // all matrices and norms have one; otherwise attention_bias, mlp_bias say
  bool conv1d; // matrices are stored [in, out]
  bool tiedByDefault;
  std::string_view defaultActivation;
  ConfigKeys keys;
  std::string_view prefix; // may be missing in a file
  TensorNames names;
  std::vector<std::string_view> options; // further keys that parseConfig honours for this family
  std::vector<std::string_view> buffers; // tensors in files that are no weights, "{}" as above
};

std::span<const Family> families();
const Family* findFamily(std::string_view architecture); // null if unknown

} // namespace orrery::models
