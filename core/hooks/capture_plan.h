// SPDX-License-Identifier: MIT
// CapturePlan: which hooks of a run somebody listens to. The forward pass asks it before it does any work for a hook.
// CaptureSink: where the values go. A sink gets const views and cannot change the run; changing it takes an Edit.
#pragma once
#include <bitset>
#include <cstdint>
#include <vector>

#include "core/hooks/attention_record.h"
#include "core/hooks/hook_spec.h"

namespace orrery::hooks {

inline constexpr int kMaxLayers = 1024; // checked when a config is read

class CapturePlan {
public:
  void add(HookId id) { m_bits.set(index(id)); }
  void remove(HookId id) { m_bits.reset(index(id)); }
  bool wants(HookId id) const { return m_bits.test(index(id)); }
  bool wantsAny() const { return m_bits.any(); }
  std::vector<HookId> hooks() const; // in the order of the forward pass

  bool attention = true;            // Q, K, row log-sum-exp of every head ...
  bool overviews = true;            // ... and their pooled maps
  std::int64_t overviewCells = 256; // at most so many cells a side; the cell is a power of two tokens wide
  bool valuesAndLogits = true;      // per position: log-probability of the token that follows, top-20 next tokens

private:
  static std::size_t index(HookId id) {
    return static_cast<std::size_t>(id.kind) * (kMaxLayers + 1) + static_cast<std::size_t>(id.layer + 1);
  }
  std::bitset<kHookKinds*(kMaxLayers + 1)> m_bits;
};

inline constexpr int kTopTokens = 20;

// What one position says about the next token.
struct TokenScore {
  float logProbability = 0; // natural log, of the token at this position given those before it; 0 for position 0
  std::int32_t topIds[kTopTokens] = {};
  float topLogProbabilities[kTopTokens] = {}; // natural log, descending: the distribution AFTER this position
  float entropy = 0;                          // nat, of that distribution
};

// Called on the run thread, in the order of the forward pass, for positions [begin, begin + T of the view).
// The views stay valid as long as their owner is held: keep them, do not copy them.
class CaptureSink {
public:
  virtual ~CaptureSink() = default;
  // Shape as hookShape() with T = number of positions of this piece; hook_pattern and hook_attn_scores come as
  // [B, H, t, begin + t].
  virtual void onTensor(HookId id, std::int64_t begin, const TensorView& value) = 0;
  // The whole record of a layer up to now (views into append-only buffers), after each piece.
  virtual void onAttention(int layer, const AttentionRecord& record) = 0;
};

} // namespace orrery::hooks
