// SPDX-License-Identifier: MIT
// ModelConfig: everything the one decoder must know of a checkpoint, read from a HF config.json. Old key names
// (rope_theta, rope_scaling, torch_dtype) and those of transformers 5 (rope_parameters, dtype) are both read.
// Every key is honoured, known to play no part in inference, or refused by name: none is silently ignored.
// Sources: transformers 5.23 models/*/configuration_*.py of the families in family.cpp, modeling_rope_utils.py.
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
  enum class Kind : std::uint8_t { Default, Linear, Dynamic, Llama3, Yarn, LongRope };
  Kind kind = Kind::Default;
  double theta = 10000;
  std::int64_t dims = 0; // rotated dimensions of a head, even; the rest passes
  double factor = 1;
  double lowFrequencyFactor = 1, highFrequencyFactor = 4; // Llama3
  double betaFast = 32, betaSlow = 1;                     // Yarn
  double attentionFactor = 1;                             // Yarn, LongRope: scales cos and sin
  bool truncate = true;                                   // Yarn
  double originalContext = 0;                             // Llama3, Yarn, LongRope
  // LongRope: divisors of the frequencies of a text up to originalContext tokens, and of a longer one. [dims / 2]
  std::vector<double> shortFactor, longFactor;

  bool longText(std::int64_t tokens) const {
    return kind == Kind::LongRope && static_cast<double>(tokens) > originalContext;
  }
};

// How a file lays weights out where families, or formats of one family, differ.
struct StoredLayout {
  bool conv1d = false;         // matrices are [in, out] (GPT-2)
  bool interleavedQkv = false; // rows of a fused qkv run over (head, q k v, Dh) (GPT-NeoX)
  bool permutedRope = false;   // rows of q and k pair dimensions (2i, 2i + 1) (GGUF of Llama, llama2.c)
  bool normMinusOne = false;   // norm weights are stored less one (Gemma)
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
  bool unembedBias = false;                            //
  bool parallel = false;                               // attention and MLP read the same residual stream
  bool sharedNorm = false;                             // parallel, and through the same norm
  bool postNorms = false;                              // norms behind attention and MLP too (Gemma 2)
  bool qkNorm = false;                                 // each query and key goes through a norm over Dh
  bool tied = true;                                    // unembedding = embedding
  bool scaleByHeadDim = true, scaleByLayer = false;    // 1 / sqrt(Dh), 1 / (layer + 1)
  double queryScalar = 0;                              // 1 / sqrt(queryScalar) instead of 1 / sqrt(Dh); 0: no
  std::vector<std::int64_t> windows;                   // [L] sliding window in tokens, 0: none; empty: none anywhere
  double softcap = 0, finalSoftcap = 0;                // of attention scores, of logits; 0: none
  double embedScale = 1;                               // of token embeddings
  std::int64_t experts = 0, expertsPerToken = 0;       // mixture of experts; 0: one MLP
  StoredLayout stored;
  double initializerRange = 0.02;    // standard deviation of fresh weights
  std::string json;                  // the text it was read from, or configJson()
  std::vector<std::string> warnings; // sentences for the user

  double attentionScale(std::int64_t layer) const;
  std::int64_t attentionWindow(std::int64_t layer) const { // 0: the whole text
    return windows.empty() ? 0 : windows[static_cast<std::size_t>(layer)];
  }
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
RopeFrequencies ropeFrequencies(const RopeConfig& rope, bool longText = false);

} // namespace orrery::models
