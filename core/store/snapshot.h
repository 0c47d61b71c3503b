// SPDX-License-Identifier: MIT
// Snapshot: one immutable state of a run (live, or read from a trace file: the same type). Any thread may read it.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/hooks/attention_record.h"
#include "core/hooks/capture_plan.h"
#include "core/hooks/eviction.h"
#include "core/hooks/hook_spec.h"
#include "core/store/chunked.h"

namespace orrery::store {

// What does not change during a run.
struct RunInfo {
  std::string checkpoint;     // path as given
  std::string checkpointHash; // SHA-256 over config and tensor bytes, hex; empty until known
  std::string architecture;   // "LlamaForCausalLM"
  std::string configJson, recipeJson;
  hooks::Dims dims;
  DType dtype = DType::F32;
  std::string device = "cpu";
  std::uint64_t parameters = 0;
  std::shared_ptr<const std::vector<std::string>> vocabulary; // [V] text of every token id; null: not known
};

// One piece of a hooked tensor, positions [begin, begin + count).
struct HookBlock {
  std::int64_t begin = 0, count = 0;
  TensorView value;
};

struct HookChannel {
  hooks::HookSpec spec;
  Chunked<HookBlock> blocks;
  std::int64_t released = 0; // positions [0, released) went to a trace file and are not in memory any more
};

struct Snapshot {
  std::uint64_t run = 0;      // id of the run; a branch has another
  std::uint64_t revision = 0; // grows with every change
  // Another number after the whole text went through the model once more (Recorder::recompute): what was captured
  // before is not of this pass. A branch keeps that of what it shares.
  std::uint64_t pass = 0;
  std::shared_ptr<const RunInfo> info;
  Chunked<std::int32_t> tokens;                  // [T]
  Chunked<std::string> pieces;                   // [T] raw bytes of each token
  Chunked<hooks::TokenScore> scores;             // [T]; shorter than tokens while the forward pass runs
  std::int64_t promptTokens = 0;                 // the rest was generated
  std::vector<hooks::AttentionRecord> attention; // [L]; empty if not captured
  std::map<std::string, HookChannel> hooks;      // by full name
  // What caches that forget would have cost, over the first eviction->tokens tokens; null: nobody asked.
  std::shared_ptr<const hooks::EvictionStudy> eviction;

  std::int64_t length() const { return static_cast<std::int64_t>(tokens.size()); } // T
};
using SnapshotPtr = std::shared_ptr<const Snapshot>;

// All pieces of a hook as one tensor, row-major; hook_pattern is padded with 0 and hook_attn_scores with -inf to
// [B, H, T, T]. F64 runs give F64. Errors: NotFound if the hook was not captured, TooLarge above maxBytes.
Result<TensorView> gatherHook(const Snapshot& snapshot, const std::string& name,
                              std::size_t maxBytes = std::size_t{8} << 30);

} // namespace orrery::store
