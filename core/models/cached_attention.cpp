// SPDX-License-Identifier: MIT
#include "core/models/cached_attention.h"

#include <algorithm>
#include <limits>

#include "core/hooks/score_kernel.h"
#include "core/models/parallel.h"
#include "core/models/row_block.h"
#include "core/models/store_rows.h"
#include "core/models/torch_ops.h"

namespace orrery::models {

using hooks::HookKind;

// Up to here the scores come from the keys as they lie: packing reads each once for so few queries.
constexpr std::int64_t kUnpackedRows = 4;

CachedAttention::CachedAttention(const ModelConfig& config, at::ScalarType dtype, const hooks::CapturePlan& plan)
    : m_config(config), m_dtype(dtype), m_attention(plan.attention), m_overviews(plan.overviews),
      m_keepQueries(plan.attention || plan.overviews), m_rope(config.rope, dtype) {
  const auto layer = [&] {
    return Layer{.q = {config.heads, config.headDim, dtype},
                 .k = {config.kvHeads, config.headDim, dtype},
                 .v = {config.kvHeads, config.headDim, dtype},
                 .lse = {config.heads, 1, dtype},
                 .overview = {config.heads, plan.overviewCells}};
  };
  for (std::int64_t i = 0; i < config.layers; ++i) m_layers.push_back(layer());
}

void CachedAttention::prepare(std::int64_t begin, std::int64_t end, std::int64_t total, std::int64_t reserved) {
  m_begin = begin;
  m_end = end;
  m_reserved = std::max(total, reserved);
  if (m_config.position == PositionKind::Rope) reserveRope(total);
  if (m_overviews)
    for (Layer& layer : m_layers) layer.overview.prepare(total);
}

// Keys that are in the cache already were turned as those of a short or of a long text, all alike.
void CachedAttention::reserveRope(std::int64_t total) {
  if (m_begin > 0 && m_config.rope.longText(total) != m_longText)
    throw PassError{unsupported("a text of " + std::to_string(total) + " tokens passes " +
                                std::to_string(static_cast<std::int64_t>(m_config.rope.originalContext)) +
                                " (original_max_position_embeddings), where longrope turns every position in another "
                                "way: start a new run with the whole text as its prompt")};
  if (!m_turn || m_config.rope.longText(total) != m_longText) {
    const RopeFrequencies made = ropeFrequencies(m_config.rope, m_config.rope.longText(total));
    m_turn = std::make_shared<const hooks::RopeTurn>(hooks::RopeTurn{made.frequency, made.scale});
  }
  m_longText = m_config.rope.longText(total);
  m_rope.reserve(m_end, total);
}

template <class T> CachedAttention::Panels CachedAttention::pack(int layer, const AppendBuffer& keys) {
  if (m_end - m_begin <= kUnpackedRows) return {};
  const std::int64_t dh = m_config.headDim, groups = m_config.kvHeads, size = hooks::kPanel * dh;
  const std::int64_t window = m_config.attentionWindow(layer);
  const std::int64_t first = window > 0 ? std::max<std::int64_t>(0, m_begin - window + 1) : 0;
  const std::int64_t from = first / hooks::kPanel * hooks::kPanel, count = hooks::panels(m_end - from);
  if (!m_panels.defined() || m_panels.numel() < groups * count * size) {
    const std::int64_t room = window > 0 ? count : std::max(count, hooks::panels(m_reserved));
    m_panels = at::Tensor(); // the old one goes before the new one comes
    m_panels = at::empty({groups * room * size}, at::TensorOptions().dtype(m_dtype));
  }
  T* out = m_panels.data_ptr<T>();
  parallelFor(groups * count, std::max<std::int64_t>(1, 65536 / size), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const std::int64_t position = from + i % count * hooks::kPanel;
      hooks::packKeys(hooks::KeyRows<T>{.k = keys.at<T>(i / count, position),
                                        .row = keys.rowStride(),
                                        .column = 1,
                                        .count = std::min(hooks::kPanel, m_end - position),
                                        .headDim = dh},
                      out + i * size);
    }
  });
  return {out, from, count * size};
}

