// SPDX-License-Identifier: MIT
// Trains a small Llama-type model from a spec: makes the text, the tokenizer and the weights, and writes a HF folder.
// What trains is the one decoder of core/models (its trainForward), so what was trained is what is looked at.
#pragma once
#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>

#include "core/base/result.h"
#include "core/models/config.h"
#include "core/train/spec.h"

namespace orrery::train {

struct TrainProgress {
  std::string phase;                // "text", "training", "measuring"
  std::int64_t step = 0, steps = 0; // done and in all; both 0 outside the phase "training"
  double loss = 0;                  // nat per token, of this step's batch
  double learningRate = 0;          //
  double gradientNorm = 0;          // of all gradients together, before clipping
  double tokensPerSecond = 0, secondsLeft = 0;
};

struct TrainOptions {
  int threads = 0; // 0: all cores. The same seed gives the same weights only with the same number of threads.
  std::stop_token stop;
  std::function<void(const TrainProgress&)> progress; // on the calling thread, after every step
};

struct TrainResult {
  std::string out;
  std::int64_t steps = 0;
  std::uint64_t parameters = 0;
  double seconds = 0;     // of the training steps
  double loss = 0;        // nat per token, mean over the last 20 steps
  double heldOutLoss = 0; // nat per token, on text of the same grammar that was not trained on
};

// Trains and writes to the folder `out`, which must not exist or be empty; it appears complete or not at all:
//   config.json (LlamaForCausalLM), generation_config.json, model.safetensors, tokenizer.json, tokenizer_config.json,
//   train_spec.json, train_log.jsonl (one object per logged step), train.h5 (curves, every step), README.md (model
//   card, see model_card.h).
// Blocks; call it on a thread of its own. Errors: BadInput (spec, loss no longer finite), TooLarge (memory, with the
// number), Io (`out`), Cancelled.
Result<TrainResult> train(const TrainSpec& spec, const std::string& out, const TrainOptions& options = {});

// The config of the model that a spec describes.
models::ModelConfig modelConfig(const TrainSpec& spec);

} // namespace orrery::train
