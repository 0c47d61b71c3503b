// SPDX-License-Identifier: MIT
#include "core/models/weights.h"

#include "core/models/format.h"
#include "core/models/torch_ops.h"

namespace orrery::models {
namespace {

// Collects the slots of one model under the family's names.
class Slots {
public:
  Slots(const Family& family, const ModelConfig& config) : m_family(family), m_config(config) {}
  std::vector<WeightSlot> all;

  void add(const std::string& name, const at::Tensor& place, std::vector<std::int64_t> rows = {}) {
    all.push_back({name, Shape(place.sizes().begin(), place.sizes().end()), place, std::move(rows)});
  }
  std::string prefixed(std::string_view pattern, std::int64_t layer = 0, std::int64_t expert = 0) const {
    return std::string(m_family.prefix) + numbered(pattern, layer, expert);
  }
  void norm(const std::string& name, const NormWeights& norm) {
    if (!norm.weight.defined()) return;
    add(name + ".weight", norm.weight);
    all.back().addOne = m_config.stored.normMinusOne;
    if (norm.bias.defined()) add(name + ".bias", norm.bias);
  }
  // Rows [begin, begin + count) of a matrix of ours.
  void linear(const std::string& name, const Linear& linear, std::int64_t begin, std::int64_t count,
              const std::vector<std::int64_t>& order = {}) {
    const at::Tensor rows = linear.weight.narrow(0, begin, count);
    add(name + ".weight", m_config.stored.conv1d ? rows.t() : rows, order);
    if (linear.bias.defined()) add(name + ".bias", linear.bias.narrow(0, begin, count), order);
  }
  void linear(const std::string& name, const Linear& whole, const std::vector<std::int64_t>& order = {}) {
    linear(name, whole, 0, whole.weight.size(0), order);
  }

private:
  const Family& m_family;
  const ModelConfig& m_config;
};

void addAttention(const ModelConfig& config, const TensorNames& names, const BlockWeights& block, std::int64_t layer,
                  Slots& slots) {
  const std::int64_t q = config.heads * config.headDim, kv = config.kvHeads * config.headDim;
  slots.norm(slots.prefixed(names.ln1, layer), block.ln1);
  if (names.qkv.empty()) {
    const auto order = [&](std::int64_t heads) {
      return config.stored.permutedRope ? permutedRows(config, heads) : std::vector<std::int64_t>();
    };
    slots.linear(slots.prefixed(names.q, layer), block.qkv, 0, q, order(config.heads));
    slots.linear(slots.prefixed(names.k, layer), block.qkv, q, kv, order(config.kvHeads));
    slots.linear(slots.prefixed(names.v, layer), block.qkv, q + kv, kv);
  } else {
    slots.linear(slots.prefixed(names.qkv, layer), block.qkv,
                 config.stored.interleavedQkv ? interleavedRows(config) : std::vector<std::int64_t>());
  }
  slots.norm(slots.prefixed(names.qNorm, layer), block.qNorm);
  slots.norm(slots.prefixed(names.kNorm, layer), block.kNorm);
  slots.linear(slots.prefixed(names.out, layer), block.out);
  slots.norm(slots.prefixed(names.ln1Post, layer), block.ln1Post);
}

void addMlp(const ModelConfig& config, const TensorNames& names, const BlockWeights& block, std::int64_t layer,
            Slots& slots) {
  slots.norm(slots.prefixed(names.ln2, layer), block.ln2);
  if (config.experts > 0) slots.linear(slots.prefixed(names.router, layer), block.router);
  const std::int64_t f = config.mlp, d = config.model, in = config.gated ? 2 * f : f;
  for (std::int64_t e = 0; e < std::max<std::int64_t>(1, config.experts); ++e) {
    const bool split = config.gated && !names.gate.empty();
    if (split) slots.linear(slots.prefixed(names.gate, layer, e), block.in, e * in, f);
    slots.linear(slots.prefixed(names.up, layer, e), block.in, e * in + (split ? f : 0), split ? f : in);
    slots.linear(slots.prefixed(names.down, layer, e), block.down, e * d, d);
  }
  slots.norm(slots.prefixed(names.ln2Post, layer), block.ln2Post);
}

} // namespace

std::vector<std::int64_t> interleavedRows(const ModelConfig& c) {
  std::vector<std::int64_t> rows;
  for (std::int64_t head = 0; head < c.heads; ++head)
    for (std::int64_t part = 0; part < 3; ++part)
      for (std::int64_t d = 0; d < c.headDim; ++d) rows.push_back((part * c.heads + head) * c.headDim + d);
  return rows;
}

std::vector<std::int64_t> permutedRows(const ModelConfig& c, std::int64_t heads) {
  std::vector<std::int64_t> rows;
  const std::int64_t half = c.rope.dims / 2;
  for (std::int64_t head = 0; head < heads; ++head)
    for (std::int64_t d = 0; d < c.headDim; ++d)
      rows.push_back(head * c.headDim + (d < 2 * half ? d / 2 + d % 2 * half : d));
  return rows;
}

Weights emptyWeights(const ModelConfig& c, const at::TensorOptions& options) {
  const auto matrix = [&](std::int64_t out, std::int64_t in, bool bias) {
    return Linear{at::empty({out, in}, options), bias ? at::empty({out}, options) : at::Tensor()};
  };
  const auto norm = [&](bool there, std::int64_t size) {
    if (!there) return NormWeights{};
    return NormWeights{at::empty({size}, options), c.normBias ? at::empty({size}, options) : at::Tensor()};
  };
  const std::int64_t experts = std::max<std::int64_t>(1, c.experts), in = c.gated ? 2 * c.mlp : c.mlp;
  Weights w;
  w.embed = at::empty({c.vocab, c.model}, options);
  if (c.position == PositionKind::Learned) w.position = at::empty({c.context, c.model}, options);
  for (std::int64_t layer = 0; layer < c.layers; ++layer)
    w.blocks.push_back({.ln1 = norm(true, c.model),
                        .ln2 = norm(!c.sharedNorm, c.model),
                        .ln1Post = norm(c.postNorms, c.model),
                        .ln2Post = norm(c.postNorms, c.model),
                        .qNorm = norm(c.qkNorm, c.headDim),
                        .kNorm = norm(c.qkNorm, c.headDim),
                        .qkv = matrix((c.heads + 2 * c.kvHeads) * c.headDim, c.model, c.qkvBias),
                        .out = matrix(c.model, c.heads * c.headDim, c.outBias),
                        .in = matrix(experts * in, c.model, c.mlpBias),
                        .down = matrix(experts * c.model, c.mlp, c.mlpBias),
                        .router = c.experts > 0 ? matrix(c.experts, c.model, false) : Linear{}});
  w.finalNorm = norm(true, c.model);
  w.unembed = c.tied ? w.embed : at::empty({c.vocab, c.model}, options);
  if (c.unembedBias) w.unembedBias = at::empty({c.vocab}, options);
  return w;
}

std::vector<WeightSlot> weightSlots(const ModelConfig& config, const Weights& weights) {
  const Family& family = *findFamily(config.architecture);
  Slots slots(family, config);
  slots.add(slots.prefixed(family.names.embed) + ".weight", weights.embed);
  if (weights.position.defined()) slots.add(slots.prefixed(family.names.position) + ".weight", weights.position);
  for (std::size_t i = 0; i < weights.blocks.size(); ++i) {
    const auto layer = static_cast<std::int64_t>(i);
    addAttention(config, family.names, weights.blocks[i], layer, slots);
    addMlp(config, family.names, weights.blocks[i], layer, slots);
  }
  slots.norm(slots.prefixed(family.names.finalNorm), weights.finalNorm);
  const std::string unembed(family.names.unembed);
  if (!config.tied) slots.add(unembed + ".weight", weights.unembed);
  if (weights.unembedBias.defined()) slots.add(unembed + ".bias", weights.unembedBias);
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
    pair(prefix + "ln1_post", block.ln1Post);
    pair(prefix + "qkv", block.qkv);
    pair(prefix + "q_norm", block.qNorm);
    pair(prefix + "k_norm", block.kNorm);
    pair(prefix + "out", block.out);
    pair(prefix + "ln2", block.ln2);
    pair(prefix + "ln2_post", block.ln2Post);
    pair(prefix + "router", block.router);
    pair(prefix + "in", block.in);
    pair(prefix + "down", block.down);
  }
  pair("final_norm", weights.finalNorm);
  if (!weights.unembed.is_same(weights.embed)) see("unembed.weight", weights.unembed);
  see("unembed.bias", weights.unembedBias);
}

} // namespace orrery::models
