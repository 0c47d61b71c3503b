// SPDX-License-Identifier: MIT
// ModelConfig: everything the one decoder must know of a checkpoint, read from a HF config.json. Old key names
// (rope_theta, rope_scaling, torch_dtype) and those of transformers 5 (rope_parameters, dtype) are both read.
// Every key is honoured, known to play no part in inference, or refused by name: none is silently ignored.
// Sources: transformers 5.23 models/{gpt2,llama}/configuration_*.py, modeling_rope_utils.py.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "core/base/json.h"
#include "core/base/result.h"
#include "core/hooks/hook_spec.h"

namespace orrery::models {

enum class NormKind : std::uint8_t { LayerNorm, Rms };
enum class PositionKind : std::uint8_t { Learned, Rope };
enum class Activation : std::uint8_t { Gelu, GeluTanh, QuickGelu, Relu, Relu2, Silu, Tanh, Sigmoid, Identity };

// How the inverse frequencies of RoPE are made. Dynamic equals Default up to `context`, where this program stops.
struct RopeConfig {
  enum class Kind : std::uint8_t { Default, Linear, Dynamic, Llama3, Yarn };
  Kind kind = Kind::Default;
  double theta = 10000;
  std::int64_t dims = 0; // rotated dimensions of a head, even; the rest passes
  double factor = 1;
  double lowFrequencyFactor = 1, highFrequencyFactor = 4; // Llama3
  double betaFast = 32, betaSlow = 1;                     // Yarn
  double attentionFactor = 1;                             // Yarn: scales cos and sin
  bool truncate = true;                                   // Yarn
  double originalContext = 0;                             // Llama3, Yarn
};

struct ModelConfig {
  std::string architecture; // "LlamaForCausalLM": the row of the family table
  std::int64_t layers = 0, heads = 0, kvHeads = 0, headDim = 0, model = 0, mlp = 0, vocab = 0, context = 0;
  NormKind norm = NormKind::LayerNorm;
  double normEps = 1e-5;
  PositionKind position = PositionKind::Learned;
  RopeConfig rope;
  Activation activation = Activation::GeluTanh;
  bool gated = false;                                  // act(gate) * up instead of act(in)
  bool qkvBias = true, outBias = true, mlpBias = true; // outBias: of the attention's output matrix
  bool normBias = true;                                // of every norm
  bool tied = true;                                    // unembedding = embedding
  bool scaleByHeadDim = true, scaleByLayer = false;    // 1 / sqrt(Dh), 1 / (layer + 1)
  std::int64_t window = 0;                             // sliding window in tokens; 0: none
  double softcap = 0;                                  // of attention scores; 0: none
  double initializerRange = 0.02;                      // standard deviation of fresh weights
  std::string json;                                    // the text it was read from, or configJson()
  std::vector<std::string> warnings;                   // sentences for the user

  double attentionScale(std::int64_t layer) const;
  std::int64_t attentionWindow(std::int64_t) const { return window; } // of a layer; 0: it sees all that came before
  hooks::Dims dims() const;
  std::vector<hooks::HookSpec> hooks() const; // those that exist for it, in the order of the forward pass
  std::uint64_t parameters() const;           // numbers in the weights, tied ones once
};

// Errors: BadInput (absurd or contradictory value: key, expected, found), Unsupported (family or option).
Result<ModelConfig> parseConfig(const Json& json, const std::string& where);
// `folder`/config.json. Errors: as parseConfig, NotFound, Io.
Result<ModelConfig> readConfig(const std::string& folder);
// What to write beside saved weights; parseConfig reads it back as the same model, and so does transformers.
std::string configJson(const ModelConfig& config);

// Cosine and sine of RoPE are those of position * frequency[i], times scale.
struct RopeFrequencies {
  std::vector<double> frequency; // [dims / 2] radians per token
  double scale = 1;
};
RopeFrequencies ropeFrequencies(const RopeConfig& rope);

} // namespace orrery::models
