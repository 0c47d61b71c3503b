// SPDX-License-Identifier: MIT
#include "views/head_score_cache.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "views/attention_map.h"

namespace orrery::views {
namespace {

constexpr double kMostWork = 4e9; // multiply-adds over all heads and layers of one build

std::uint64_t contentHash(const hooks::AttentionRecord& record, std::span<const std::int32_t> tokens,
                          std::int64_t rows) {
  std::uint64_t hash = 14695981039346656037u;
  const auto add = [&hash](std::uint64_t word) {
    hash = (hash ^ word) * 1099511628211u;
    hash ^= hash >> 29;
  };
  for (std::int64_t i = 0; i < rows; ++i) {
    add(static_cast<std::uint64_t>(tokens[static_cast<std::size_t>(i)]));
    for (std::int64_t h = 0; h < record.heads; ++h)
      add(std::bit_cast<std::uint64_t>(elementAt(record.lse, h * record.lse.strides[0] + i * record.lse.strides[1])));
  }
  return hash;
}

// Rows whose cells cost at most kMostWork: half of rows^2 for every head of every layer.
std::int64_t affordableRows(const store::Snapshot& snapshot) {
  double perPair = 0;
  for (const auto& record : snapshot.attention) perPair += static_cast<double>(record.heads * record.headDim);
  return perPair > 0 ? static_cast<std::int64_t>(std::sqrt(2 * kMostWork / perPair)) : 0;
}

} // namespace

HeadScoreCache::Entry HeadScoreCache::startFor(const hooks::AttentionRecord& record,
                                               std::span<const std::int32_t> tokens, std::uint64_t run,
                                               std::int64_t layer, std::int64_t rows) {
  std::vector<Entry> candidates;
  {
    const std::lock_guard lock(m_mutex);
    for (const Entry& entry : m_recent)
      if (entry.run == run && entry.layer == layer && entry.rows <= rows) candidates.push_back(entry);
  }
  std::sort(candidates.begin(), candidates.end(), [](const Entry& a, const Entry& b) { return a.rows > b.rows; });
  for (const Entry& entry : candidates)
    if (contentHash(record, tokens, entry.rows) == entry.content) return entry;
  return {run, 0, layer, 0, nullptr};
}

void HeadScoreCache::keep(const Entry& entry) {
  const std::lock_guard lock(m_mutex);
  // The same layer a few tokens ago is of no more use than this one; a longer text far ahead (scrubbing) is.
  m_recent.remove_if([&](const Entry& old) {
    return old.run == entry.run && old.layer == entry.layer && old.rows <= entry.rows && old.rows + 64 > entry.rows;
  });
  m_recent.push_front(entry);
  while (m_recent.size() > m_most) m_recent.pop_back();
}

Result<RunScores> HeadScoreCache::scores(const Request& request, std::stop_token stop) {
  const store::Snapshot& snapshot = *request.snapshot;
  const std::int64_t shown = shownTokens(request), affordable = affordableRows(snapshot);
  std::vector<std::int32_t> ids; // [T]
  for (std::int64_t i = 0; i < snapshot.length(); ++i) ids.push_back(snapshot.tokens[static_cast<std::size_t>(i)]);
  RunScores all;
  all.tokens = std::min(shown, affordable);
  all.cut = all.tokens < shown;
  for (std::size_t l = 0; l < snapshot.attention.size(); ++l) {
    const hooks::AttentionRecord& record = snapshot.attention[l];
    const std::int64_t rows = std::min(all.tokens, record.tokens);
    all.layers.emplace_back();
    if (rows < 1 || record.heads < 1 || record.tokens > snapshot.length()) continue;
    const std::span tokens = std::span<const std::int32_t>(ids).first(static_cast<std::size_t>(record.tokens));
    Entry entry = startFor(record, tokens, snapshot.run, static_cast<std::int64_t>(l), rows);
    std::vector<analysis::HeadScoreSums> sums;
    if (entry.sums) sums = *entry.sums;
    if (entry.rows < rows) {
      const auto added = analysis::addHeadScores(record, tokens, {entry.rows, rows}, sums, {}, stop);
      if (!added.ok()) return added.error();
      entry.rows = rows;
      entry.content = contentHash(record, tokens, rows);
      entry.sums = std::make_shared<const std::vector<analysis::HeadScoreSums>>(sums);
      keep(entry);
    }
    for (const auto& head : sums) all.layers.back().push_back(head.scores());
  }
  return all;
}

} // namespace orrery::views
