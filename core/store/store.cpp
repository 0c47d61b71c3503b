// SPDX-License-Identifier: MIT
#include "core/store/store.h"

namespace orrery::store {
namespace {

constexpr std::size_t kMessageBytes = 256; // of one message without its tensors

} // namespace

Store::Store(std::size_t queueBytes) : m_queue(queueBytes), m_thread([this] { work(); }) {}

Store::~Store() {
  m_queue.close();
  m_thread.join();
}

void Store::push(Message message, std::size_t bytes) { m_queue.push(std::move(message), bytes + kMessageBytes); }

void Store::work() {
  while (auto message = m_queue.pop()) (*message)();
  m_sink.reset();
}

void Store::setListener(std::function<void()> changed) {
  std::lock_guard lock(m_mutex);
  m_changed = std::move(changed);
}

void Store::notify() {
  std::function<void()> changed;
  {
    std::lock_guard lock(m_mutex);
    changed = m_changed;
  }
  if (changed) changed();
}

std::uint64_t Store::beginRun(RunInfo info, std::vector<std::int32_t> prompt, std::vector<std::string> pieces) {
  const std::uint64_t run = ++m_lastRun;
  auto shared = std::make_shared<const RunInfo>(std::move(info));
  push([this, run, shared, prompt = std::move(prompt), pieces = std::move(pieces)] {
    m_recorder.begin(run, shared);
    m_recorder.addPrompt(prompt, pieces);
    publish();
  });
  return run;
}

std::uint64_t Store::branchRun(std::uint64_t from, std::int64_t length) {
  const std::uint64_t run = ++m_lastRun;
  push([this, run, from, length] {
    if (m_dirty) publish(); // `from` may be the run that is being recorded
    const SnapshotPtr source = snapshot(from);
    if (source)
      m_recorder.branch(run, *source, length);
    else
      m_recorder.begin(run, nullptr);
    publish();
  });
  return run;
}

void Store::select(std::uint64_t run) {
  push([this, run] {
    if (m_dirty) publish();
    const SnapshotPtr chosen = snapshot(run);
    if (!chosen) return;
    m_recorder.branch(run, *chosen, chosen->length());
    publish();
  });
}

void Store::forget(std::uint64_t run) {
  push([this, run] {
    std::lock_guard lock(m_mutex);
    if (!m_current || m_current->run != run) m_runs.erase(run);
  });
}

void Store::cut(std::int64_t length) {
  push([this, length] {
    m_recorder.truncate(length);
    publish();
  });
}

void Store::recompute() {
  push([this] {
    m_recorder.recompute();
    m_dirty = true;
  });
}

void Store::restore(SnapshotPtr snapshot) {
  push([this, snapshot = std::move(snapshot)] {
    m_recorder.restore(*snapshot);
    publish();
  });
}

void Store::addToken(std::int32_t token, std::string piece) {
  push([this, token, piece = std::move(piece)] {
    m_recorder.addToken(token, piece);
    m_dirty = true;
  });
}

void Store::addScores(std::vector<hooks::TokenScore> scores) {
  const std::size_t bytes = scores.size() * sizeof(hooks::TokenScore);
  push(
      [this, scores = std::move(scores)] {
        for (const hooks::TokenScore& score : scores) m_recorder.addScore(score);
        m_dirty = true;
      },
      bytes);
}

void Store::setEviction(std::shared_ptr<const hooks::EvictionStudy> study) {
  push([this, study = std::move(study)] {
    m_recorder.setEviction(study);
    publish();
  });
}

void Store::onTensor(hooks::HookId id, std::int64_t begin, const TensorView& value) {
  push(
      [this, id, begin, value] {
        m_recorder.onTensor(id, begin, value);
        m_dirty = true;
      },
      value.bytes());
}

void Store::onAttention(int layer, const hooks::AttentionRecord& record) {
  // Q and K lie in the buffers of the run whether or not a message refers to them: only the message itself counts.
  const std::size_t bytes = sizeof(record) + record.overview.rows.size() * sizeof(record.overview.rows[0]);
  push(
      [this, layer, record] {
        m_recorder.onAttention(layer, record);
        m_dirty = true;
      },
      bytes);
}

void Store::commit() {
  push([this] {
    if (m_dirty) publish();
  });
}

void Store::flush() {
  runOnStore([this]() -> Status {
    if (m_dirty) publish();
    return Done{};
  }).wait();
}

std::uint64_t Store::show(SnapshotPtr snapshot) {
  const std::uint64_t run = ++m_lastRun;
  push([this, run, snapshot = std::move(snapshot)] {
    m_recorder.branch(run, *snapshot, snapshot->length());
    publish();
  });
  return run;
}

void Store::clear() {
  push([this] {
    m_dirty = false;
    m_recorder.begin(0, nullptr);
    {
      std::lock_guard lock(m_mutex);
      m_current = nullptr;
      m_runs.clear();
    }
    notify();
  });
}

void Store::publish() {
  m_dirty = false;
  const SnapshotPtr snapshot = m_recorder.publish();
  setCurrent(snapshot);
  feedSink(*snapshot);
  notify();
}

void Store::setCurrent(SnapshotPtr snapshot) {
  std::lock_guard lock(m_mutex);
  if (snapshot) m_runs[snapshot->run] = snapshot;
  m_current = std::move(snapshot);
}

SnapshotPtr Store::snapshot() const {
  std::lock_guard lock(m_mutex);
  return m_current;
}

SnapshotPtr Store::snapshot(std::uint64_t run) const {
  std::lock_guard lock(m_mutex);
  const auto found = m_runs.find(run);
  return found == m_runs.end() ? nullptr : found->second;
}

std::vector<std::uint64_t> Store::runs() const {
  std::lock_guard lock(m_mutex);
  std::vector<std::uint64_t> ids;
  for (const auto& entry : m_runs) ids.push_back(entry.first);
  return ids;
}

void Store::attach(std::unique_ptr<SnapshotSink> sink, bool release) {
  // std::function copies what it holds, hence the shared pointer.
  auto shared = std::make_shared<std::unique_ptr<SnapshotSink>>(std::move(sink));
  push([this, shared, release] {
    m_sink = std::move(*shared);
    m_release = release;
    setSinkError(std::nullopt);
    if (const SnapshotPtr current = snapshot()) feedSink(*current);
  });
}

void Store::detach() {
  push([this] { m_sink.reset(); });
}

std::future<Status> Store::finishSink() {
  return runOnStore([this] { return finishSinkNow(); });
}

Status Store::finishSinkNow() {
  if (m_dirty) publish();
  if (m_sink) {
    const SnapshotPtr last = snapshot();
    Status status = last ? m_sink->finish(*last) : Status(badInput("there is no run to write"));
    m_sink.reset();
    if (!status) setSinkError(status.error());
  }
  if (const auto error = sinkError()) return *error;
  return Done{};
}

void Store::feedSink(const Snapshot& snapshot) {
  if (!m_sink) return;
  const Status status = m_sink->write(snapshot);
  if (status && m_release) m_recorder.releaseHooks(*m_sink);
  if (status) return;
  m_sink.reset();
  setSinkError(status.error());
  notify();
}

void Store::setSinkError(std::optional<Error> error) {
  std::lock_guard lock(m_mutex);
  m_sinkError = std::move(error);
}

std::optional<Error> Store::sinkError() const {
  std::lock_guard lock(m_mutex);
  return m_sinkError;
}

std::future<Status> Store::runOnStore(std::function<Status()> work) {
  auto promise = std::make_shared<std::promise<Status>>();
  std::future<Status> future = promise->get_future();
  push([promise, work = std::move(work)] { promise->set_value(work()); });
  return future;
}

} // namespace orrery::store
