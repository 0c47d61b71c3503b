// SPDX-License-Identifier: MIT
// Scores of tiles are those of the forward pass, with and without a sliding window; a window makes the work O(T).
#include <cstring>
#include <ctime>

#include "core/models/parallel.h"
#include "tests/core/models/helpers.h"

namespace orrery::models::test {
namespace {

struct Shape2 {
  std::int64_t heads, kvHeads, headDim, window;
};

ModelConfig configOf(const Shape2& shape, std::int64_t context) {
  const Json json = {{"architectures", {"LlamaForCausalLM"}},
                     {"hidden_size", shape.heads * shape.headDim},
                     {"num_attention_heads", shape.heads},
                     {"num_key_value_heads", shape.kvHeads},
                     {"num_hidden_layers", 1},
                     {"intermediate_size", 16},
                     {"max_position_embeddings", context},
                     {"vocab_size", 101},
                     {"initializer_range", 0.3}};
  ModelConfig config = *parseConfig(json, "test");
  config.windows.assign(static_cast<std::size_t>(config.layers), shape.window);
  return config;
}
std::shared_ptr<Decoder> modelOf(const ModelConfig& config, DType dtype) {
  LoadOptions options;
  options.dtype = dtype;
  return *randomDecoder(config, 5, options);
}

std::vector<std::int32_t> text(std::int64_t n) {
  std::vector<std::int32_t> ids(static_cast<std::size_t>(n));
  for (std::size_t i = 0; i < ids.size(); ++i) ids[i] = static_cast<std::int32_t>((i * i * 7 + 13 * i + 5) % 101);
  return ids;
}

// Cells of hook_attn_scores that a tile gives another number for, in any bit.
std::int64_t differingScores(const Shape2& shape, DType dtype, std::int64_t chunk) {
  const auto decoder = modelOf(configOf(shape, 256), dtype);
  Keeper keeper;
  RunOptions options;
  options.plan = planOf(*decoder, "blocks.*.attn.hook_attn_scores");
  options.sink = &keeper;
  options.chunk = chunk;
  auto run = start(*decoder, options);
  append(*run, text(150));
  std::int64_t begin = 0, wrong = 0;
  for (const Values& piece : keeper.pieces["blocks.0.attn.hook_attn_scores"]) { // [1, H, t, begin + t]
    const std::int64_t rows = piece.shape[2], end = piece.shape[3];
    for (std::int64_t h = 0; h < shape.heads; ++h) {
      const auto tile = hooks::scoreTile(keeper.records[0], h, {begin, end}, {0, end});
      EXPECT_TRUE(tile.ok());
      for (std::int64_t i = 0; i < rows * end; ++i)
        wrong += static_cast<float>(piece.data[static_cast<std::size_t>(h * rows * end + i)]) !=
                 (*tile)[static_cast<std::size_t>(i)];
    }
    begin = end;
  }
  EXPECT_EQ(begin, 150);
  return wrong;
}

TEST(Window, ScoresOfTilesAreThoseOfTheForwardPass) {
  for (const Shape2& shape : {Shape2{4, 4, 20, 0}, {6, 2, 24, 0}, {2, 1, 64, 0}, {2, 2, 20, 70}, {4, 2, 64, 1}})
    for (const DType dtype : {DType::F32, DType::F64})
      for (const std::int64_t chunk : {512, 66, 5, 1})
        EXPECT_EQ(differingScores(shape, dtype, chunk), 0)
            << "head dim " << shape.headDim << " window " << shape.window << " chunk " << chunk;
}

TEST(Window, PatternAndOverviewKnowIt) {
  for (const std::int64_t window : {1, 33, 64, 100}) {
    const auto decoder = modelOf(configOf({2, 1, 24, window}, 256), DType::F32);
    for (const std::int64_t chunk : {512, 70, 1}) {
      Keeper keeper;
      RunOptions options;
      options.plan = planOf(*decoder, "blocks.*.attn.hook_z");
      options.plan.overviewCells = 256;
      options.sink = &keeper;
      options.chunk = chunk;
      auto run = start(*decoder, options);
      append(*run, text(150));
      const hooks::AttentionRecord& record = keeper.records[0];
      double off = 0;
      for (std::int64_t h = 0; h < 2; ++h) {
        const auto p = hooks::attentionTile64(record, h, {0, 150}, {0, 150});
        ASSERT_TRUE(p.ok());
        for (std::int64_t i = 0; i < 150; ++i) {
          double sum = 0;
          for (std::int64_t j = 0; j < 150; ++j) {
            const double cell = (*p)[static_cast<std::size_t>(i * 150 + j)];
            EXPECT_EQ(cell > 0, j <= i && j > i - window) << i << " " << j;
            sum += cell;
            if (j <= i) off = std::max(off, std::abs(record.overview.mean(h, i, j) - cell));
          }
          EXPECT_NEAR(sum, 1, 1e-5); // lse is rounded to float
        }
      }
      std::printf("  window %3d chunk %3d: largest %.1e  tolerance 1e-6\n", static_cast<int>(window),
                  static_cast<int>(chunk), off);
      EXPECT_LE(off, 1e-6);
    }
  }
}

// Processor time of this process, so that others on the machine do not count.
double cpuSeconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

double forwardSeconds(std::int64_t window, std::int64_t tokens) {
  const auto decoder = modelOf(configOf({4, 4, 8, window}, tokens), DType::F32);
  const std::vector<std::int32_t> ids = text(tokens);
  double least = INFINITY;
  for (int round = 0; round < 3; ++round) {
    Keeper keeper;
    RunOptions options;
    options.plan.attention = options.plan.overviews = true;
    options.plan.valuesAndLogits = false;
    options.sink = &keeper;
    auto run = start(*decoder, options);
    const double begin = cpuSeconds();
    append(*run, ids);
    least = std::min(least, cpuSeconds() - begin);
  }
  return least;
}

TEST(Window, TheWorkGrowsAsTheText) {
  setThreads(1);
  const double narrow = forwardSeconds(64, 8192) / forwardSeconds(64, 4096);
  const double whole = forwardSeconds(0, 8192) / forwardSeconds(0, 4096);
  setThreads(0);
  std::printf("  twice the text: %.2f times the work with a window of 64 (at most 2.8), %.2f without\n", narrow, whole);
  EXPECT_LE(narrow, 2.8);
  EXPECT_GE(whole, 2.8) << "the measurement does not see the attention";
}

} // namespace
} // namespace orrery::models::test
