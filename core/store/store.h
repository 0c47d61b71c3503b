// SPDX-License-Identifier: MIT
// Store: takes what a run thread brings through a queue that is bounded in bytes, and shows it as immutable snapshots.
// It owns the store thread, the only one that calls a SnapshotSink (HDF5).
//   run thread -> queue -> store thread: Recorder -> snapshot() + SnapshotSink
// Calls marked [run] come from one thread at a time and are seen in their order; they wait while the queue is full.
#pragma once
#include <atomic>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "core/base/bounded_queue.h"
#include "core/hooks/capture_plan.h"
#include "core/store/recorder.h"
#include "core/store/snapshot.h"
#include "core/store/snapshot_sink.h"

namespace orrery::store {

class Store final : public hooks::CaptureSink {
public:
  explicit Store(std::size_t queueBytes = std::size_t{256} << 20);
  ~Store() override; // what was pushed is still recorded; a sink that was not finished leaves nothing behind
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  // Called on the store thread after every new snapshot or sink error. It must return at once and not call back.
  void setListener(std::function<void()> changed);

  // [run] A new run with its prompt; the returned id names it. Visible at once, as every cut and branch.
  std::uint64_t beginRun(RunInfo info, std::vector<std::int32_t> prompt, std::vector<std::string> pieces);
  // [run] A new run that shares the first `length` tokens of `from`; without `from` the run shows nothing.
  std::uint64_t branchRun(std::uint64_t from, std::int64_t length);
  // [run] Makes an older run the current one again, as it was left; nothing happens if it is unknown.
  void select(std::uint64_t run);
  // [run] Drops an older run: its snapshot is no longer handed out.
  void forget(std::uint64_t run);
  // [run] Keeps the first `length` tokens of the current run.
  void cut(std::int64_t length);
  // [run] The whole text comes once more: what was captured of the current run is forgotten, with the next commit.
  void recompute();
  // [run] Makes the current run again what `snapshot` of it says.
  void restore(SnapshotPtr snapshot);
  // [run] A generated token.
  void addToken(std::int32_t token, std::string piece);
  // [run] Scores of the next positions that have none.
  void addScores(std::vector<hooks::TokenScore> scores);
  // [run] What caches that forget would have cost the current run; null takes it away. Visible at once.
  void setEviction(std::shared_ptr<const hooks::EvictionStudy> study);
  // [run]
  void onTensor(hooks::HookId id, std::int64_t begin, const TensorView& value) override;
  void onAttention(int layer, const hooks::AttentionRecord& record) override;
  // [run] Makes what was pushed so far visible as one snapshot: call it when the pieces fit together (after a token).
  void commit();
  // Any thread but the store's: commit(), and waits until it is visible.
  void flush();

  // [run] Shows a snapshot that came from elsewhere (a trace file) as a run of its own.
  std::uint64_t show(SnapshotPtr snapshot);
  // Forgets all runs.
  void clear();

  // Any thread. The newest state of the current run; null before the first.
  SnapshotPtr snapshot() const;
  SnapshotPtr snapshot(std::uint64_t run) const; // null if unknown
  std::vector<std::uint64_t> runs() const;       // oldest first

  // Sends every snapshot from now on to `sink` (first the current one); one that was attached is dropped unfinished.
  // With `release`, values of hooks that the sink has written are forgotten: memory does not grow with the file.
  void attach(std::unique_ptr<SnapshotSink> sink, bool release = false);
  // Commits, finishes the sink and detaches it. The future holds the first error of the sink, or Done.
  std::future<Status> finishSink();
  // Drops the sink unfinished.
  void detach();
  // The error that the sink stopped with; recording went on. Any thread.
  std::optional<Error> sinkError() const;

  // Runs `work` on the store thread, after what was pushed before (HDF5 work of others). It must not throw.
  std::future<Status> runOnStore(std::function<Status()> work);

private:
  using Message = std::function<void()>;
  void push(Message message, std::size_t bytes = 0);
  void work();
  void publish();
  void setCurrent(SnapshotPtr snapshot);
  void feedSink(const Snapshot& snapshot);
  void setSinkError(std::optional<Error> error);
  Status finishSinkNow();
  void notify();

  std::atomic<std::uint64_t> m_lastRun{0};
  // store thread only
  Recorder m_recorder;
  bool m_dirty = false; // something was recorded since the last snapshot
  std::unique_ptr<SnapshotSink> m_sink;
  bool m_release = false;

  mutable std::mutex m_mutex;
  SnapshotPtr m_current;                       // guarded by m_mutex
  std::map<std::uint64_t, SnapshotPtr> m_runs; // guarded by m_mutex
  std::optional<Error> m_sinkError;            // guarded by m_mutex
  std::function<void()> m_changed;             // guarded by m_mutex

  BoundedQueue<Message> m_queue;
  std::thread m_thread; // last: everything else exists while it runs
};

} // namespace orrery::store