namespace {

// Blocks of one head, cut at multiples of kRowBlock so that a block never splits a narrow row of cells.
std::int64_t blockCount(std::int64_t begin, std::int64_t end) { return (end - 1) / kRowBlock - begin / kRowBlock + 1; }

// Calls body(block, index) for every head and row block, on all threads; `base` has what all blocks share.
template <class T, class Base, class Body>
void eachBlock(std::int64_t heads, std::int64_t begin, std::int64_t end, std::int64_t work, Base base, Body body) {
  const std::int64_t blocks = blockCount(begin, end), count = heads * blocks;
  const std::int64_t grain = work < 65536 ? count : 1;
  parallelFor(count, grain, [&](std::int64_t low, std::int64_t high) {
    for (std::int64_t i = low; i < high; ++i) {
      const std::int64_t head = i % heads, index = i / heads; // later rows are longer and start first
      const std::int64_t first = std::max(begin, (begin / kRowBlock + index) * kRowBlock);
      const std::int64_t last = std::min(end, (begin / kRowBlock + index + 1) * kRowBlock);
      RowBlock<T> block = base(head, first);
      block.first = first;
      block.rows = last - first;
      body(block, i);
    }
  });
}

} // namespace

template <class T>
at::Tensor CachedAttention::run(int index, const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                                const Taps& taps) {
  Layer& layer = m_layers[static_cast<std::size_t>(index)];
  const std::int64_t t = m_end - m_begin, dh = m_config.headDim, group = m_config.heads / m_config.kvHeads;
  const bool rope = m_config.position == PositionKind::Rope;
  AppendBuffer passing;
  if (m_keepQueries)
    layer.q.open(m_begin, m_end, m_reserved);
  else
    passing = AppendBuffer::passing(m_config.heads, dh, m_dtype, m_begin, m_end);
  AppendBuffer& queries = m_keepQueries ? layer.q : passing;
  for (AppendBuffer* buffer : {&layer.k, &layer.v, &layer.lse}) buffer->open(m_begin, m_end, m_reserved);
  storeRows<T>(q, m_begin, rope ? &m_rope : nullptr, queries);
  storeRows<T>(k, m_begin, rope ? &m_rope : nullptr, layer.k);
  storeRows<T>(v, m_begin, nullptr, layer.v);
  if (rope) {
    const auto show = [&](HookKind kind, AppendBuffer& buffer) {
      if (!taps.active(kind, index)) return;
      const at::Tensor mine = buffer.tensor(m_begin, t).transpose(0, 1).unsqueeze(0); // [1, t, N, Dh]
      if (taps.edited(kind, index))
        mine.copy_(taps.tap(kind, index, mine));
      else
        taps.capture(kind, index, mine);
      buffer.freeze(m_end);
    };
    show(HookKind::RotQ, queries);
    show(HookKind::RotK, layer.k);
  }

  const Panels panels = pack<T>(index, layer.k);
  at::Tensor z = at::empty({1, t, m_config.heads, dh}, q.options());
  const bool patternEdited = taps.edited(HookKind::Pattern, index);
  at::Tensor scores, pattern; // [1, H, t, end] if somebody asks for them
  std::vector<BlockPool> pools(m_overviews ? static_cast<std::size_t>(m_config.heads * blockCount(m_begin, m_end)) : 0);
  const auto base = [&](std::int64_t head, std::int64_t first) {
    const std::int64_t at = (head * t + first - m_begin) * m_end;
    return RowBlock<T>{.q = queries.at<T>(head, first),
                       .qStride = queries.rowStride(),
                       .k = layer.k.at<T>(head / group, 0),
                       .packed = panels.at<T>(head / group),
                       .packedFrom = panels.from,
                       .v = layer.v.at<T>(head / group, 0),
                       .headDim = dh,
                       .keys = m_end,
                       .window = m_config.attentionWindow(index),
                       .scale = static_cast<T>(m_config.attentionScale(index)),
                       .softcap = static_cast<T>(m_config.softcap),
                       .z = z.data_ptr<T>() + ((first - m_begin) * m_config.heads + head) * dh,
                       .zStride = m_config.heads * dh,
                       .lse = layer.lse.at<T>(head, first),
                       .scores = scores.defined() ? scores.data_ptr<T>() + at : nullptr,
                       .pattern = pattern.defined() ? pattern.data_ptr<T>() + at : nullptr};
  };
  const std::int64_t work = m_config.heads * t * m_end * dh;
  const auto each = [&](auto body) { eachBlock<T>(m_config.heads, m_begin, m_end, work, base, body); };
  const std::vector<std::int64_t> full = {1, m_config.heads, t, m_end};
  if (taps.active(HookKind::AttnScores, index)) {
    scores = at::full(full, -std::numeric_limits<T>::infinity(), q.options());
    each([](const RowBlock<T>& block, std::int64_t) { scoreBlock(block); });
    scores = taps.tap(HookKind::AttnScores, index, scores);
  }
  if (taps.active(HookKind::Pattern, index)) pattern = at::zeros(full, q.options());
  const bool readScores = taps.edited(HookKind::AttnScores, index);
  each([&](RowBlock<T>& block, std::int64_t i) {
    if (patternEdited) block.z = nullptr;
    if (m_overviews) {
      block.cell = layer.overview.cell();
      block.pool = &pools[static_cast<std::size_t>(i)];
      block.pool->head = i % m_config.heads;
    }
    attendBlock(block, readScores);
  });
  for (const BlockPool& pool : pools) layer.overview.add(pool);
  layer.overview.setTokens(m_end);
  if (pattern.defined()) pattern = taps.tap(HookKind::Pattern, index, pattern);
  if (patternEdited) each([](const RowBlock<T>& block, std::int64_t) { weighBlock(block); });
  return z;
}

