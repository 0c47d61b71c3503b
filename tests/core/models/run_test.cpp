// SPDX-License-Identifier: MIT
// Runs: captures change nothing, cuts and branches leave what was handed out alone, records agree with the full maps.
#include <cstring>

#include "core/hooks/overview.h"
#include "tests/core/models/helpers.h"

namespace orrery::models::test {
namespace {

std::shared_ptr<Decoder> model(const char* text, DType dtype = DType::F32) {
  auto json = parseJson(text, "test");
  auto config = parseConfig(*json, "test");
  EXPECT_TRUE(config.ok());
  LoadOptions options;
  options.dtype = dtype;
  return *randomDecoder(*config, 11, options);
}
const char* const kGpt2 = R"({"architectures":["GPT2LMHeadModel"],"n_embd":32,"n_head":4,"n_layer":2,
  "n_positions":512,"vocab_size":101,"initializer_range":0.2})";
const char* const kLlama = R"({"architectures":["LlamaForCausalLM"],"hidden_size":48,"num_attention_heads":6,
  "num_key_value_heads":2,"num_hidden_layers":2,"intermediate_size":70,"max_position_embeddings":512,
  "vocab_size":101,"initializer_range":0.2})";

std::vector<std::int32_t> text(std::size_t n) {
  std::vector<std::int32_t> ids(n);
  for (std::size_t i = 0; i < n; ++i) ids[i] = static_cast<std::int32_t>((i * i * 7 + 13 * i + 5) % 101);
  return ids;
}

TEST(Run, CapturesChangeNoBit) {
  for (const char* config : {kGpt2, kLlama})
    for (const std::int64_t chunk : {512, 64, 7}) {
      const auto decoder = model(config);
      std::vector<std::vector<double>> logits;
      for (const int what : {0, 1, 2}) { // nothing, the defaults, every hook
        Keeper keeper;
        RunOptions options;
        options.chunk = chunk;
        options.plan.attention = options.plan.overviews = options.plan.valuesAndLogits = what > 0;
        if (what == 2) {
          options.plan = planOfAll(*decoder);
          options.sink = &keeper;
        }
        auto run = start(*decoder, options);
        append(*run, text(150));
        logits.push_back(run->lastLogits());
        append(*run, text(3));
        const auto more = run->lastLogits();
        logits.back().insert(logits.back().end(), more.begin(), more.end());
      }
      for (const int what : {1, 2}) {
        const auto& captured = logits[static_cast<std::size_t>(what)];
        EXPECT_EQ(std::memcmp(captured.data(), logits[0].data(), captured.size() * sizeof(double)), 0)
            << "captures " << what << " chunk " << chunk << " differ by " << difference(captured, logits[0]).largest;
      }
    }
}

TEST(Run, ChunksGiveTheSame) {
  for (const char* config : {kGpt2, kLlama}) {
    const auto decoder = model(config, DType::F64);
    std::vector<double> whole;
    for (const std::int64_t chunk : {512, 1, 7, 64}) {
      RunOptions options;
      options.chunk = chunk;
      auto run = start(*decoder, options);
      append(*run, text(200));
      if (whole.empty()) whole = run->lastLogits();
      const double off = difference(run->lastLogits(), whole).worst;
      std::printf("  chunk %3d: logits differ by %.1e  tolerance 1e-11\n", static_cast<int>(chunk), off);
      EXPECT_LE(off, 1e-11);
    }
  }
}

