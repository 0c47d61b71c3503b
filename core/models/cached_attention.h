// SPDX-License-Identifier: MIT
// Attention with a KV cache on the CPU, in row blocks: memory O(block * T). Per head and block of queries
//   S = scale Q_b K^T;  P, lse = softmax(S);  O_b = P V
// with S only up to the last column that the block may see, and the pooled overview gathered while P is in cache
// (Dao et al. 2022, arXiv 2205.14135, keeps the same statistics).
#pragma once
#include <vector>

#include "core/models/append_buffer.h"
#include "core/models/attention.h"
#include "core/models/overview_builder.h"

namespace orrery::models {

class CachedAttention : public Attention {
public:
  CachedAttention(const ModelConfig& config, at::ScalarType dtype, const hooks::CapturePlan& plan);

  // Positions [begin, end) come next; `total` of this append, `reserved`: capacity wanted.
  void prepare(std::int64_t begin, std::int64_t end, std::int64_t total, std::int64_t reserved);
  at::Tensor attend(int layer, const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                    const Taps& taps) override;
  // Views up to the end of what was attended last; freezes it.
  hooks::AttentionRecord record(int layer);
  Status truncate(std::int64_t length);
  // A copy that goes on by itself after truncate(length): neither side writes what the other sees.
  CachedAttention fork(std::int64_t length);
  // Whether keys in the cache were turned in another way than those of a text of `length` tokens.
  bool turnsAnew(std::int64_t length) const { return m_end > 0 && m_config.rope.longText(length) != m_longText; }
  std::int64_t capacity() const { return m_layers.empty() ? 0 : m_layers.front().k.capacity(); }
  bool delivers() const { return m_attention; }

private:
  struct Layer {
    AppendBuffer q;   // [H, T, Dh] after RoPE; empty unless captured
    AppendBuffer k;   // [G, T, Dh] after RoPE
    AppendBuffer v;   // [G, T, Dh]
    AppendBuffer lse; // [H, T]
    OverviewBuilder overview;
  };
  template <class T>
  at::Tensor run(int layer, const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, const Taps& taps);
  // K of one layer as panels for the scores of more than a few queries; shared by its heads and row blocks.
  struct Panels {
    const void* data = nullptr;       // [G, panels, Dh, kPanel]; null: few queries, not packed
    std::int64_t from = 0, plane = 0; // first position; elements from group to group
    template <class T> const T* at(std::int64_t group) const {
      return data ? static_cast<const T*>(data) + group * plane : nullptr;
    }
  };
  template <class T> Panels pack(int layer, const AppendBuffer& keys);
  void reserveRope(std::int64_t total);
  hooks::AttentionRecord recordOf(Layer& layer, int index, std::int64_t length);

  ModelConfig m_config;
  at::ScalarType m_dtype;
  bool m_attention, m_overviews, m_keepQueries;
  RopeTable m_rope;
  bool m_longText = false;                       // how the positions in the cache were turned
  std::shared_ptr<const hooks::RopeTurn> m_turn; // the same for who reads a record
  std::vector<Layer> m_layers;
  at::Tensor m_panels; // scratch of pack()
  std::int64_t m_begin = 0, m_end = 0, m_reserved = 0;
};

} // namespace orrery::models
