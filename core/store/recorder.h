// SPDX-License-Identifier: MIT
// Recorder: puts together the snapshots of a run. All calls on one thread; the snapshots go anywhere.
#pragma once
#include <span>

#include "core/hooks/capture_plan.h"
#include "core/store/snapshot.h"
#include "core/store/snapshot_sink.h"

namespace orrery::store {

class Recorder final : public hooks::CaptureSink {
public:
  // A run without tokens.
  void begin(std::uint64_t run, std::shared_ptr<const RunInfo> info);
  // A run that shares the first `length` tokens of `from`, and all that was captured for them.
  void branch(std::uint64_t run, const Snapshot& from, std::int64_t length);

  void addPrompt(std::span<const std::int32_t> tokens, std::span<const std::string> pieces); // counts as prompt
  void addToken(std::int32_t token, std::string piece);
  void addScore(const hooks::TokenScore& score); // of the first position that has none
  void onTensor(hooks::HookId id, std::int64_t begin, const TensorView& value) override;
  void onAttention(int layer, const hooks::AttentionRecord& record) override;
  // Forgets all that was captured; the tokens stay, and come through the model once more.
  void recompute();
  // Back to a state of this run.
  void restore(const Snapshot& snapshot);
  void setEviction(std::shared_ptr<const hooks::EvictionStudy> study); // null: none
  // Keeps the first `length` tokens and what was captured for them. Nothing happens if there are fewer.
  void truncate(std::int64_t length);

  // Forgets the values of hooks that a sink has written.
  void releaseHooks(const SnapshotSink& sink);

  // The state now, with a revision one higher than the last.
  SnapshotPtr publish();

private:
  void truncateHooks(std::int64_t length);
  static void releaseBlocks(HookChannel& channel, std::int64_t written);

  Snapshot m_state;
  std::uint64_t m_lastPass = 0;
};

} // namespace orrery::store