// Pattern of the last record's layer as the record gives it, against hook_pattern and its block means.
void checkRecord(const hooks::AttentionRecord& record, const Values& pattern) {
  const std::int64_t n = record.tokens;
  double tile = 0, mean = 0, top = 0, sums = 0;
  for (std::int64_t h = 0; h < record.heads; ++h) {
    const auto cells = hooks::attentionTile64(record, h, {0, n}, {0, n});
    ASSERT_TRUE(cells.ok());
    const std::vector<double> p(pattern.data.begin() + h * n * n, pattern.data.begin() + (h + 1) * n * n);
    tile = std::max(tile, difference(*cells, p).largest);
    const std::int64_t cell = record.overview.cell, side = record.overview.side();
    ASSERT_EQ(side, (n + cell - 1) / cell);
    for (std::int64_t r = 0; r < side; ++r)
      for (std::int64_t c = 0; c < side; ++c) {
        double sum = 0, most = 0;
        const std::int64_t rowEnd = std::min(n, (r + 1) * cell), colEnd = std::min(n, (c + 1) * cell);
        for (std::int64_t i = r * cell; i < rowEnd; ++i)
          for (std::int64_t j = c * cell; j < colEnd; ++j) {
            sum += p[static_cast<std::size_t>(i * n + j)];
            most = std::max(most, p[static_cast<std::size_t>(i * n + j)]);
          }
        const auto pairs = static_cast<double>((rowEnd - r * cell) * (colEnd - c * cell));
        mean = std::max(mean, std::abs(record.overview.mean(h, r, c) - sum / pairs));
        top = std::max(top, std::abs(static_cast<double>(record.overview.max(h, r, c)) - most));
      }
    for (std::int64_t i = 0; i < n; ++i) {
      double row = 0;
      for (std::int64_t j = 0; j < n; ++j) row += p[static_cast<std::size_t>(i * n + j)];
      sums = std::max(sums, std::abs(row - 1));
    }
  }
  std::printf("  T %3d: tile %.1e  overview mean %.1e  max %.1e  tolerance 1e-6; rows sum to 1 within %.1e\n",
              static_cast<int>(n), tile, mean, top, sums);
  EXPECT_LE(tile, 1e-6);
  EXPECT_LE(mean, 1e-6);
  EXPECT_LE(top, 1e-6);
  EXPECT_LE(sums, 1e-5);
}

// Pieces [1, H, t, begin + t] -> [1, H, T, T], zeros above the diagonal.
Values wholeMap(const std::vector<Values>& pieces, std::int64_t n) {
  const std::int64_t heads = pieces.front().shape[1];
  Values map{{1, heads, n, n}, std::vector<double>(static_cast<std::size_t>(heads * n * n))};
  std::int64_t begin = 0;
  for (const Values& piece : pieces) {
    const std::int64_t rows = piece.shape[2], width = piece.shape[3];
    EXPECT_EQ(width, begin + rows);
    for (std::int64_t h = 0; h < heads; ++h)
      for (std::int64_t r = 0; r < rows; ++r)
        std::copy_n(piece.data.begin() + (h * rows + r) * width, width, map.data.begin() + (h * n + begin + r) * n);
    begin += rows;
  }
  return map;
}

TEST(Run, RecordsAgreeWithFullMaps) {
  for (const char* config : {kGpt2, kLlama})
    for (const std::int64_t cells : {256, 16, 3})
      for (const std::int64_t chunk : {512, 48}) {
        const auto decoder = model(config);
        const std::vector<std::int32_t> ids = text(170);
        Keeper keeper; // pieces and single tokens
        RunOptions options;
        options.plan = planOf(*decoder, "blocks.*.attn.hook_pattern");
        options.plan.overviewCells = cells;
        options.sink = &keeper;
        options.chunk = chunk;
        auto run = start(*decoder, options);
        append(*run, std::span(ids).subspan(0, 101));
        for (std::size_t i = 101; i < ids.size(); ++i) append(*run, std::span(ids).subspan(i, 1));
        for (const int layer : {0, 1})
          checkRecord(keeper.records[layer],
                      wholeMap(keeper.pieces["blocks." + std::to_string(layer) + ".attn.hook_pattern"], 170));
      }
}

