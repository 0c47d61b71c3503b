// SPDX-License-Identifier: MIT
// Engine: the model, its run and the store behind them. Every member is called on the run thread (JobRunner) only;
// what others read goes through StateBoard and store::Store. Internal to core/session.
#pragma once
#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "core/models/decoder.h"
#include "core/session/estimate.h"
#include "core/session/job.h"
#include "core/session/session.h"
#include "core/session/state_board.h"
#include "core/store/store.h"
#include "core/tokenize/tokenizer.h"

namespace orrery::session {

// What other threads may need of the open model: replaced as a whole.
struct OpenModel {
  std::shared_ptr<models::Decoder> decoder; // null: a trace file or tensors without a config
  std::shared_ptr<const tokenize::Tokenizer> tokenizer;
  std::shared_ptr<const std::vector<std::string>> vocabulary;
  std::string path, configJson;
  std::vector<std::int32_t> endTokens;
  models::Processing processing;
};

class Engine {
public:
  Engine(StateBoard& board, store::Store& store, std::uint64_t memoryLimit);
  ~Engine();

  Status open(const std::string& path, const OpenOptions& options, const JobContext& job);
  // `pauses` is pauses() of when the job was posted: only a later pause ends it.
  Status start(const RunSpec& spec, std::uint64_t pauses, const JobContext& job);
  Status generate(std::int64_t tokens, std::uint64_t pauses, const JobContext& job);
  Status cut(std::int64_t length);
  Status branch(std::int64_t length, std::optional<std::int32_t> next, const JobContext& job);
  Status append(const std::vector<std::int32_t>& tokens, const JobContext& job);
  Status select(std::uint64_t run);
  Status evict(const std::vector<hooks::Eviction>& evictions, const JobContext& job);
  Status showEviction(std::shared_ptr<const hooks::EvictionStudy> study);
  Status writeTrace(const std::string& path);
  Status verify(const VerifySpec& spec, const JobContext& job);

  void requestPause() { ++m_pauses; }               // any thread
  std::uint64_t pauses() const { return m_pauses; } // any thread: how often a pause was asked for
  void setSampler(const Sampler& sampler);          // any thread

  // Any thread.
  std::shared_ptr<const OpenModel> model() const;
  Speed speed() const;
  std::uint64_t available() const; // bytes a run may take
  Result<std::vector<std::int32_t>> promptTokens(const RunSpec& spec) const;
  Result<hooks::CapturePlan> plan(const RunSpec& spec) const;
  Result<Estimate> estimate(const RunSpec& spec) const;

private:
  Status checkBudget(const VerifySpec& spec, const OpenModel& open) const;
  Error nothingToRun() const;
  // Errors: as promptTokens, BadInput (nothing to verify on).
  Result<std::vector<std::int32_t>> verifyTokens(const VerifySpec& spec) const;
  Result<Verification> measure(const VerifySpec& spec, const OpenModel& open, const JobContext& job) const;
  Result<std::shared_ptr<models::Decoder>> loadTwin(const std::string& path, DType dtype, const JobContext& job) const;
  Result<OpenModel> load(Inspected& inspected, const OpenOptions& options, const JobContext& job);
  void scanInBackground(Inspected inspected);
  void stopScan();
  // What a prompt of so many tokens and spec.generate more take. An endless run counts as far as it can go: to the
  // context's end or to that of the memory, where it stops with a sentence. Errors: BadInput (context).
  Result<Estimate> estimateOf(const RunSpec& spec, std::int64_t prompt, const hooks::CapturePlan& plan) const;
  Status checkRoom() const; // memory for the next tokens of the current run
  Result<std::string> contentHash(bool needed, std::stop_token stop) const;
  store::RunInfo runInfo(const RunSpec& spec, const std::vector<std::int32_t>& tokens, const std::string& hash) const;
  models::RunOptions runOptions(const hooks::CapturePlan& plan, const std::vector<hooks::Edit>& edits);
  Status prefill(const std::vector<std::int32_t>& tokens, const JobContext& job);
  Status decodeOne(const Sampler& sampler, const JobContext& job);
  Status recomputeLast(const JobContext& job);
  std::vector<std::string> piecesOf(std::span<const std::int32_t> tokens) const;
  Status feed(std::span<const std::int32_t> tokens, const JobContext& job);
  Status restartWith(std::span<const std::int32_t> tokens, const JobContext& job);
  Sampler sampler() const;
  bool atEnd() const; // the text is over, and the sampler wants to know
  void publishStats();
  Status finishTrace(Status result);

  StateBoard& m_board;
  store::Store& m_store;
  const std::uint64_t m_memoryLimit;

  // One run that can be shown and gone on with: the current one, or an older branch.
  struct Branch {
    std::uint64_t id = 0;
    RunSpec spec;
    std::unique_ptr<models::Run> run;
  };
  void leaveCurrent(); // keeps the current run among the older ones
  void publishRuns();

  Branch m_current;
  std::vector<Branch> m_older; // oldest first, at most kKeptRuns
  RunStats m_stats;
  bool m_logitsCurrent = false; // lastLogits() belongs to the last token (not after a cut)
  bool m_traceAttached = false;

  std::atomic<std::uint64_t> m_pauses{0};
  mutable std::mutex m_mutex;
  std::shared_ptr<const OpenModel> m_model = std::make_shared<OpenModel>(); // guarded by m_mutex
  Sampler m_sampler;                                                        // guarded by m_mutex
  Speed m_speed;                                                            // guarded by m_mutex
  std::jthread m_scan;
};

} // namespace orrery::session
