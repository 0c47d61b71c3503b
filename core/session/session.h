// SPDX-License-Identifier: MIT
// Session: the one seam that windows and command-line verbs call to DO something. Every call returns at once; the work
// runs on the session's run thread. Results are read as immutable State and Snapshot objects from any thread.
// Nothing here throws.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/hooks/edit.h"
#include "core/hooks/eviction.h"
#include "core/hooks/hook_spec.h"
#include "core/session/checkpoint.h"
#include "core/session/job.h"
#include "core/session/sampler.h"
#include "core/session/verification.h"
#include "core/store/snapshot.h"
#include "core/weights/weight_set.h"

namespace orrery::session {

struct OpenOptions {
  DType dtype = DType::F32;           // F32 or F64: what the run computes in
  std::string device = "cpu";         // "cpu" or "cuda"
  models::Processing processing = {}; // of the weights; what is not valid for the model is left out with a warning
};

struct RunSpec {
  std::string text;                 // used if tokens is empty
  std::vector<std::int32_t> tokens; // used as they are, no special tokens added
  bool addSpecial = true;           // with text: BOS and the like, as the tokenizer's post-processor says
  std::string hooks;                // globs of further hooks to capture ("" none)
  bool captureAttention = true;
  bool captureOverviews = true;
  std::int64_t generate = 0; // tokens to generate after the prompt; kForever until paused or the context is full
  Sampler sampler;
  std::vector<hooks::Edit> edits;
  std::string traceOut;  // trace file written while the run goes ("" none)
  bool keepHooks = true; // false: values of hooks that went to traceOut are forgotten
};
inline constexpr std::int64_t kForever = -1;

// How exact is the open model? Against the first of these that is given: another checkpoint (logits only), a reference
// file, the references beside the checkpoint if there is neither text nor tokens, its float64 twin on text or tokens.
struct VerifySpec {
  std::string against;   // checkpoint of the same vocabulary
  std::string reference; // .safetensors, see reference.h
  std::string text;      // used if tokens is empty
  std::vector<std::int32_t> tokens;
  // Nobody asked for it: references beside the checkpoint come before the tokens, any other job that is posted cancels
  // it, and what takes more than maxSeconds or maxBytes, or fails, is told in Verification::notMeasured.
  bool background = false;
  double maxSeconds = 0;      // 0: any
  std::uint64_t maxBytes = 0; // also a quarter of what is available; 0: any
};

struct Estimate {
  std::uint64_t bytes = 0;          // what the captured data will take in memory
  std::uint64_t availableBytes = 0; // what this machine has free now
  double seconds = 0;               // from the measured speed of this model here; 0 if nothing was measured yet
  bool fits = true;
  std::string sentence; // "24 MB captured, about 3.1 s"
};

// Seconds and counts of the last run, for `orrery trace --json` and the status bar.
struct RunStats {
  double loadSeconds = 0, prefillSeconds = 0, decodeSeconds = 0;
  std::int64_t prefillTokens = 0, decodedTokens = 0;
  std::uint64_t peakBytes = 0, weightsBytes = 0, capturedBytes = 0;
  double tokensPerSecond() const { return decodeSeconds > 0 ? static_cast<double>(decodedTokens) / decodeSeconds : 0; }
};

// A consistent picture of everything but the captured data. Immutable; compare `revision` to see a change.
struct State {
  std::uint64_t revision = 0;
  std::shared_ptr<const ModelInfo> model;  // null: nothing open
  weights::WeightsPtr weights;             // of the open checkpoint, to look at; null: none, or a trace file
  std::vector<weights::WeightsPtr> series; // what it is compared with, in order; empty: nothing
  std::string seriesPath;                  // as given to runCompare()
  std::vector<JobInfo> jobs;               // newest last; finished ones stay until 50 newer came
  bool running = false;                    // a run is going on (not paused)
  Sampler sampler;                         // in force for the next token
  RunStats stats;
  std::shared_ptr<const Verification> verification; // what runVerify found last of this model; null: nothing yet
  std::vector<std::uint64_t> runs;                  // ids of runs that can be shown (branches), oldest first
};

// Threads of the forward pass of every session in this process; 0: one per core.
void setThreads(int threads);

struct SessionOptions {
  int threads = 0;               // 0: all cores
  std::uint64_t memoryLimit = 0; // 0: what the machine has available
};

class Session {
public:
  explicit Session(SessionOptions options = {});
  ~Session(); // cancels what runs and waits for it
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // Called on an engine thread whenever state() or snapshot() changed. It must return at once and may not call back.
  void setListener(std::function<void()> changed);

  std::shared_ptr<const State> state() const;
  store::SnapshotPtr snapshot() const;                  // the current run; null before the first
  store::SnapshotPtr snapshot(std::uint64_t run) const; // an older branch; null if unknown

  // Checkpoint (HF folder, .safetensors) or trace file (.h5): replaces what is open.
  Job runOpen(std::string path, OpenOptions options = {});
  // What the weights of the open checkpoint are compared with: a checkpoint, or a folder of them. "" ends it.
  Job runCompare(std::string path);
  // A new run: prefill, then spec.generate tokens. Refused with the number if the estimate does not fit.
  Job runStart(RunSpec spec);
  // Goes on with the current run for `tokens` more (1: step; kForever: until pause()).
  Job runContinue(std::int64_t tokens);
  void pause();                            // after the token that is being computed
  void setSampler(const Sampler& sampler); // from the next token on
  // Cuts the current run to its first `length` tokens (step back: length() - 1). The prompt may be cut too.
  Job runCut(std::int64_t length);
  // A new run that shares the first `length` tokens, then `next` (if given) and whatever runContinue brings.
  // The old run stays readable under its id.
  Job runBranch(std::int64_t length, std::optional<std::int32_t> next = std::nullopt);
  // Sends given tokens through the current run (redo of a cut, a forced next token).
  Job runAppend(std::vector<std::int32_t> tokens);
  // Makes an older run the current one again; what it does not share with the current one is computed again.
  Job runSelect(std::uint64_t run);
  // What caches that forget would have cost the current run (core/hooks/eviction.h): the text goes through the model
  // once more for each. The results replace snapshot()->eviction; after Cancelled or an error those before stay.
  Job runEvict(std::vector<hooks::Eviction> evictions);
  // Shows results of before again, or none (undo).
  Job runShowEviction(std::shared_ptr<const hooks::EvictionStudy> study);
  Job runWriteTrace(std::string path); // the current run, as a trace file
  // Measures how exact the open model is; runs and snapshots stay as they are. The result is state()->verification.
  Job runVerify(VerifySpec spec);

  // Bytes and seconds before a run. Any thread; cheap.
  Result<Estimate> estimate(const RunSpec& spec) const;
  // Tokens of a text under the open model's tokenizer. Any thread.
  Result<std::vector<std::int32_t>> tokenize(const std::string& text, bool addSpecial) const;
  Result<std::string> detokenize(const std::vector<std::int32_t>& ids) const;

private:
  struct Impl;
  std::unique_ptr<Impl> m_impl;
};

} // namespace orrery::session
