// SPDX-License-Identifier: MIT
// Head scores of a run, kept while its text grows: rows that were counted are not counted again. Any thread.
#pragma once
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <span>
#include <stop_token>
#include <vector>

#include "core/analysis/head_scores.h"
#include "core/base/result.h"
#include "views/api/view.h"

namespace orrery::views {

struct RunScores {
  std::int64_t tokens = 0;                               // rows counted
  bool cut = false;                                      // fewer than the text has: the rest would take too long
  std::vector<std::vector<analysis::HeadScores>> layers; // [L][H]; an inner vector is empty if a layer has no record
};

class HeadScoreCache {
public:
  explicit HeadScoreCache(std::size_t layers = 4096) : m_most(layers) {}

  // Rows [0, T) of every layer, T the shown tokens; at most so many rows that a build stays below a few seconds.
  // Errors: those of analysis::addHeadScores, Cancelled.
  Result<RunScores> scores(const Request& request, std::stop_token stop);

private:
  // Least recently used out. One entry per (run, layer) and, beside the live end, per scrubbed-back T.
  struct Entry {
    std::uint64_t run = 0, content = 0; // content: hash over tokens and log-sum-exps of the counted rows
    std::int64_t layer = 0, rows = 0;
    std::shared_ptr<const std::vector<analysis::HeadScoreSums>> sums; // [H]
  };
  Entry startFor(const hooks::AttentionRecord& record, std::span<const std::int32_t> tokens, std::uint64_t run,
                 std::int64_t layer, std::int64_t rows);
  void keep(const Entry& entry);

  const std::size_t m_most;
  std::mutex m_mutex;
  std::list<Entry> m_recent; // guarded by m_mutex; front: used last
};

} // namespace orrery::views
