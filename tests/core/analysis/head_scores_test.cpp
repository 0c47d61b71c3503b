// SPDX-License-Identifier: MIT
// Any pattern P can be put into an attention record: keys one-hot, queries ln P, log-sum-exp 0, scale 1.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <functional>
#include <random>

#include "core/analysis/head_scores.h"

using namespace orrery;
using namespace orrery::analysis;
using hooks::AttentionRecord;

namespace {

using Pattern = std::vector<std::vector<double>>; // [T][T], rows sum to 1, zeros above the diagonal

AttentionRecord recordOf(const std::vector<Pattern>& heads) {
  AttentionRecord record;
  const auto tokens = static_cast<std::int64_t>(heads.front().size());
  record.heads = record.kvHeads = static_cast<std::int64_t>(heads.size());
  record.headDim = record.tokens = tokens;
  std::vector<double> q, k;
  for (const Pattern& pattern : heads)
    for (std::int64_t i = 0; i < tokens; ++i)
      for (std::int64_t j = 0; j < tokens; ++j) {
        const double p = pattern[static_cast<std::size_t>(i)][static_cast<std::size_t>(j)];
        q.push_back(p > 0 ? std::log(p) : -1e4);
        k.push_back(i == j ? 1 : 0);
      }
  record.q = viewOf(std::move(q), Shape{record.heads, tokens, tokens});
  record.k = viewOf(std::move(k), Shape{record.heads, tokens, tokens});
  record.lse =
      viewOf(std::vector<double>(static_cast<std::size_t>(record.heads * tokens), 0.0), Shape{record.heads, tokens});
  return record;
}

// Row i puts everything on target(i).
Pattern pointing(std::int64_t tokens, const std::function<std::int64_t(std::int64_t)>& target) {
  Pattern pattern(static_cast<std::size_t>(tokens), std::vector<double>(static_cast<std::size_t>(tokens), 0.0));
  for (std::int64_t i = 0; i < tokens; ++i)
    pattern[static_cast<std::size_t>(i)][static_cast<std::size_t>(target(i))] = 1;
  return pattern;
}

Pattern uniform(std::size_t tokens) {
  Pattern pattern(tokens, std::vector<double>(tokens, 0.0));
  for (std::size_t i = 0; i < tokens; ++i)
    for (std::size_t j = 0; j <= i; ++j) pattern[i][j] = 1.0 / static_cast<double>(i + 1);
  return pattern;
}

std::vector<std::int32_t> twice(std::int32_t n) { // 0..n-1, 0..n-1
  std::vector<std::int32_t> tokens;
  for (std::int32_t i = 0; i < 2 * n; ++i) tokens.push_back(i % n);
  return tokens;
}

void expectScore(const HeadScores& found, HeadScore score, double expected) {
  const HeadScoreInfo& info = headScoreTable()[static_cast<std::size_t>(score)];
  std::printf("%s: %.9g, expected %.9g, difference %.2g, tolerance 1e-6\n", std::string(info.name).c_str(),
              found[score], expected, std::abs(found[score] - expected));
  EXPECT_NEAR(found[score], expected, 1e-6) << info.name;
}

// The definitions of the header, written down with three loops and no care for speed.
std::array<double, kHeadScores> naiveScores(const Pattern& p, const std::vector<std::int32_t>& t) {
  std::array<double, kHeadScores> sum{}, rows{};
  const auto add = [&](HeadScore score, double value) {
    sum[static_cast<std::size_t>(score)] += value;
    rows[static_cast<std::size_t>(score)] += 1;
  };
  for (std::size_t i = 0; i < t.size(); ++i) {
    double entropy = 0, distance = 0, same = 0, next = 0;
    bool seen = false;
    for (std::size_t j = 0; j <= i; ++j) {
      if (p[i][j] > 0) entropy -= p[i][j] * std::log(p[i][j]);
      distance += p[i][j] * static_cast<double>(i - j);
      if (j == i || t[j] != t[i]) continue;
      seen = true;
      same += p[i][j];
      next += p[i][j + 1];
    }
    add(HeadScore::Entropy, entropy);
    add(HeadScore::MeanDistance, distance);
    if (i > 0) {
      add(HeadScore::RelativeEntropy, entropy / std::log(static_cast<double>(i + 1)));
      add(HeadScore::PreviousToken, p[i][i - 1]);
      add(HeadScore::FirstToken, p[i][0]);
    }
    if (seen) {
      add(HeadScore::DuplicateToken, same);
      add(HeadScore::Induction, next);
    }
  }
  for (std::size_t s = 0; s < kHeadScores; ++s) sum[s] /= rows[s];
  return sum;
}

Pattern randomPattern(std::size_t tokens, std::mt19937_64& random) {
  std::normal_distribution<double> normal(0, 2);
  Pattern pattern(tokens, std::vector<double>(tokens, 0.0));
  for (std::size_t i = 0; i < tokens; ++i) {
    double total = 0;
    for (std::size_t j = 0; j <= i; ++j) total += pattern[i][j] = std::exp(normal(random));
    for (std::size_t j = 0; j <= i; ++j) pattern[i][j] /= total;
  }
  return pattern;
}

struct RandomCase {
  std::vector<Pattern> heads;
  std::vector<std::int32_t> tokens;
};

RandomCase randomCase(std::size_t heads, std::size_t tokens) {
  std::mt19937_64 random(7);
  RandomCase made;
  for (std::size_t h = 0; h < heads; ++h) made.heads.push_back(randomPattern(tokens, random));
  for (std::size_t i = 0; i < tokens; ++i) made.tokens.push_back(static_cast<std::int32_t>(random() % 9));
  return made;
}

} // namespace

