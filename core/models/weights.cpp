// SPDX-License-Identifier: MIT
#include "core/models/weights.h"

#include "core/models/torch_ops.h"

namespace orrery::models {
namespace {

std::string layerName(std::string_view pattern, std::int64_t layer) {
  std::string name(pattern);
  if (const auto at = name.find("{}"); at != std::string::npos) name.replace(at, 2, std::to_string(layer));
  return name;
}

// Collects the slots of one model under the family's names.
class Slots {
public:
  Slots(const Family& family) : m_family(family) {}
  std::vector<WeightSlot> all;

  void add(const std::string& name, const at::Tensor& place) {
    all.push_back({name, Shape(place.sizes().begin(), place.sizes().end()), place});
  }
  std::string prefixed(std::string_view pattern, std::int64_t layer = 0) const {
    return std::string(m_family.prefix) + layerName(pattern, layer);
  }
  void norm(const std::string& name, const NormWeights& norm) {
    add(name + ".weight", norm.weight);
    if (norm.bias.defined()) add(name + ".bias", norm.bias);
  }
  // Rows [begin, begin + count) of a matrix of ours.
  void linear(const std::string& name, const Linear& linear, std::int64_t begin, std::int64_t count) {
    const at::Tensor rows = linear.weight.narrow(0, begin, count);
    add(name + ".weight", m_family.conv1d ? rows.t() : rows);
    if (linear.bias.defined()) add(name + ".bias", linear.bias.narrow(0, begin, count));
  }
  void linear(const std::string& name, const Linear& whole) { linear(name, whole, 0, whole.weight.size(0)); }

private:
  const Family& m_family;
};

void addBlock(const ModelConfig& config, const Family& family, const BlockWeights& block, std::int64_t layer,
              Slots& slots) {
  const TensorNames& names = family.names;
  const std::int64_t q = config.heads * config.headDim, kv = config.kvHeads * config.headDim;
  slots.norm(slots.prefixed(names.ln1, layer), block.ln1);
  if (names.qkv.empty()) {
    slots.linear(slots.prefixed(names.q, layer), block.qkv, 0, q);
    slots.linear(slots.prefixed(names.k, layer), block.qkv, q, kv);
    slots.linear(slots.prefixed(names.v, layer), block.qkv, q + kv, kv);
  } else {
    slots.linear(slots.prefixed(names.qkv, layer), block.qkv);
  }
  slots.linear(slots.prefixed(names.out, layer), block.out);
  slots.norm(slots.prefixed(names.ln2, layer), block.ln2);
  if (config.gated) slots.linear(slots.prefixed(names.gate, layer), block.in, 0, config.mlp);
  slots.linear(slots.prefixed(names.up, layer), block.in, config.gated ? config.mlp : 0, config.mlp);
  slots.linear(slots.prefixed(names.down, layer), block.down);
}

} // namespace

Weights emptyWeights(const ModelConfig& c, const at::TensorOptions& options) {
  const auto matrix = [&](std::int64_t out, std::int64_t in, bool bias) {
    return Linear{at::empty({out, in}, options), bias ? at::empty({out}, options) : at::Tensor()};
  };
  const auto norm = [&] {
    return NormWeights{at::empty({c.model}, options), c.normBias ? at::empty({c.model}, options) : at::Tensor()};
  };
  Weights w;
  w.embed = at::empty({c.vocab, c.model}, options);
  if (c.position == PositionKind::Learned) w.position = at::empty({c.context, c.model}, options);
  for (std::int64_t layer = 0; layer < c.layers; ++layer)
    w.blocks.push_back({.ln1 = norm(),
                        .ln2 = norm(),
                        .qkv = matrix((c.heads + 2 * c.kvHeads) * c.headDim, c.model, c.qkvBias),
                        .out = matrix(c.model, c.heads * c.headDim, c.outBias),
                        .in = matrix(c.gated ? 2 * c.mlp : c.mlp, c.model, c.mlpBias),
                        .down = matrix(c.model, c.mlp, c.mlpBias)});
  w.finalNorm = norm();
  w.unembed = c.tied ? w.embed : at::empty({c.vocab, c.model}, options);
  return w;
}

std::vector<WeightSlot> weightSlots(const ModelConfig& config, const Weights& weights) {
  const Family& family = *findFamily(config.architecture);
  Slots slots(family);
  slots.add(slots.prefixed(family.names.embed) + ".weight", weights.embed);
  if (weights.position.defined()) slots.add(slots.prefixed(family.names.position) + ".weight", weights.position);
  for (std::size_t layer = 0; layer < weights.blocks.size(); ++layer)
    addBlock(config, family, weights.blocks[layer], static_cast<std::int64_t>(layer), slots);
  slots.norm(slots.prefixed(family.names.finalNorm), weights.finalNorm);
  if (!config.tied) slots.add(std::string(family.names.unembed) + ".weight", weights.unembed);
  return std::move(slots.all);
}

void eachWeight(Weights& weights, const std::function<void(const std::string&, at::Tensor&)>& visit) {
  const auto see = [&](const std::string& name, at::Tensor& tensor) {
    if (tensor.defined()) visit(name, tensor);
  };
  const auto pair = [&](const std::string& name, auto& part) {
    see(name + ".weight", part.weight);
    see(name + ".bias", part.bias);
  };
  see("embed.weight", weights.embed);
  see("position.weight", weights.position);
  for (std::size_t i = 0; i < weights.blocks.size(); ++i) {
    BlockWeights& block = weights.blocks[i];
    const std::string prefix = "blocks." + std::to_string(i) + ".";
    pair(prefix + "ln1", block.ln1);
    pair(prefix + "qkv", block.qkv);
    pair(prefix + "out", block.out);
    pair(prefix + "ln2", block.ln2);
    pair(prefix + "in", block.in);
    pair(prefix + "down", block.down);
  }
  pair("final_norm", weights.finalNorm);
  if (!weights.unembed.is_same(weights.embed)) see("unembed.weight", weights.unembed);
}

} // namespace orrery::models
