// SPDX-License-Identifier: MIT
// The decoder against numbers of transformers and TransformerLens: the outside oracles where they are, and small
// checkpoints with other options that lie beside this test (make_reference.py made them).
#include "tests/core/models/helpers.h"

#include "core/hooks/attention_record.h"

namespace orrery::models::test {
namespace {

struct Case {
  std::string folder;
  DType dtype;
};

std::vector<std::string> folders() {
  std::vector<std::string> all;
  for (const std::string& home : {kOracles + "/models", kData})
    if (std::filesystem::exists(home))
      for (const auto& entry : std::filesystem::directory_iterator(home))
        if (entry.is_directory()) all.push_back(entry.path().string());
  std::ranges::sort(all);
  return all;
}

double toleranceOf(DType dtype) { return dtype == DType::F64 ? 1e-9 : 5e-5; }

// transformers gives logits behind the final soft-cap, the hook point stands before it.
Values capped(Values logits, const ModelConfig& config) {
  if (const double cap = config.finalSoftcap; cap > 0)
    for (double& x : logits.data) x = cap * std::tanh(x / cap);
  return logits;
}

// With norms behind attention and MLP, the hook points stand behind these too.
std::string outName(const ModelConfig& config, const std::string& part, const std::string& layer) {
  return part + (config.postNorms ? "_out_normed." : "_out.") + layer;
}

void checkFolder(const std::string& folder, DType dtype, std::int64_t chunk) {
  const bool exact = dtype == DType::F64;
  std::printf("%s %s chunk %d\n", folder.c_str(), exact ? "float64" : "float32", static_cast<int>(chunk));
  const auto decoder = load(folder, dtype);
  ASSERT_TRUE(decoder);
  const Reference ref(folder + "/reference.safetensors");
  Keeper keeper;
  RunOptions options;
  options.plan = planOfAll(*decoder);
  options.sink = &keeper;
  options.chunk = chunk;
  auto run = start(*decoder, options);
  append(*run, ref.tokens("tokens_short"));
  const double tolerance = toleranceOf(dtype), patternTolerance = exact ? 1e-9 : 1e-5;
  const auto layers = static_cast<int>(decoder->config().layers);
  compare("logits", capped(keeper.joined("unembed.hook_out"), decoder->config()), ref.get("logits_f64"), tolerance);
  for (int i = 0; i < layers; ++i) {
    const std::string block = "blocks." + std::to_string(i) + ".", n = std::to_string(i);
    compare(block + "hook_resid_pre", keeper.joined(block + "hook_resid_pre"), ref.get("hidden." + n), tolerance);
    for (const char* part : {"q", "k", "v"})
      compare(block + "attn.hook_" + part, keeper.joined(block + "attn.hook_" + part), ref.get(part + ("." + n)),
              tolerance);
    if (chunk >= 24)
      compare(block + "attn.hook_pattern", keeper.joined(block + "attn.hook_pattern"), ref.get("attn." + n),
              patternTolerance);
    compare(block + "hook_attn_out", keeper.joined(block + "hook_attn_out"),
            ref.get(outName(decoder->config(), "attn", n)), tolerance);
    compare(block + "hook_mlp_out", keeper.joined(block + "hook_mlp_out"),
            ref.get(outName(decoder->config(), "mlp", n)), tolerance);
  }
  const std::string last = std::to_string(layers - 1);
  compare("last hook_resid_post", keeper.joined("blocks." + last + ".hook_resid_post"), ref.get("resid_post." + last),
          tolerance);
  compare("unembed.hook_in", keeper.joined("unembed.hook_in"), ref.get("hidden." + std::to_string(layers)), tolerance);
}

TEST(Parity, ShortText) {
  ASSERT_FALSE(folders().empty());
  for (const std::string& folder : folders())
    for (const DType dtype : {DType::F32, DType::F64})
      for (const std::int64_t chunk : {512, 1, 7}) checkFolder(folder, dtype, chunk);
}

TEST(Parity, LongTextAndItsPatterns) {
  for (const std::string& folder : folders())
    for (const DType dtype : {DType::F32, DType::F64}) {
      std::printf("%s\n", folder.c_str());
      const auto decoder = load(folder, dtype);
      ASSERT_TRUE(decoder);
      const Reference ref(folder + "/reference.safetensors");
      Keeper keeper;
      RunOptions options;
      options.plan = planOfAll(*decoder);
      options.sink = &keeper;
      auto run = start(*decoder, options);
      append(*run, ref.tokens("tokens_long"));
      // the reference of the long run is stored as F32
      const double tolerance = dtype == DType::F64 ? 1e-6 : 5e-5;
      compare("logits", capped(keeper.joined("unembed.hook_out"), decoder->config()), ref.get("logits_long_f64"),
              tolerance);
      for (const int layer : {0, static_cast<int>(decoder->config().layers) - 1})
        if (const std::string n = std::to_string(layer); ref.has("attn_long." + n))
          compare("pattern " + n, keeper.joined("blocks." + n + ".attn.hook_pattern"), ref.get("attn_long." + n),
                  dtype == DType::F64 ? 1e-6 : 1e-5);
    }
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
      const std::vector<std::int32_t> expected = ref.tokens("greedy");
      double worst = 0;
      for (std::size_t i = 0; i < expected.size(); ++i) {
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
      EXPECT_EQ(greedy, std::vector(expected.begin(), expected.begin() + static_cast<std::ptrdiff_t>(greedy.size())));
      EXPECT_GE(greedy.size(), 4u);
      EXPECT_LE(worst, 1e-4);
    }
}

// TransformerLens keeps the norms of queries and keys as [B, H, T, ..], all other per-head hooks as [B, T, H, ..]; here
// all are alike (docs/hooks.md).
Values headsSecond(const std::string& name, Values value) {
  const bool oddOne = name.ends_with("_normed") || name.find("q_norm.") != std::string::npos ||
                      name.find("k_norm.") != std::string::npos;
  if (!oddOne || value.shape.size() != 4) return value;
  const auto h = static_cast<std::size_t>(value.shape[1]), t = static_cast<std::size_t>(value.shape[2]),
             d = static_cast<std::size_t>(value.shape[3]);
  Values turned{{1, value.shape[2], value.shape[1], value.shape[3]}, std::vector<double>(h * t * d)};
  for (std::size_t i = 0; i < h * t * d; ++i) turned.data[((i / d % t) * h + i / (d * t)) * d + i % d] = value.data[i];
  return turned;
}

TEST(Parity, HooksOfTransformerLens) {
  int checked = 0;
  for (const std::string& folder : folders()) {
    if (!std::filesystem::exists(folder + "/tl_cache.safetensors")) continue;
    std::printf("%s\n", folder.c_str());
    const auto decoder = load(folder);
    const Reference ref(folder + "/reference.safetensors"), cache(folder + "/tl_cache.safetensors");
    Keeper keeper;
    RunOptions options;
    options.plan = planOfAll(*decoder);
    options.sink = &keeper;
    auto run = start(*decoder, options);
    append(*run, ref.tokens("tokens_short"));
    for (const std::string& name : cache.names()) {
      compare(name, keeper.joined(name), headsSecond(name, cache.get(name)), 5e-5);
      ++checked;
    }
  }
  if (checked == 0) GTEST_SKIP() << "runs where ../shared/oracles/models lies beside the sources";
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
