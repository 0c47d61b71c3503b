// SPDX-License-Identifier: MIT
// Which tensors a checkpoint of a family holds, and where in Weights each belongs. Inner header of core/models.
#pragma once
#include <functional>

#include "core/models/family.h"
#include "core/models/processing.h"
#include "core/models/torch_decoder.h"

namespace orrery::models {

// One tensor of a checkpoint and the place it is copied to.
struct WeightSlot {
  std::string name; // "model.layers.0.self_attn.q_proj.weight"
  Shape shape;      // as stored
  at::Tensor place; // view into Weights, in the stored orientation
  // Stored row r belongs to row rows[r] of `place`; empty: to row r.
  std::vector<std::int64_t> rows = {};
  bool addOne = false; // the file holds the weight less one
};

// Rows of a fused qkv stored as (head, q k v, Dh) -> rows of ours: all of q, then k, then v.
std::vector<std::int64_t> interleavedRows(const ModelConfig& config);
// Rows of q or k whose pairs stand as (2i, 2i + 1) -> the half-split (i, i + dims / 2) that this program turns.
std::vector<std::int64_t> permutedRows(const ModelConfig& config, std::int64_t heads);

Weights emptyWeights(const ModelConfig& config, const at::TensorOptions& options); // uninitialised
// Processing that is valid for the model. An unembedding that was the embedding becomes a matrix of its own, and biases
// appear where a norm's bias went; `config` says so afterwards.
void process(ModelConfig& config, Weights& weights, const Processing& processing);
std::vector<WeightSlot> weightSlots(const ModelConfig& config, const Weights& weights);
void eachWeight(Weights& weights, const std::function<void(const std::string& name, at::Tensor& tensor)>& visit);

} // namespace orrery::models
