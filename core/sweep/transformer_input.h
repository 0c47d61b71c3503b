// SPDX-License-Identifier: MIT
// Weights, text and order of windows of the small transformer: the same for every run of a map.
#pragma once
#include <cstdint>
#include <vector>

#include "core/base/result.h"
#include "core/sweep/transformer_shape.h"

namespace orrery::sweep {

struct TransformerInput {
  std::vector<double> weights;       // [shape.size], padding 0
  std::vector<std::uint16_t> tokens; // the text
  std::vector<std::int32_t> starts;  // [steps, batch]: windows of context + 1 tokens
};

// From files: init/<parameter>, data/tokens, data/starts [steps or more, batch]. From seeds: kernels lecun_normal
// (normal cut at two deviations, variance 1 / inputs), embedding normal with variance 1 / d_model, LayerNorm 1, biases
// 0, all rounded to float32; a text of random tokens, or of characters of a small grammar; windows drawn with repeats.
// Errors: NotFound, BadInput, TooLarge.
Result<TransformerInput> loadTransformerInput(const SweepSpec& spec, const TransformerShape& shape);

// Sentences such as "the red fox sees a dog. " as ids of their sorted characters; kGrammarLetters of them.
inline constexpr std::size_t kGrammarLetters = 22;
std::vector<std::uint16_t> grammarTokens(std::uint64_t seed, std::size_t count);

} // namespace orrery::sweep