TEST(HeadScores, previousTokenHead) {
  const auto scores =
      headScores(recordOf({pointing(20, [](std::int64_t i) { return std::max<std::int64_t>(i - 1, 0); })}), twice(10));
  ASSERT_TRUE(scores) << scores.error().what;
  const HeadScores& head = scores->front();
  expectScore(head, HeadScore::PreviousToken, 1);
  expectScore(head, HeadScore::Entropy, 0);
  expectScore(head, HeadScore::FirstToken, 1.0 / 19);    // only row 1 looks at position 0
  expectScore(head, HeadScore::MeanDistance, 19.0 / 20); // row 0 looks at itself
  expectScore(head, HeadScore::Induction, 0);
}

TEST(HeadScores, sinkHead) {
  const auto scores = headScores(recordOf({pointing(20, [](std::int64_t) { return 0; })}), twice(10));
  ASSERT_TRUE(scores) << scores.error().what;
  const HeadScores& head = scores->front();
  expectScore(head, HeadScore::FirstToken, 1);
  expectScore(head, HeadScore::PreviousToken, 1.0 / 19);
  expectScore(head, HeadScore::MeanDistance, 19.0 / 2);
  expectScore(head, HeadScore::DuplicateToken, 0.1); // of rows 10 .. 19 only row 10 repeats token 0
}

TEST(HeadScores, duplicateAndInductionHeads) {
  const auto same = pointing(20, [](std::int64_t i) { return i < 10 ? i : i - 10; });
  const auto after = pointing(20, [](std::int64_t i) { return i < 10 ? i : i - 9; });
  const auto scores = headScores(recordOf({same, after}), twice(10));
  ASSERT_TRUE(scores) << scores.error().what;
  expectScore((*scores)[0], HeadScore::DuplicateToken, 1);
  expectScore((*scores)[0], HeadScore::Induction, 0);
  expectScore((*scores)[0], HeadScore::MeanDistance, 5);
  expectScore((*scores)[1], HeadScore::DuplicateToken, 0);
  expectScore((*scores)[1], HeadScore::Induction, 1);
}

