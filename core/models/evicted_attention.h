// SPDX-License-Identifier: MIT
// Attention over caches that forget (core/hooks/eviction.h). What a head keeps depends on nothing but its own layer's
// keys and attention at earlier positions, so a chunk of tokens goes through each layer at once and only the inside of
// a layer walks position by position: the numbers are those of decoding token by token.
#pragma once
#include <vector>

#include "core/models/attention.h"
#include "core/models/head_cache.h"

namespace orrery::models {

struct EvictedChunk; // what attend() works on

template <class T> class EvictedAttention : public Attention {
public:
  // `full`: records [L] of the run with the whole cache, for the attention that goes missing. Both must outlive this.
  EvictedAttention(const ModelConfig& config, const hooks::Eviction& eviction,
                   const std::vector<hooks::AttentionRecord>& full);

  // Positions [begin, end) come next, of `total` in all.
  void prepare(std::int64_t begin, std::int64_t end, std::int64_t total);
  at::Tensor attend(int layer, const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                    const Taps& taps) override;
  // Attention of the full run on what was gone: [L, H, T].
  const std::vector<double>& missing() const { return m_missing; }

private:
  void walkGroup(const EvictedChunk& chunk, std::int64_t group);
  void attendOne(const EvictedChunk& chunk, const HeadCache<T>& cache, std::int64_t head, std::int64_t t,
                 T* probabilities);
  void addMissing(const EvictedChunk& chunk, const HeadCache<T>& cache, std::int64_t head, std::int64_t t);

  const ModelConfig& m_config;
  const hooks::Eviction& m_eviction;
  const std::vector<hooks::AttentionRecord>& m_full;
  RopeTable m_rope;
  std::vector<HeadCache<T>> m_caches; // [L, G]
  std::vector<double> m_missing;
  std::int64_t m_begin = 0, m_end = 0;
};

extern template class EvictedAttention<float>;
extern template class EvictedAttention<double>;

} // namespace orrery::models
