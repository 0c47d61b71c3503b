// SPDX-License-Identifier: MIT
#include "core/store/recorder.h"

#include <algorithm>

#include "core/store/hook_blocks.h"

namespace orrery::store {

void Recorder::begin(std::uint64_t run, std::shared_ptr<const RunInfo> info) {
  const std::uint64_t revision = m_state.revision;
  m_state = Snapshot{};
  m_state.run = run;
  m_state.revision = revision;
  m_state.pass = ++m_lastPass;
  m_state.info = std::move(info);
}

void Recorder::recompute() {
  m_state.scores.truncate(0);
  m_state.attention.clear();
  m_state.hooks.clear();
  m_state.pass = ++m_lastPass;
}

void Recorder::restore(const Snapshot& snapshot) { branch(m_state.run, snapshot, snapshot.length()); }

void Recorder::branch(std::uint64_t run, const Snapshot& from, std::int64_t length) {
  const std::uint64_t revision = m_state.revision;
  m_state = from;
  m_state.run = run;
  m_state.revision = revision;
  truncate(length);
}

void Recorder::addPrompt(std::span<const std::int32_t> tokens, std::span<const std::string> pieces) {
  for (std::size_t i = 0; i < tokens.size(); ++i) addToken(tokens[i], i < pieces.size() ? pieces[i] : std::string());
  m_state.promptTokens = m_state.length();
}

void Recorder::addToken(std::int32_t token, std::string piece) {
  m_state.tokens.push_back(token);
  m_state.pieces.push_back(std::move(piece));
}

void Recorder::addScore(const hooks::TokenScore& score) { m_state.scores.push_back(score); }

void Recorder::onTensor(hooks::HookId id, std::int64_t begin, const TensorView& value) {
  const hooks::HookSpec spec = hooks::hookSpec(id);
  HookBlock block{begin, 0, value};
  for (std::size_t i = 0; i < spec.dims.size() && i < value.shape.size(); ++i)
    if (spec.dims[i] == "T" || spec.dims[i] == "Tq") block.count = value.shape[i];
  HookChannel& channel = m_state.hooks[spec.name];
  if (channel.spec.name.empty()) channel.spec = spec;
  channel.blocks.push_back(std::move(block));
}

void Recorder::onAttention(int layer, const hooks::AttentionRecord& record) {
  if (layer < 0 || layer >= hooks::kMaxLayers) return;
  const auto at = static_cast<std::size_t>(layer);
  if (m_state.attention.size() <= at) m_state.attention.resize(at + 1);
  m_state.attention[at] = record;
}

void Recorder::setEviction(std::shared_ptr<const hooks::EvictionStudy> study) {
  if (study && study->tokens > m_state.length()) study = nullptr;
  m_state.eviction = std::move(study);
}

void Recorder::truncate(std::int64_t length) {
  length = std::max<std::int64_t>(length, 0);
  if (length >= m_state.length()) return;
  const auto size = static_cast<std::size_t>(length);
  m_state.tokens.truncate(size);
  m_state.pieces.truncate(size);
  m_state.scores.truncate(size);
  m_state.promptTokens = std::min(m_state.promptTokens, length);
  for (hooks::AttentionRecord& record : m_state.attention) record = cutRecord(std::move(record), length);
  if (length == 0) m_state.attention.clear();
  if (m_state.eviction && m_state.eviction->tokens > length) m_state.eviction = nullptr;
  truncateHooks(length);
}

void Recorder::truncateHooks(std::int64_t length) {
  if (length == 0) m_state.hooks.clear();
  for (auto& [name, channel] : m_state.hooks) {
    channel.released = std::min(channel.released, length);
    std::size_t keep = channel.blocks.size();
    while (keep > 0 && channel.blocks[keep - 1].begin >= length) --keep;
    if (keep == 0) {
      channel.blocks.truncate(0);
      continue;
    }
    HookBlock last = channel.blocks[keep - 1];
    if (last.begin + last.count > length) last = sliceBlock(channel.spec, last, last.begin, length);
    channel.blocks.truncate(keep - 1);
    channel.blocks.push_back(std::move(last));
  }
}

void Recorder::releaseHooks(const SnapshotSink& sink) {
  for (auto& [name, channel] : m_state.hooks) releaseBlocks(channel, sink.positionsWritten(name));
}

void Recorder::releaseBlocks(HookChannel& channel, std::int64_t written) {
  std::size_t done = 0;
  while (done < channel.blocks.size() && channel.blocks[done].begin + channel.blocks[done].count <= written) ++done;
  if (done == 0) return;
  channel.released = channel.blocks[done - 1].begin + channel.blocks[done - 1].count;
  Chunked<HookBlock> rest;
  for (std::size_t i = done; i < channel.blocks.size(); ++i) rest.push_back(channel.blocks[i]);
  channel.blocks = std::move(rest);
}

SnapshotPtr Recorder::publish() {
  ++m_state.revision;
  return std::make_shared<const Snapshot>(m_state);
}

} // namespace orrery::store