TEST(HeadScores, uniformHeadHasFullEntropy) {
  const std::size_t tokens = 16;
  const auto scores = headScores(recordOf({uniform(tokens)}), twice(8));
  ASSERT_TRUE(scores) << scores.error().what;
  double entropy = 0, distance = 0;
  for (std::size_t i = 0; i < tokens; ++i) {
    entropy += std::log(static_cast<double>(i + 1)) / 16;
    distance += static_cast<double>(i) / 2 / 16;
  }
  expectScore(scores->front(), HeadScore::Entropy, entropy);
  expectScore(scores->front(), HeadScore::RelativeEntropy, 1);
  expectScore(scores->front(), HeadScore::MeanDistance, distance);
}

TEST(HeadScores, slidingWindowCountsItsOwnKeys) {
  const std::size_t tokens = 12;
  Pattern pattern(tokens, std::vector<double>(tokens, 0.0));
  for (std::size_t i = 0; i < tokens; ++i)
    for (std::size_t j = i < 3 ? 0 : i - 3; j <= i; ++j)
      pattern[i][j] = 1.0 / static_cast<double>(std::min<std::size_t>(4, i + 1));
  AttentionRecord record = recordOf({pattern});
  record.window = 4;
  const auto scores = headScores(record, twice(6));
  ASSERT_TRUE(scores) << scores.error().what;
  expectScore(scores->front(), HeadScore::RelativeEntropy, 1);
}

TEST(HeadScores, equalNaiveTwinOnRandomPatterns) {
  const RandomCase made = randomCase(3, 83);
  const auto scores = headScores(recordOf(made.heads), made.tokens);
  ASSERT_TRUE(scores) << scores.error().what;
  double largest = 0;
  for (std::size_t h = 0; h < made.heads.size(); ++h) {
    const auto expected = naiveScores(made.heads[h], made.tokens);
    for (std::size_t s = 0; s < kHeadScores; ++s)
      largest =
          std::max(largest, std::abs((*scores)[h].values[s] - expected[s]) / std::max(1.0, std::abs(expected[s])));
  }
  std::printf("largest relative difference %.3g, tolerance 1e-6\n", largest);
  EXPECT_LE(largest, 1e-6);
}

TEST(HeadScores, stripsThreadsAndPiecesChangeNoBit) {
  const RandomCase made = randomCase(5, 70);
  const AttentionRecord record = recordOf(made.heads);
  const auto whole = headScores(record, made.tokens, {.stripRows = 1000, .threads = 1});
  const auto strips = headScores(record, made.tokens, {.stripRows = 7, .threads = 3});
  ASSERT_TRUE(whole && strips);
  std::vector<HeadScoreSums> pieces;
  ASSERT_TRUE(addHeadScores(record, made.tokens, {0, 31}, pieces));
  ASSERT_TRUE(addHeadScores(record, made.tokens, {31, 70}, pieces));
  for (std::size_t h = 0; h < made.heads.size(); ++h) {
    EXPECT_EQ((*whole)[h].values, (*strips)[h].values);
    EXPECT_EQ((*whole)[h].values, pieces[h].scores().values);
  }
}

TEST(HeadScores, withoutRowsThatCountThereIsNoNumber) {
  const auto scores = headScores(recordOf({uniform(1)}), std::vector<std::int32_t>{5});
  ASSERT_TRUE(scores) << scores.error().what;
  expectScore(scores->front(), HeadScore::Entropy, 0);
  for (HeadScore score : {HeadScore::RelativeEntropy, HeadScore::PreviousToken, HeadScore::Induction})
    EXPECT_TRUE(std::isnan(scores->front()[score]));
}

TEST(HeadScores, wrongInputIsRefusedAndStopIsObeyed) {
  const AttentionRecord record = recordOf({uniform(8)});
  const auto tokens = headScores(record, twice(3));
  ASSERT_FALSE(tokens);
  EXPECT_EQ(tokens.error().what, "head scores: expected 8 tokens as in the attention record, found 6");
  std::vector<HeadScoreSums> sums;
  EXPECT_FALSE(addHeadScores(record, twice(4), {3, 9}, sums));
  EXPECT_FALSE(addHeadScores(record, twice(4), {0, 8}, sums, {.stripRows = 0}));
  std::stop_source stop;
  stop.request_stop();
  const auto stopped = headScores(record, twice(4), {}, stop.get_token());
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().code, Code::Cancelled);
}
