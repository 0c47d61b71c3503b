// SPDX-License-Identifier: MIT
// Decoder: a loaded model. Run: one text going through it, with its KV cache, captures and edits.
// A Decoder is immutable while anything runs on it and may be shared between threads; a Run belongs to one thread
// at a time (the run thread). What a Run hands out (views, records) may be kept and read on any thread.
// Captures never change a run: with or without them every number comes out bit for bit the same.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/hooks/capture_plan.h"
#include "core/hooks/edit.h"
#include "core/hooks/eviction.h"
#include "core/models/config.h"
#include "core/models/processing.h"
#include "core/tensorio/tensor_file.h"

namespace orrery::models {

// Threads that the forward pass uses, the caller's included. 0: one per core. Takes effect with the next append().
void setThreads(int threads);
int threads();

// Bytes this machine has available now (MemAvailable), or what physical memory there is.
std::uint64_t availableMemory();

struct LoadOptions {
  DType dtype = DType::F32;      // F32 or F64: what the run computes in
  std::string device = "cpu";    // "cpu" or "cuda"
  std::uint64_t memoryLimit = 0; // refuse above; 0: availableMemory()
  Processing processing = {};    // what is not valid for the model is left out with a warning
  std::stop_token stop;
  std::function<void(double fraction)> progress; // on the calling thread
};

struct RunOptions {
  hooks::CapturePlan plan;
  hooks::CaptureSink* sink = nullptr; // not owned; null: nothing is captured. Must outlive the Run.
  // Scores of the positions [begin, begin + n), if plan.valuesAndLogits; in order, on the run thread.
  std::function<void(std::int64_t begin, std::span<const hooks::TokenScore>)> onScores;
  std::vector<hooks::Edit> edits;
  std::int64_t chunk = 512; // tokens that go through all layers at once during prefill
};

class Decoder;

class Run {
public:
  ~Run();
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  // Sends `tokens` through the model behind what is there already. After Cancelled the Run has the chunks that were
  // done; after another error it is as it was before the call, except that captures of whole chunks may have been
  // delivered (truncate the store to length()). progress: fraction of this call. Errors: BadInput (no token, id not in
  // the vocabulary, context exceeded, NaN never is an error), TooLarge (memory), Cancelled.
  Status append(std::span<const std::int32_t> tokens, std::stop_token stop = {},
                const std::function<void(double fraction)>& progress = {});

  // Longrope turns every position in another way once the text is longer than the original context: append() up to
  // `length` tokens then refuses (Unsupported), and a new run of the whole text has to take over.
  bool mustRestart(std::int64_t length) const;

  std::int64_t length() const;                     // T
  const std::vector<std::int32_t>& tokens() const; // [T]
  // Forgets all positions from `length` on. Views handed out before stay as they are: memory that they can see is
  // copied before it is written again. Errors: BadInput (outside [0, length()]).
  Status truncate(std::int64_t length);
  // Room for so many tokens in all, exactly; without it buffers grow by half.
  void reserve(std::int64_t tokens);
  std::int64_t capacity() const; // tokens there is room for before buffers grow
  // Another run that begins with the first `length` tokens of this one (memory is shared until either writes),
  // with options of its own. Errors: BadInput.
  Result<std::unique_ptr<Run>> fork(std::int64_t length, RunOptions options) const;

  // Logits after the last position, before any sampling. [V]; empty while length() is 0.
  std::vector<double> lastLogits() const;
  // The records as delivered to the sink last, of every layer. [L]; empty if plan.attention is off.
  std::vector<hooks::AttentionRecord> attention() const;

  // What this text would have cost with caches that forget (core/hooks/eviction.h), one after the other; the run itself
  // stays as it is and is what they are measured against, its edits included. progress: fraction of the whole. Errors:
  // BadInput (budget below 1, a position outside the text, a run without captured attention), Unsupported (edits of
  // whole attention maps), TooLarge, Cancelled.
  Result<hooks::EvictionStudy> evict(const std::vector<hooks::Eviction>& evictions, std::stop_token stop = {},
                                     const std::function<void(double fraction)>& progress = {}) const;

  const RunOptions& options() const;
  // For the positions appended from now on. Errors: as startRun.
  Status setOptions(RunOptions options);

  struct Impl;
  explicit Run(std::unique_ptr<Impl> impl);

private:
  friend struct RunParts partsOf(const Run& run); // run_parts.h
  std::unique_ptr<Impl> m_impl;
};

class Decoder : public std::enable_shared_from_this<Decoder> {
public:
  ~Decoder();
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;

  const ModelConfig& config() const;
  hooks::Dims dims() const { return config().dims(); }
  std::vector<hooks::HookSpec> hooks() const { return config().hooks(); }
  DType dtype() const;
  const std::string& device() const;
  std::uint64_t parameters() const;                 // numbers, tied ones once
  std::uint64_t weightBytes() const;                // in memory
  const std::vector<std::string>& warnings() const; // NaN weights, doubtful config keys

  // Errors: BadInput (a hook that this model does not have; an edit whose slice or value does not fit).
  Result<std::unique_ptr<Run>> startRun(RunOptions options) const;

  struct Impl;
  explicit Decoder(std::unique_ptr<Impl> impl);
  const Impl& impl() const { return *m_impl; } // core/models and core/train only, see torch_decoder.h
  Impl& impl() { return *m_impl; }

private:
  std::unique_ptr<Impl> m_impl;
};

// What a checkpoint says it is: config.json beside it, or the file itself where the format tells (GGUF, nanoGPT's
// ckpt.pt, llama2.c's model.bin). Errors: as parseConfig, NotFound (no config.json), Io.
Result<ModelConfig> configOf(const std::string& path, const tensorio::TensorFile& file);

// Whether the tensors of a file are those of the config: names, shapes, kinds. Reads no weights. Errors: BadInput
// naming the tensor, expected and found.
Status checkTensors(const ModelConfig& config, const tensorio::TensorFile& file);

// Names of tensors that the file holds and the model does not use: buffers such as masks and inverse frequencies, and
// an unembedding that the config ties to the embedding. Errors: as checkTensors.
Result<std::vector<std::string>> unusedTensors(const ModelConfig& config, const tensorio::TensorFile& file);

// Whatever openTensors opens and configOf understands. Errors: NotFound, BadInput (missing, unknown or misshapen tensor
// by name), Unsupported, TooLarge, Io, Cancelled.
Result<std::shared_ptr<Decoder>> loadDecoder(const std::string& path, const LoadOptions& options = {});
// Fresh weights: normal with config.initializerRange, residual projections divided by sqrt(2 L), norms 1, biases 0.
Result<std::shared_ptr<Decoder>> randomDecoder(const ModelConfig& config, std::uint64_t seed,
                                               const LoadOptions& options = {});

} // namespace orrery::models