TEST(Run, CutAndGoOnEqualsStraight) {
  for (const char* config : {kGpt2, kLlama})
    for (const std::int64_t cells : {256, 16}) {
      const auto decoder = model(config, DType::F64);
      const std::vector<std::int32_t> ids = text(90);
      Keeper keeper, straightKeeper;
      RunOptions options;
      options.plan.overviewCells = cells;
      options.sink = &keeper;
      auto run = start(*decoder, options);
      append(*run, text(70));
      append(*run, std::vector<std::int32_t>{9, 9, 9, 9, 9});
      const auto old = keeper.records;
      const auto before = hooks::attentionTile64(old.at(1), 1, {0, 75}, {0, 75});
      const float oldCell = old.at(1).overview.max(1, old.at(1).overview.side() - 1, 0);
      ASSERT_TRUE(run->truncate(41).ok());
      EXPECT_EQ(run->length(), 41);
      const std::vector<double> atCut = run->lastLogits();
      append(*run, std::span(ids).subspan(41));
      options.sink = &straightKeeper;
      auto straight = start(*decoder, options);
      append(*straight, std::span(ids).subspan(0, 41));
      EXPECT_LE(difference(atCut, straight->lastLogits()).worst, 1e-11);
      append(*straight, std::span(ids).subspan(41));
      EXPECT_LE(difference(run->lastLogits(), straight->lastLogits()).worst, 1e-11);
      for (const int layer : {0, 1})
        for (std::int64_t h = 0; h < old.at(1).heads; ++h) {
          const auto &a = keeper.records[layer].overview, &b = straightKeeper.records[layer].overview;
          EXPECT_EQ(a.cell, b.cell);
          const auto x = a.meanMap(h), y = b.meanMap(h);
          EXPECT_LE(difference({x.begin(), x.end()}, {y.begin(), y.end()}).largest, 1e-6);
        }
      const auto after = hooks::attentionTile64(old.at(1), 1, {0, 75}, {0, 75});
      EXPECT_EQ(*before, *after) << "an older record changed";
      EXPECT_EQ(oldCell, old.at(1).overview.max(1, old.at(1).overview.side() - 1, 0));
    }
}

TEST(Run, BranchesAreIndependent) {
  for (const char* config : {kGpt2, kLlama}) {
    const auto decoder = model(config, DType::F64);
    auto run = start(*decoder, {});
    append(*run, text(60));
    auto branch = run->fork(50, {});
    ASSERT_TRUE(branch.ok());
    const std::vector<std::int32_t> left = {1, 2, 3}, right = {4, 5, 6};
    append(**branch, left);
    ASSERT_TRUE(run->truncate(50).ok());
    append(*run, right);
    append(**branch, left);
    for (const auto& [some, tail] :
         {std::pair(run.get(), right), std::pair(branch->get(), std::vector{1, 2, 3, 1, 2, 3})}) {
      auto fresh = start(*decoder, {});
      append(*fresh, text(50));
      append(*fresh, tail);
      EXPECT_EQ(some->tokens(), fresh->tokens());
      EXPECT_LE(difference(some->lastLogits(), fresh->lastLogits()).worst, 1e-11);
    }
  }
}

