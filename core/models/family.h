// SPDX-License-Identifier: MIT
// The table of model families: one row says what a family's config.json and tensors are called and how they lie.
// A new family is a row here and, where it brings a new idea, a few lines in block.cpp.
// Source: transformers 5.23 models/*/modeling_*.py of each family.
#pragma once
#include <span>
#include <string_view>
#include <vector>

#include "core/models/config.h"

namespace orrery::models {

// Names of config keys; empty where the family has no such key.
struct ConfigKeys {
  std::string_view layers = {}, heads = {}, kvHeads = {}, headDim = {}, model = {}, mlp = {}, vocab = {}, context = {},
                   normEps = {}, activation = {};
  std::string_view ropeTheta = {}, partialRotary = {}; // beside rope_theta and partial_rotary_factor, which all may use
};

// Whether matrices carry a bias; or the config key that says so.
enum class Bias : std::uint8_t { No, Yes, AttentionKey, MlpKey };
// Which layers attend through a sliding window, and what the config says of it.
enum class WindowRule : std::uint8_t {
  None,
  All,        // sliding_window in every layer
  Qwen,       // use_sliding_window, from max_window_layers on, or layer_types
  Alternating // sliding_window in layers 0, 2, 4 ..., or layer_types
};

// Tensor names behind the prefix; "{}" stands for the layer, a second one for the expert. Norms and matrices without
// ".weight" / ".bias". Empty: the family has no such tensor.
struct TensorNames {
  std::string_view embed = {}, position = {}; // [V, D], [C, D]
  std::string_view ln1 = {}, q = {}, k = {}, v = {}, qkv = {}, qNorm = {}, kNorm = {},
                   out = {};                                // qkv if fused, else q, k, v
  std::string_view ln1Post = {};                            // norm behind attention
  std::string_view ln2 = {}, gate = {}, up = {}, down = {}; // gated without a gate: up is [2 F, D], gate first
  std::string_view router = {};                             // [experts, D]; gate, up, down then are one expert's
  std::string_view ln2Post = {};                            // norm behind the MLP
  std::string_view finalNorm = {};                          //
  std::string_view unembed = {};                            // [V, D], without the prefix
};

struct Family {
  std::string_view architecture = {}, modelType = {};
  NormKind norm = NormKind::Rms;
  PositionKind position = PositionKind::Rope;
  bool gated = true;
  Bias qkvBias = Bias::No, outBias = Bias::No, mlpBias = Bias::No;
  bool attentionBiasByDefault = false; // attention_bias where the config does not say
  bool unembedBias = false;
  bool tiedByDefault = false;
  bool parallelKey = false;     // use_parallel_residual says whether attention and MLP are parallel (else they are not)
  bool sharedNorm = false;      // attention and MLP are parallel and share ln1
  bool postNorms = false;       //
  bool qkNorm = false;          // in every checkpoint; a key qk_layernorm says where it may be off
  bool scaledEmbedding = false; // times sqrt(D)
  bool mixture = false;         // num_local_experts, num_experts_per_tok
  StoredLayout stored = {};
  std::string_view defaultActivation = "silu";
  double normEps = 1e-6, ropeTheta = 10000; // where the config does not say
  double partialRotary = 0;                 // share of a head that turns, where the config does not say; 0: all, always
  bool longRopeOnly = false;                // rope kinds default and longrope only
  std::int64_t headDim = 0;                 // where the config does not say; 0: D / H
  WindowRule window = WindowRule::None;
  std::int64_t windowByDefault = 0; // tokens, where the config has no sliding_window
  ConfigKeys keys = {};
  std::string_view prefix = "model."; // may be missing in a file
  TensorNames names = {};
  std::vector<std::string_view> options = {}; // further keys that parseConfig honours for this family
  std::vector<std::string_view> buffers = {}; // tensors in files that are no weights, "{}" as above
};

std::span<const Family> families();
const Family* findFamily(std::string_view architecture); // null if unknown

} // namespace orrery::models
