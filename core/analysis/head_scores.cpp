// SPDX-License-Identifier: MIT
#include "core/analysis/head_scores.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <unordered_map>

namespace orrery::analysis {

namespace {

using hooks::AttentionRecord;
using hooks::TileRange;

constexpr std::array<HeadScoreInfo, kHeadScores> kTable = {{
    {HeadScore::Entropy, "entropy", "Entropy", "nat", false},
    {HeadScore::RelativeEntropy, "relative-entropy", "Relative entropy", "1", true},
    {HeadScore::PreviousToken, "previous-token", "Previous token", "1", true},
    {HeadScore::FirstToken, "first-token", "First token (sink)", "1", true},
    {HeadScore::DuplicateToken, "duplicate-token", "Duplicate token", "1", true},
    {HeadScore::Induction, "induction", "Induction", "1", true},
    {HeadScore::MeanDistance, "mean-distance", "Mean distance", "tokens", false},
}};

// previous[i]: the last position before i with the same token, -1 if none. Following it lists all of them.
std::vector<std::int64_t> previousOccurrences(std::span<const std::int32_t> tokens) {
  std::unordered_map<std::int32_t, std::int64_t> last;
  std::vector<std::int64_t> previous(tokens.size(), -1);
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const auto [seen, isNew] = last.try_emplace(tokens[i], static_cast<std::int64_t>(i));
    if (!isNew) previous[i] = std::exchange(seen->second, static_cast<std::int64_t>(i));
  }
  return previous;
}

void count(HeadScoreSums& sums, HeadScore score, double value) {
  sums.sums[static_cast<std::size_t>(score)] += value;
  ++sums.rows[static_cast<std::size_t>(score)];
}

void addSpread(HeadScoreSums& sums, const float* row, std::int64_t i, std::int64_t window) { // row: [i + 1]
  double entropy = 0, distance = 0;
  for (std::int64_t j = 0; j <= i; ++j) {
    const double p = row[j];
    if (p > 0) entropy -= p * std::log(p);
    distance += p * static_cast<double>(i - j);
  }
  count(sums, HeadScore::Entropy, entropy);
  count(sums, HeadScore::MeanDistance, distance);
  const std::int64_t allowed = window > 0 ? std::min(window, i + 1) : i + 1;
  if (allowed > 1) count(sums, HeadScore::RelativeEntropy, entropy / std::log(static_cast<double>(allowed)));
}

void addMatches(HeadScoreSums& sums, const float* row, std::int64_t i, const std::vector<std::int64_t>& previous) {
  std::int64_t j = previous[static_cast<std::size_t>(i)];
  if (j < 0) return;
  double same = 0, next = 0;
  for (; j >= 0; j = previous[static_cast<std::size_t>(j)]) {
    same += row[j];
    next += row[j + 1];
  }
  count(sums, HeadScore::DuplicateToken, same);
  count(sums, HeadScore::Induction, next);
}

void addRow(HeadScoreSums& sums, const float* row, std::int64_t i, const AttentionRecord& record,
            const std::vector<std::int64_t>& previous) {
  addSpread(sums, row, i, record.window);
  if (i >= 1) {
    count(sums, HeadScore::PreviousToken, row[i - 1]);
    count(sums, HeadScore::FirstToken, row[0]);
  }
  addMatches(sums, row, i, previous);
}

struct Job {
  const AttentionRecord& record;
  std::vector<std::int64_t> previous;
  TileRange rows;
  std::int64_t stripRows;
  std::stop_token stop;
};

Status addHead(const Job& job, std::int64_t head, HeadScoreSums& sums) {
  for (std::int64_t begin = job.rows.begin; begin < job.rows.end; begin += job.stripRows) {
    if (job.stop.stop_requested()) return cancelled();
    const std::int64_t end = std::min(job.rows.end, begin + job.stripRows);
    auto strip = hooks::attentionTile(job.record, head, {begin, end}, {0, end}); // [end - begin, end]
    if (!strip) return strip.error();
    for (std::int64_t i = begin; i < end; ++i)
      addRow(sums, strip->data() + (i - begin) * end, i, job.record, job.previous);
  }
  return Done{};
}

Status addAllHeads(const Job& job, int threads, std::vector<HeadScoreSums>& sums) {
  std::atomic<std::size_t> next = 0;
  std::mutex mutex;
  std::optional<Error> failure; // guarded by mutex
  const auto work = [&] {
    for (std::size_t head = next++; head < sums.size(); head = next++) {
      const Status done = addHead(job, static_cast<std::int64_t>(head), sums[head]);
      if (done) continue;
      std::lock_guard lock(mutex);
      failure = done.error();
      next = sums.size();
    }
  };
  {
    std::vector<std::jthread> helpers;
    const int others = std::min<int>(threads, static_cast<int>(sums.size())) - 1;
    for (int i = 0; i < others; ++i) helpers.emplace_back(work);
    work();
  }
  if (failure) return *failure;
  return Done{};
}

Status check(const AttentionRecord& record, std::span<const std::int32_t> tokens, TileRange rows,
             const std::vector<HeadScoreSums>& sums, const HeadScoreOptions& options) {
  if (record.tokens != static_cast<std::int64_t>(tokens.size()))
    return badInput("head scores: expected " + std::to_string(record.tokens) +
                    " tokens as in the attention record, found " + std::to_string(tokens.size()));
  if (rows.begin < 0 || rows.end < rows.begin || rows.end > record.tokens)
    return badInput("head scores: rows " + std::to_string(rows.begin) + " to " + std::to_string(rows.end) +
                    " do not lie within the " + std::to_string(record.tokens) + " tokens");
  if (!sums.empty() && static_cast<std::int64_t>(sums.size()) != record.heads)
    return badInput("head scores: expected sums of " + std::to_string(record.heads) + " heads, found " +
                    std::to_string(sums.size()));
  if (options.stripRows < 1 || options.threads < 1)
    return badInput("head scores: strip rows and threads must be at least 1");
  return Done{};
}

} // namespace

std::span<const HeadScoreInfo> headScoreTable() { return kTable; }

HeadScores HeadScoreSums::scores() const {
  HeadScores scores{};
  for (std::size_t i = 0; i < kHeadScores; ++i)
    scores.values[i] = rows[i] ? sums[i] / static_cast<double>(rows[i]) : std::numeric_limits<double>::quiet_NaN();
  return scores;
}

Status addHeadScores(const AttentionRecord& record, std::span<const std::int32_t> tokens, TileRange rows,
                     std::vector<HeadScoreSums>& sums, const HeadScoreOptions& options, std::stop_token stop) {
  if (Status fine = check(record, tokens, rows, sums, options); !fine) return fine;
  std::vector<HeadScoreSums> result = sums;
  result.resize(static_cast<std::size_t>(record.heads));
  const Job job{record, previousOccurrences(tokens), rows, options.stripRows, stop};
  if (Status done = addAllHeads(job, options.threads, result); !done) return done;
  sums = std::move(result);
  return Done{};
}

Result<std::vector<HeadScores>> headScores(const AttentionRecord& record, std::span<const std::int32_t> tokens,
                                           const HeadScoreOptions& options, std::stop_token stop) {
  std::vector<HeadScoreSums> sums;
  const TileRange all{0, record.tokens};
  if (Status done = addHeadScores(record, tokens, all, sums, options, stop); !done) return done.error();
  std::vector<HeadScores> scores;
  for (const HeadScoreSums& head : sums) scores.push_back(head.scores());
  return scores;
}

} // namespace orrery::analysis
