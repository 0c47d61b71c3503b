// SPDX-License-Identifier: MIT
// What a head does, in seven numbers. Pure functions of an attention record and the tokens it was taken on.
// P[i,j] is the pattern of one head (query i, key j <= i), t the tokens, [..] a mean over the rows i that count:
//   entropy           [ -sum_j P[i,j] ln P[i,j] ]                                  all rows; nat
//   relative entropy  [ entropy of row i / ln(keys allowed in row i) ]             rows with at least 2 allowed keys
//   previous token    [ P[i,i-1] ]                                                 i >= 1
//   first token       [ P[i,0] ]                                                   i >= 1 (row 0 has no choice)
//   duplicate token   [ sum of P[i,j] over j < i with t[j] = t[i] ]                rows with such a j
//   induction         [ sum of P[i,j+1] over j < i with t[j] = t[i] ]              rows with such a j
//   mean distance     [ sum_j P[i,j] (i - j) ]                                     all rows; tokens
// The detection patterns are those of TransformerLens' head_detector (score "mul") and of Olsson et al. 2022,
// "In-context Learning and Induction Heads". TransformerLens divides by all T rows, here by those that count, so a
// perfect head scores 1 on any text. On repeated random tokens (the usual test for induction) the rows that count
// for induction are the second half.
// Any T: cells are computed in strips of rows, memory O(strip * T) per thread, never T x T. Sums run in double over
// rows in ascending order, so neither strip size nor thread count changes a bit. Any thread.
#pragma once
#include <array>
#include <cstdint>
#include <span>
#include <stop_token>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/hooks/attention_record.h"

namespace orrery::analysis {

enum class HeadScore { Entropy, RelativeEntropy, PreviousToken, FirstToken, DuplicateToken, Induction, MeanDistance };
inline constexpr int kHeadScores = 7;

struct HeadScoreInfo {
  HeadScore score;
  std::string_view name;  // "previous-token": what --set and files say
  std::string_view title; // "Previous token"
  std::string_view unit;  // "nat", "tokens", "1"
  bool bounded;           // within [0, 1]
};
std::span<const HeadScoreInfo> headScoreTable(); // in the order of the enum

// The scores of one head; NaN where no row of the text counts.
struct HeadScores {
  std::array<double, kHeadScores> values;
  double operator[](HeadScore score) const { return values[static_cast<std::size_t>(score)]; }
};

// Running sums of one head: rows may be added piece by piece while a model generates.
struct HeadScoreSums {
  std::array<double, kHeadScores> sums{};
  std::array<std::int64_t, kHeadScores> rows{}; // that count, per score
  HeadScores scores() const;
};

struct HeadScoreOptions {
  std::int64_t stripRows = 64; // rows per strip, >= 1
  int threads = 1;             // heads are shared out among them
};

// Adds rows [rows.begin, rows.end) of every head to `sums` [H] (empty: starts at zero). `tokens` [T] must be the
// record's. On an error or a stop `sums` is left as it was. Errors: BadInput, Cancelled.
Status addHeadScores(const hooks::AttentionRecord& record, std::span<const std::int32_t> tokens, hooks::TileRange rows,
                     std::vector<HeadScoreSums>& sums, const HeadScoreOptions& options = {}, std::stop_token stop = {});

// All rows of every head of a layer: [H].
Result<std::vector<HeadScores>> headScores(const hooks::AttentionRecord& record, std::span<const std::int32_t> tokens,
                                           const HeadScoreOptions& options = {}, std::stop_token stop = {});

} // namespace orrery::analysis
