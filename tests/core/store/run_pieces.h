// SPDX-License-Identifier: MIT
// What a run would bring, made from position numbers alone, so that a test knows every value.
#pragma once
#include <cmath>
#include <vector>

#include "core/hooks/capture_plan.h"
#include "core/store/snapshot.h"

namespace orrery::testkit {

inline constexpr hooks::Dims kDims{.layers = 2,
                                   .heads = 4,
                                   .kvHeads = 2,
                                   .headDim = 6,
                                   .model = 24,
                                   .mlp = 48,
                                   .vocab = 40,
                                   .context = 4096,
                                   .experts = 2};

inline double valueAt(std::int64_t layer, std::int64_t row, std::int64_t position, std::int64_t column) {
  return std::sin(static_cast<double>(1 + layer * 7919 + row * 104729 + position * 31 + column * 17));
}

inline store::RunInfo runInfo(DType dtype = DType::F32) {
  store::RunInfo info;
  info.checkpoint = "models/made-up";
  info.checkpointHash = "abc123";
  info.architecture = "LlamaForCausalLM";
  info.configJson = R"({"model_type": "llama"})";
  info.recipeJson = R"({"tokens": [1, 2]})";
  info.dims = kDims;
  info.dtype = dtype;
  info.parameters = 123456789;
  return info;
}

inline hooks::TokenScore scoreAt(std::int64_t position) {
  hooks::TokenScore score;
  score.logProbability = position == 0 ? 0 : -static_cast<float>(position) / 7;
  for (int i = 0; i < hooks::kTopTokens; ++i) {
    score.topIds[i] = static_cast<std::int32_t>(position + i) % 40;
    score.topLogProbabilities[i] = -static_cast<float>(i) - 0.1F;
  }
  score.entropy = 1.5F + static_cast<float>(position);
  return score;
}

// [heads, tokens, columns] in T, the tokens from `begin` on.
template <class T>
TensorView cube(std::int64_t layer, std::int64_t heads, std::int64_t begin, std::int64_t tokens, std::int64_t columns) {
  std::vector<T> values;
  for (std::int64_t h = 0; h < heads; ++h)
    for (std::int64_t t = begin; t < begin + tokens; ++t)
      for (std::int64_t c = 0; c < columns; ++c) values.push_back(static_cast<T>(valueAt(layer, h, t, c)));
  return viewOf(std::move(values), sizeof(T) == 4 ? DType::F32 : DType::F64, {heads, tokens, columns});
}

// Q, K, LSE of the first `tokens` positions, without an overview.
template <class T> hooks::AttentionRecord recordOf(std::int64_t layer, std::int64_t tokens) {
  hooks::AttentionRecord r;
  r.heads = kDims.heads;
  r.kvHeads = kDims.kvHeads;
  r.headDim = kDims.headDim;
  r.tokens = tokens;
  r.scale = 0.37;
  r.softcap = layer == 1 ? 30 : 0;
  r.window = layer == 1 ? 50 : 0;
  r.q = cube<T>(layer, r.heads, 0, tokens, r.headDim);
  r.k = cube<T>(layer + 100, r.kvHeads, 0, tokens, r.headDim);
  r.v = cube<T>(layer + 300, r.kvHeads, 0, tokens, r.headDim);
  if (layer == 1) r.rope = std::make_shared<const hooks::RopeTurn>(hooks::RopeTurn{{1, 0.1}, 1.25});
  r.lse = cube<T>(layer + 200, r.heads, 0, tokens, 1);
  r.lse.shape.pop_back();
  r.lse.strides.pop_back();
  r.lse.strides = {tokens, 1};
  return r;
}

// hook_resid_post: [1, count, D]
template <class T> TensorView residual(int layer, std::int64_t begin, std::int64_t count) {
  return cube<T>(layer + 300, 1, begin, count, kDims.model);
}

// hook_pattern: [1, H, count, begin + count], 0 above the diagonal (or -inf as scores)
template <class T> TensorView pattern(int layer, std::int64_t begin, std::int64_t count, double masked = 0) {
  std::vector<T> values;
  for (std::int64_t h = 0; h < kDims.heads; ++h)
    for (std::int64_t i = begin; i < begin + count; ++i)
      for (std::int64_t j = 0; j < begin + count; ++j)
        values.push_back(static_cast<T>(j <= i ? valueAt(layer + 400 + h, i, j, 0) : masked));
  return viewOf(std::move(values), sizeof(T) == 4 ? DType::F32 : DType::F64, {1, kDims.heads, count, begin + count});
}

} // namespace orrery::testkit
