// SPDX-License-Identifier: MIT
#include "core/models/evicted_attention.h"

#include "core/hooks/score_kernel.h"
#include "core/models/kernels.h"
#include "core/models/parallel.h"
#include "core/models/store_rows.h"
#include "core/models/torch_ops.h"

namespace orrery::models {

using hooks::HookKind;

namespace {

template <class T> constexpr at::ScalarType kType = sizeof(T) == 4 ? at::kFloat : at::kDouble;

// Probabilities of the full run for queries [begin, begin + 64) of one head, made strip by strip.
struct Strip {
  std::int64_t begin = 0, end = 0;
  std::vector<double> cells; // [end - begin, end]
};

} // namespace

struct EvictedChunk {
  int layer = 0;
  AppendBuffer q, k, v;                 // positions of the chunk only
  at::Tensor z;                         // [1, t, H, Dh]
  std::vector<Strip>* strips = nullptr; // [H]
};

template <class T>
EvictedAttention<T>::EvictedAttention(const ModelConfig& config, const hooks::Eviction& eviction,
                                      const std::vector<hooks::AttentionRecord>& full)
    : m_config(config), m_eviction(eviction), m_full(full), m_rope(config.rope, kType<T>),
      m_caches(static_cast<std::size_t>(config.layers * config.kvHeads), HeadCache<T>(config.headDim)) {}

template <class T> void EvictedAttention<T>::prepare(std::int64_t begin, std::int64_t end, std::int64_t total) {
  m_begin = begin;
  m_end = end;
  if (m_config.position == PositionKind::Rope) m_rope.reserve(end, total);
  m_missing.resize(static_cast<std::size_t>(m_config.layers * m_config.heads * total));
}

template <class T>
at::Tensor EvictedAttention<T>::attend(int layer, const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                                       const Taps& taps) {
  const bool rope = m_config.position == PositionKind::Rope;
  std::vector<Strip> strips(static_cast<std::size_t>(m_config.heads));
  const auto buffer = [&](std::int64_t heads) {
    return AppendBuffer::passing(heads, m_config.headDim, kType<T>, m_begin, m_end);
  };
  EvictedChunk chunk{layer,
                     buffer(m_config.heads),
                     buffer(m_config.kvHeads),
                     buffer(m_config.kvHeads),
                     at::empty({1, m_end - m_begin, m_config.heads, m_config.headDim}, q.options()),
                     &strips};
  storeRows<T>(q, m_begin, rope ? &m_rope : nullptr, chunk.q);
  storeRows<T>(k, m_begin, rope ? &m_rope : nullptr, chunk.k);
  storeRows<T>(v, m_begin, nullptr, chunk.v);
  for (const auto& [kind, rows] : {std::pair{HookKind::RotQ, &chunk.q}, {HookKind::RotK, &chunk.k}}) {
    if (!taps.edited(kind, layer)) continue;
    const at::Tensor mine = rows->tensor(m_begin, m_end - m_begin).transpose(0, 1).unsqueeze(0); // [1, t, N, Dh]
    mine.copy_(taps.tap(kind, layer, mine));
  }
  parallelFor(m_config.kvHeads, 1, [&](std::int64_t low, std::int64_t high) {
    for (std::int64_t group = low; group < high; ++group) walkGroup(chunk, group);
  });
  return chunk.z;
}

template <class T> void EvictedAttention<T>::walkGroup(const EvictedChunk& chunk, std::int64_t group) {
  const std::int64_t share = m_config.heads / m_config.kvHeads;
  HeadCache<T>& cache = m_caches[static_cast<std::size_t>(chunk.layer * m_config.kvHeads + group)];
  std::vector<T> probabilities;
  for (std::int64_t t = m_begin; t < m_end; ++t) {
    cache.enter(m_eviction, m_config.attentionWindow(chunk.layer), t, chunk.k.at<T>(group, t), chunk.v.at<T>(group, t));
    probabilities.resize(static_cast<std::size_t>(cache.size()));
    for (std::int64_t head = group * share; head < (group + 1) * share; ++head) {
      attendOne(chunk, cache, head, t, probabilities.data());
      cache.saw(probabilities.data());
      addMissing(chunk, cache, head, t);
    }
  }
}

template <class T>
void EvictedAttention<T>::attendOne(const EvictedChunk& chunk, const HeadCache<T>& cache, std::int64_t head,
                                    std::int64_t t, T* probabilities) {
  const std::int64_t n = cache.size(), dh = m_config.headDim;
  hooks::scoreRow(cache.keys(), n, dh, chunk.q.at<T>(head, t), static_cast<T>(m_config.attentionScale(chunk.layer)),
                  probabilities);
  if (m_config.softcap > 0) kernels::softcapRow(probabilities, n, static_cast<T>(m_config.softcap));
  static_cast<void>(kernels::softmaxRow(probabilities, n));
  T* z = chunk.z.data_ptr<T>() + ((t - m_begin) * m_config.heads + head) * dh;
  kernels::weightedSum(probabilities, cache.values(), n, dh, z);
}

template <class T>
void EvictedAttention<T>::addMissing(const EvictedChunk& chunk, const HeadCache<T>& cache, std::int64_t head,
                                     std::int64_t t) {
  if (cache.gone().empty()) return;
  Strip& strip = (*chunk.strips)[static_cast<std::size_t>(head)];
  if (t >= strip.end) {
    constexpr std::int64_t kStrip = 64;
    strip.begin = t;
    strip.end = std::min(t + kStrip, m_end);
    auto cells = hooks::attentionTile64(m_full[static_cast<std::size_t>(chunk.layer)], head, {strip.begin, strip.end},
                                        {0, strip.end});
    if (!cells) throw PassError{cells.error()};
    strip.cells = std::move(*cells);
  }
  const double* row = strip.cells.data() + (t - strip.begin) * strip.end;
  double sum = 0;
  for (const std::int64_t position : cache.gone()) sum += row[position];
  const std::int64_t total = static_cast<std::int64_t>(m_missing.size()) / (m_config.layers * m_config.heads);
  m_missing[static_cast<std::size_t>((chunk.layer * m_config.heads + head) * total + t)] = sum;
}

template class EvictedAttention<float>;
template class EvictedAttention<double>;

} // namespace orrery::models