at::Tensor CachedAttention::attend(int layer, const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                                   const Taps& taps) {
  return m_dtype == at::kDouble ? run<double>(layer, q, k, v, taps) : run<float>(layer, q, k, v, taps);
}

hooks::AttentionRecord CachedAttention::recordOf(Layer& layer, int index, std::int64_t length) {
  hooks::AttentionRecord record;
  record.heads = m_config.heads;
  record.kvHeads = m_config.kvHeads;
  record.headDim = m_config.headDim;
  record.tokens = length;
  record.scale = m_config.attentionScale(index);
  record.softcap = m_config.softcap;
  record.window = m_config.attentionWindow(index);
  record.q = layer.q.view(length);
  record.k = layer.k.view(length);
  record.v = layer.v.view(length);
  record.rope = m_turn;
  record.lse = layer.lse.view(length, true);
  return record;
}

hooks::AttentionRecord CachedAttention::record(int index) {
  Layer& layer = m_layers[static_cast<std::size_t>(index)];
  hooks::AttentionRecord record = recordOf(layer, index, m_end);
  if (m_overviews) record.overview = layer.overview.share();
  return record;
}

Status CachedAttention::truncate(std::int64_t length) {
  m_begin = m_end = length;
  if (!m_overviews) return Done{};
  for (std::size_t i = 0; i < m_layers.size(); ++i)
    if (Status s = m_layers[i].overview.truncate(recordOf(m_layers[i], static_cast<int>(i), length)); !s) return s;
  return Done{};
}

CachedAttention CachedAttention::fork(std::int64_t length) {
  const auto freeze = [](CachedAttention& side, std::int64_t positions) {
    for (Layer& layer : side.m_layers)
      for (AppendBuffer* buffer : {&layer.q, &layer.k, &layer.v, &layer.lse}) buffer->freeze(positions);
  };
  for (Layer& layer : m_layers) layer.overview.share(); // leaves no row open to either side
  CachedAttention copy = *this;
  copy.m_panels = at::Tensor(); // both may run at once
  freeze(*this, length);
  freeze(copy, std::numeric_limits<std::int64_t>::max()); // it copies before it writes anything
  return copy;
}

} // namespace orrery::models
