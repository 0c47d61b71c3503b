// SPDX-License-Identifier: MIT
#include "core/session/session.h"

#include <mutex>

#include "core/models/decoder.h"
#include "core/session/engine.h"
#include "core/session/estimate.h"
#include "core/session/state_board.h"
#include "core/session/weights.h"

namespace orrery::session {

void setThreads(int threads) { models::setThreads(threads); }

struct Session::Impl {
  StateBoard board;
  store::Store store;
  Engine engine;
  std::mutex backgroundMutex;
  Job backgroundJob; // cancelled by any other; guarded by backgroundMutex
  JobRunner runner;  // last: its thread uses all of the above

  explicit Impl(const SessionOptions& options)
      : engine(board, store, options.memoryLimit), runner([this] { publishJobs(); }) {
    models::setThreads(options.threads);
    store.setListener([this] { board.notify(); });
  }

  // A job that is over has all that it did in snapshot(): the store thread has caught up.
  Job post(std::string title, JobRunner::Work work, bool background = false) {
    std::lock_guard lock(backgroundMutex);
    backgroundJob.cancel();
    const auto whole = [this, work = std::move(work)](const JobContext& job) {
      Status done = work(job);
      store.flush();
      return done;
    };
    const Job job = runner.post(std::move(title), whole, background);
    backgroundJob = background ? job : Job();
    return job;
  }

  void publishJobs() {
    // Read under the board's lock: two threads may come here at once, and the later list must win.
    board.update([&](State& state) { state.jobs = runner.jobs(); });
  }
};

Session::Session(SessionOptions options) : m_impl(std::make_unique<Impl>(options)) {}
Session::~Session() = default;

void Session::setListener(std::function<void()> changed) { m_impl->board.setListener(std::move(changed)); }
std::shared_ptr<const State> Session::state() const { return m_impl->board.get(); }
store::SnapshotPtr Session::snapshot() const { return m_impl->store.snapshot(); }

store::SnapshotPtr Session::snapshot(std::uint64_t run) const { return m_impl->store.snapshot(run); }

Job Session::runOpen(std::string path, OpenOptions options) {
  return m_impl->post("Open " + path,
                      [this, path, options](const JobContext& job) { return m_impl->engine.open(path, options, job); });
}

Job Session::runCompare(std::string path) {
  return m_impl->post("Compare with " + path, [this, path](const JobContext& job) -> Status {
    std::vector<weights::WeightsPtr> series;
    if (!path.empty()) {
      auto opened = openSeries(path, job.stop());
      if (!opened) return opened.error();
      series = std::move(*opened);
    }
    m_impl->board.update([&](State& state) {
      state.series = series;
      state.seriesPath = path;
    });
    return Done{};
  });
}

Job Session::runStart(RunSpec spec) {
  const std::uint64_t pauses = m_impl->engine.pauses();
  return m_impl->post("Run the prompt", [this, pauses, spec = std::move(spec)](const JobContext& job) {
    return m_impl->engine.start(spec, pauses, job);
  });
}

Job Session::runContinue(std::int64_t tokens) {
  const std::uint64_t pauses = m_impl->engine.pauses();
  const std::string title =
      tokens == kForever ? "Generate" : "Generate " + std::to_string(tokens) + (tokens == 1 ? " token" : " tokens");
  return m_impl->post(
      title, [this, tokens, pauses](const JobContext& job) { return m_impl->engine.generate(tokens, pauses, job); });
}

void Session::pause() { m_impl->engine.requestPause(); }
void Session::setSampler(const Sampler& sampler) { m_impl->engine.setSampler(sampler); }

Job Session::runCut(std::int64_t length) {
  m_impl->engine.requestPause();
  return m_impl->post("Cut to " + std::to_string(length) + " tokens",
                      [this, length](const JobContext&) { return m_impl->engine.cut(length); });
}

Job Session::runBranch(std::int64_t length, std::optional<std::int32_t> next) {
  m_impl->engine.requestPause();
  return m_impl->post("Branch at token " + std::to_string(length),
                      [this, length, next](const JobContext& job) { return m_impl->engine.branch(length, next, job); });
}

Job Session::runAppend(std::vector<std::int32_t> tokens) {
  m_impl->engine.requestPause();
  return m_impl->post(
      "Append " + std::to_string(tokens.size()) + " tokens",
      [this, tokens = std::move(tokens)](const JobContext& job) { return m_impl->engine.append(tokens, job); });
}

Job Session::runSelect(std::uint64_t run) {
  m_impl->engine.requestPause();
  return m_impl->post("Go to run " + std::to_string(run),
                      [this, run](const JobContext&) { return m_impl->engine.select(run); });
}

Job Session::runEvict(std::vector<hooks::Eviction> evictions) {
  m_impl->engine.requestPause();
  const std::string title =
      "Evict: " + std::to_string(evictions.size()) + (evictions.size() == 1 ? " cache" : " caches");
  return m_impl->post(title, [this, evictions = std::move(evictions)](const JobContext& job) {
    return m_impl->engine.evict(evictions, job);
  });
}

Job Session::runShowEviction(std::shared_ptr<const hooks::EvictionStudy> study) {
  return m_impl->post("Show evictions", [this, study = std::move(study)](const JobContext&) {
    return m_impl->engine.showEviction(study);
  });
}

Job Session::runWriteTrace(std::string path) {
  return m_impl->post("Write " + path, [this, path](const JobContext&) { return m_impl->engine.writeTrace(path); });
}

Job Session::runVerify(VerifySpec spec) {
  const bool background = spec.background;
  return m_impl->post(
      "Measure exactness",
      [this, spec = std::move(spec)](const JobContext& job) { return m_impl->engine.verify(spec, job); }, background);
}

Result<Estimate> Session::estimate(const RunSpec& spec) const { return m_impl->engine.estimate(spec); }

Result<std::vector<std::int32_t>> Session::tokenize(const std::string& text, bool addSpecial) const {
  const auto open = m_impl->engine.model();
  if (!open->tokenizer) return badInput("no tokenizer is open");
  return open->tokenizer->encode(text, addSpecial);
}

Result<std::string> Session::detokenize(const std::vector<std::int32_t>& ids) const {
  const auto open = m_impl->engine.model();
  if (!open->tokenizer) return badInput("no tokenizer is open");
  return open->tokenizer->decode(ids, false);
}

} // namespace orrery::session
