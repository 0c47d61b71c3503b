// SPDX-License-Identifier: MIT
// What `orrery train` is told: a JSON object whose keys all have a default. Unknown keys are refused by name.
//   { "model":     {"layers": 4, "heads": 8, "kv_heads": 8, "d_model": 128, "d_mlp": 320, "vocab": 768,
//                   "context": 512, "rope_theta": 10000, "tied": true},
//     "data":      {"kind": "grammar", "seed": 1, "bytes": 6000000, "repeated_tokens": 0.3,
//                   "mix": {"story": 0.5, "look_up": 0.12, "brackets": 0.06, "copy": 0.24, "sum": 0.08}},
//     "stages":    [{"steps": 1000, "length": 64, "batch": 64}, {"steps": 300, "length": 256, "batch": 16}],
//     "optimizer": {"kind": "adamw", "lr": 3e-3, "final_lr": 3e-4, "warm_up": 100, "beta1": 0.9, "beta2": 0.98,
//                   "eps": 1e-8, "weight_decay": 0.05, "clip": 1.0},
//     "init":      {"seed": 0, "embedding_std": 0.02, "embedding_mean": 0.05},
//     "dtype": "float16" }
// length: tokens of a row; batch: rows of a step. repeated_tokens: share of the rows that are random tokens,
// repeated. dtype: what the weights are stored as ("float32", "float16", "bfloat16"); training runs in float32.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "core/base/dtype.h"
#include "core/base/json.h"
#include "core/base/result.h"
#include "core/train/grammar.h"

namespace orrery::train {

struct ModelSizes {
  std::int64_t layers = 4, heads = 8, kvHeads = 8, model = 128, mlp = 320, vocab = 768, context = 512;
  double ropeTheta = 10000;
  bool tied = true;
};

struct DataSpec {
  std::uint64_t seed = 1;
  std::int64_t bytes = 6000000; // of text
  double repeatedTokens = 0.3;
  GrammarMix mix;
};

struct Stage {
  std::int64_t steps = 1000, length = 64, batch = 64;
};

// AdamW with a cosine from lr to finalLr after a linear warm-up. Sources: Loshchilov and Hutter 2019, arXiv 1711.05101
// (decoupled decay, of matrices only) and 2017, arXiv 1608.03983.
struct OptimizerSpec {
  double lr = 3e-3, finalLr = 3e-4, beta1 = 0.9, beta2 = 0.98, eps = 1e-8, weightDecay = 0.05;
  double clip = 1; // largest norm of all gradients together; 0: no limit
  std::int64_t warmUp = 100;
};

struct InitSpec {
  std::uint64_t seed = 0;
  // Embeddings are normal with this deviation around one common vector, itself normal with the deviation
  // `embeddingMean`: a direction that is the same at every token, from which heads without biases learn positions.
  double embeddingStd = 0.02, embeddingMean = 0.05;
};

struct TrainSpec {
  ModelSizes model;
  DataSpec data;
  std::vector<Stage> stages = {Stage{}};
  OptimizerSpec optimizer;
  InitSpec init;
  DType stored = DType::F16;

  std::int64_t steps() const; // of all stages
  const Stage& stageOf(std::int64_t step) const;
  double learningRate(std::int64_t step) const;
  // The same run in another number of steps: every stage keeps its share, at least one step each. Errors: BadInput.
  Status setSteps(std::int64_t steps);
};

// Errors: BadInput naming the key, what was expected and what was found.
Result<TrainSpec> parseTrainSpec(const Json& json, const std::string& where);
// A file, or the name of a preset: `presets`/NAME.json. Errors: NotFound (with the presets that exist), BadInput, Io.
Result<TrainSpec> readTrainSpec(const std::string& fileOrPreset, const std::string& presets);
Json trainSpecJson(const TrainSpec& spec); // parseTrainSpec reads it back as the same

} // namespace orrery::train