TEST(Run, ScoresFollowFromLogits) {
  for (const std::int64_t chunk : {512, 5, 1}) {
    const auto decoder = model(kLlama, DType::F64);
    Keeper keeper;
    std::vector<hooks::TokenScore> scores;
    RunOptions options;
    options.plan = planOf(*decoder, "unembed.hook_out");
    options.sink = &keeper;
    options.chunk = chunk;
    options.onScores = [&](std::int64_t begin, std::span<const hooks::TokenScore> more) {
      EXPECT_EQ(begin, static_cast<std::int64_t>(scores.size()));
      scores.insert(scores.end(), more.begin(), more.end());
    };
    auto run = start(*decoder, options);
    const auto ids = text(33);
    append(*run, std::span(ids).subspan(0, 20));
    append(*run, std::span(ids).subspan(20));
    const Values logits = keeper.joined("unembed.hook_out");
    ASSERT_EQ(scores.size(), ids.size());
    EXPECT_EQ(scores[0].logProbability, 0);
    double worst = 0;
    for (std::size_t t = 0; t < ids.size(); ++t) {
      const std::vector<double> row(logits.data.begin() + static_cast<std::ptrdiff_t>(t * 101),
                                    logits.data.begin() + static_cast<std::ptrdiff_t>(t * 101 + 101));
      double sum = 0, entropy = 0;
      for (const double x : row) sum += std::exp(x);
      for (const double x : row) entropy -= std::exp(x) / sum * (x - std::log(sum));
      std::vector<int> order(101);
      for (int i = 0; i < 101; ++i) order[static_cast<std::size_t>(i)] = i;
      std::ranges::stable_sort(
          order, [&](int a, int b) { return row[static_cast<std::size_t>(a)] > row[static_cast<std::size_t>(b)]; });
      for (std::size_t i = 0; i < hooks::kTopTokens; ++i) {
        EXPECT_EQ(scores[t].topIds[i], order[i]);
        worst = std::max(worst, std::abs(scores[t].topLogProbabilities[i] -
                                         (row[static_cast<std::size_t>(order[i])] - std::log(sum))));
      }
      worst = std::max(worst, std::abs(scores[t].entropy - entropy));
      if (t + 1 < ids.size())
        worst = std::max(worst, std::abs(scores[t + 1].logProbability -
                                         (row[static_cast<std::size_t>(ids[t + 1])] - std::log(sum))));
    }
    std::printf("  chunk %3d: scores differ by %.1e  tolerance 2e-6 (stored as float)\n", static_cast<int>(chunk),
                worst);
    EXPECT_LE(worst, 2e-6);
  }
}

TEST(Run, RefusalsAndCancelLeaveItAsItWas) {
  const auto decoder = model(kGpt2);
  auto run = start(*decoder, {});
  append(*run, text(10));
  const auto logits = run->lastLogits();
  const auto refuse = [&](std::vector<std::int32_t> ids) {
    const Status s = run->append(ids);
    EXPECT_FALSE(s.ok());
    std::printf("  %s\n", s.ok() ? "accepted" : s.error().message().c_str());
  };
  refuse({});
  refuse({101});
  refuse({-1});
  refuse(text(503));
  std::stop_source stop;
  stop.request_stop();
  const Status cancelled = run->append(text(5), stop.get_token());
  ASSERT_FALSE(cancelled.ok());
  EXPECT_EQ(cancelled.error().code, Code::Cancelled);
  EXPECT_EQ(run->length(), 10);
  EXPECT_LE(difference(run->lastLogits(), logits).worst, 1e-6);
  EXPECT_FALSE(run->truncate(11).ok());
  EXPECT_TRUE(run->truncate(0).ok());
  append(*run, text(10));
  EXPECT_EQ(run->lastLogits(), logits);
}

// What was computed before a cancel stays, and the run goes on from there.
TEST(Run, CancelKeepsTheChunksThatWereDone) {
  const auto decoder = model(kGpt2);
  RunOptions options;
  options.chunk = 4;
  auto run = start(*decoder, options), fresh = start(*decoder, options);
  std::stop_source stop;
  const std::vector<std::int32_t> all = text(30);
  const Status ended = run->append(all, stop.get_token(), [&](double fraction) {
    if (fraction > 0.5) stop.request_stop();
  });
  ASSERT_FALSE(ended.ok());
  EXPECT_EQ(ended.error().code, Code::Cancelled);
  EXPECT_EQ(run->length(), 16);
  append(*run, std::vector(all.begin() + 16, all.end()));
  append(*fresh, all);
  const double worst = difference(run->lastLogits(), fresh->lastLogits()).worst;
  std::printf("  stopped after 16 of 30 tokens, then the rest: largest %.1e  tolerance 1e-5\n", worst);
  EXPECT_LE(worst, 1e-5);
}

} // namespace
} // namespace orrery::models::test
