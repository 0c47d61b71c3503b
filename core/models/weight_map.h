// SPDX-License-Identifier: MIT
// What the tensors of a checkpoint are in a model of its family: names that do not depend on the format, layer, part,
// order of rows. Reads no weights. Any thread.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "core/models/config.h"
#include "core/tensorio/tensor_file.h"

namespace orrery::models {

struct MappedWeight {
  std::string tensor;    // in the file
  std::string canonical; // the family's name without prefix: "layers.0.self_attn.q_proj.weight"
  std::string part;      // embed position unembed q k v qkv o gate up down router norm, or ""
  std::int64_t layer = -1, expert = -1;
  std::int64_t first = 0; // element of the tensor at which it begins
  Shape shape;
  bool transposed = false;        // stored [in, out] (GPT-2's Hugging Face files)
  std::vector<std::int64_t> rows; // stored row r is row rows[r] of the decoder's order; empty: r
};

// One for every tensor; for a stack of experts one for each of them. With a config (null: none is known) names are the
// family's; without one the part is guessed from names alone.
std::vector<MappedWeight> mapWeights(const ModelConfig* config, const tensorio::TensorFile& file);

} // namespace orrery::models
