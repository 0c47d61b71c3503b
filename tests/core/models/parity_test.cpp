// SPDX-License-Identifier: MIT
// What a run says of itself in two ways: tiles against patterns, cached against uncached, old key names against new. On
// the outside oracles where they are, and small checkpoints with other options that lie beside this test
// (make_reference.py made them). Numbers of other programs: tests/core/session/parity_table_test.cpp.
#include "tests/core/models/helpers.h"

#include "core/hooks/attention_record.h"

namespace orrery::models::test {
namespace {

std::vector<std::string> folders() {
  std::vector<std::string> all;
  for (const std::string& home : {kOracles + "/models", kData})
    if (std::filesystem::exists(home))
      for (const auto& entry : std::filesystem::directory_iterator(home))
        if (entry.is_directory()) all.push_back(entry.path().string());
  std::ranges::sort(all);
  return all;
}

// Cells from Q, K and lse against the pattern that the same run captured.
TEST(Parity, TilesEqualPatterns) {
  for (const std::string& folder : folders()) {
    const auto decoder = load(folder);
    const Reference ref(folder + "/reference.safetensors");
    for (const std::int64_t chunk : {512, 1}) {
      Keeper keeper;
      RunOptions options;
      options.plan = planOf(*decoder, "blocks.*.attn.hook_pattern");
      options.sink = &keeper;
      options.chunk = chunk;
      auto run = start(*decoder, options);
      append(*run, ref.tokens("tokens_long"));
      double worst = 0, lse = 0;
      for (auto& [layer, record] : keeper.records) {
        for (const double x : toDoubles(record.lse)) lse = std::max(lse, std::abs(x));
        const auto& pieces = keeper.pieces["blocks." + std::to_string(layer) + ".attn.hook_pattern"];
        std::int64_t begin = 0;
        for (const Values& piece : pieces) {
          const std::int64_t rows = piece.shape[2], size = rows * piece.shape[3];
          for (std::int64_t h = 0; h < record.heads; ++h) {
            const auto tile = hooks::attentionTile64(record, h, {begin, begin + rows}, {0, begin + rows});
            const std::vector<double> p(piece.data.begin() + h * size, piece.data.begin() + (h + 1) * size);
            worst = std::max(worst, difference(*tile, p).largest);
          }
          begin += rows;
        }
      }
      std::printf("  %s chunk %d: largest %.1e (|lse| up to %.1f)  tolerance 1e-6\n", folder.c_str(),
                  static_cast<int>(chunk), worst, lse);
      EXPECT_LE(worst, 1e-6);
    }
  }
}

TEST(Parity, GreedyWithCache) {
  for (const std::string& folder : folders())
    for (const DType dtype : {DType::F32, DType::F64}) {
      const auto decoder = load(folder, dtype);
      ASSERT_TRUE(decoder);
      const Reference ref(folder + "/reference.safetensors");
      auto run = start(*decoder, {});
      append(*run, ref.tokens("tokens_short"));
      std::vector<std::int32_t> greedy;
      double worst = 0;
      for (std::size_t i = 0; i < ref.tokens("greedy").size(); ++i) {
        const std::vector<double> logits = run->lastLogits();
        auto fresh = start(*decoder, {});
        append(*fresh, run->tokens());
        worst = std::max(worst, difference(logits, fresh->lastLogits()).largest);
        greedy.push_back(best(logits));
        const RopeConfig& rope = decoder->config().rope;
        if (rope.longText(run->length() + 1) !=
            rope.longText(run->length())) { // the cache was turned as a short text's
          EXPECT_EQ(run->append(std::span(&greedy.back(), 1)).error().code, Code::Unsupported);
          break;
        }
        append(*run, std::span(&greedy.back(), 1));
      }
      std::printf("%s: cached against uncached largest %.2e  tolerance 1e-4\n", folder.c_str(), worst);
      EXPECT_GE(greedy.size(), 4u);
      EXPECT_LE(worst, 1e-4);
    }
}

TEST(Parity, OldKeyNamesAreTheSameModel) {
  int checked = 0;
  for (const std::string& folder : folders()) {
    if (!std::filesystem::exists(folder + "/config.hub_style.json")) continue;
    auto hub = readJsonFile(folder + "/config.hub_style.json");
    ASSERT_TRUE(hub.ok());
    auto a = parseConfig(*hub, "hub"), b = readConfig(folder);
    ASSERT_TRUE(a.ok()) << a.error().message();
    ASSERT_TRUE(b.ok());
    EXPECT_EQ(configJson(*a), configJson(*b));
    EXPECT_EQ(a->windows, b->windows);
    EXPECT_EQ(a->rope.dims, b->rope.dims);
    EXPECT_EQ(ropeFrequencies(a->rope).frequency, ropeFrequencies(b->rope).frequency);
    ++checked;
  }
  if (checked == 0) GTEST_SKIP() << "runs where ../shared/oracles/models lies beside the sources";
}

} // namespace
} // namespace orrery::models::test
