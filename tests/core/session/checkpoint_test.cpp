// SPDX-License-Identifier: MIT
// What `orrery info` warns of, each with a file made for it.
#include "core/session/checkpoint.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "core/base/json.h"
#include "core/tensorio/safetensors_writer.h"
#include "tests/core/tensorio/scratch.h"

namespace orrery::session {
namespace {

namespace fs = std::filesystem;
using testkit::readText;
using testkit::Scratch;
using testkit::writeText;

const std::string kTests = ORRERY_SOURCE_DIR "/tests/core/";

// The small Llama in `folder`, with a config changed by `change` and tensors beside its own.
template <class Change>
std::vector<std::string> warningsOf(const std::string& model, Change change,
                                    const std::vector<tensorio::NamedTensor>& more = {}) {
  Scratch scratch;
  const std::string from = kTests + "models/data/" + model;
  Json config = Json::parse(readText(from + "/config.json"));
  change(config);
  writeText(scratch / "config.json", config.dump());
  auto file = tensorio::openTensors(from + "/model.safetensors");
  std::vector<tensorio::NamedTensor> tensors = more;
  for (const auto& info : file->tensors()) tensors.push_back({info.name, *file->load(info.name)});
  EXPECT_TRUE(tensorio::writeSafetensors(scratch / "model.safetensors", tensors));
  auto inspected = inspect(scratch.path().string());
  EXPECT_TRUE(inspected) << inspected.error().message();
  return inspected ? inspected->info.warnings : std::vector<std::string>();
}

bool hasWarning(const std::vector<std::string>& warnings, const std::string& part) {
  const bool found =
      std::ranges::any_of(warnings, [&](const std::string& w) { return w.find(part) != std::string::npos; });
  for (const std::string& warning : warnings) std::printf("  %s\n", warning.c_str());
  return found;
}

void nothing(Json&) {}

TEST(InfoWarnings, UnusedTensorsAreNamedAndCounted) {
  std::vector<tensorio::NamedTensor> masks;
  const TensorView mask = viewOf(std::vector<float>(4, 1.0f), {1, 1, 2, 2});
  for (const char* name : {"h.0.attn.bias", "h.1.attn.bias", "h.2.attn.bias", "h.0.attn.masked_bias"})
    masks.push_back({std::string("transformer.").append(name), mask});
  EXPECT_TRUE(hasWarning(warningsOf("gpt2_options", nothing, masks), "4 tensors of the file are not used"));
  masks.resize(1);
  EXPECT_TRUE(hasWarning(warningsOf("gpt2_options", nothing, masks),
                         "1 tensor of the file is not used: \"transformer.h.0.attn.bias\""));
  EXPECT_FALSE(hasWarning(warningsOf("gpt2_options", nothing), "not used"));
}

// transformers ties them whatever the file holds.
TEST(InfoWarnings, AnUnembeddingThatTheConfigTiesAway) {
  const TensorView head = viewOf(std::vector<float>(61 * 20, 1.0f), {61, 20});
  EXPECT_TRUE(hasWarning(warningsOf("llama_options", nothing, {{"lm_head.weight", head}}), "\"lm_head.weight\""));
}

Json yarn() {
  return {{"rope_type", "yarn"}, {"rope_theta", 300.0}, {"factor", 2.0},
          {"beta_fast", 32},     {"beta_slow", 1},      {"original_max_position_embeddings", 28}};
}

std::vector<std::string> withRope(const Json& rope) {
  return warningsOf("llama_options", [&](Json& config) { config["rope_parameters"] = rope; });
}

TEST(InfoWarnings, ScalingsThatLeaveOptionsOut) {
  EXPECT_FALSE(hasWarning(withRope(yarn()), "leaves out"));
  for (const auto& [key, taken] : {std::pair{"beta_fast", "beta_fast = 32"},
                                   {"beta_slow", "beta_slow = 1"},
                                   {"factor", "factor = 2"},
                                   {"original_max_position_embeddings", "original_max_position_embeddings = 56"}}) {
    Json rope = yarn();
    rope.erase(key);
    EXPECT_TRUE(hasWarning(withRope(rope), taken)) << key;
  }
  Json llama3 = {{"rope_type", "llama3"},
                 {"rope_theta", 300.0},
                 {"factor", 2.0},
                 {"low_freq_factor", 1.0},
                 {"high_freq_factor", 4.0}};
  EXPECT_TRUE(hasWarning(withRope(llama3), "original_max_position_embeddings = 56"));
  llama3["original_max_position_embeddings"] = 28;
  EXPECT_FALSE(hasWarning(withRope(llama3), "leaves out"));
}

TEST(InfoWarnings, AContextThatGrewWithoutScaling) {
  const auto grown = [](Json& config) {
    config["original_max_position_embeddings"] = 28;
    config.erase("rope_parameters");
  };
  EXPECT_TRUE(hasWarning(warningsOf("llama_options", grown), "there is no rope_scaling"));
  const auto same = [](Json& config) {
    config["original_max_position_embeddings"] = 56;
    config.erase("rope_parameters");
  };
  EXPECT_FALSE(hasWarning(warningsOf("llama_options", same), "there is no rope_scaling"));
}

TEST(InfoWarnings, NaNWeightsAndALargeTokenizer) {
  auto inspected = inspect(kTests + "models/data/gpt2_options");
  ASSERT_TRUE(inspected);
  ASSERT_TRUE(scanTensors(*inspected, {}));
  EXPECT_FALSE(hasWarning(inspected->info.warnings, "NaN"));
  Scratch scratch;
  const std::string from = kTests + "models/data/gpt2_options";
  auto file = tensorio::openTensors(from + "/model.safetensors");
  std::vector<tensorio::NamedTensor> tensors;
  for (const auto& info : file->tensors()) {
    std::vector<float> values = toFloats(*file->load(info.name));
    if (tensors.empty()) values.front() = NAN;
    tensors.push_back({info.name, viewOf(std::move(values), info.shape)});
  }
  ASSERT_TRUE(tensorio::writeSafetensors(scratch / "model.safetensors", tensors));
  fs::copy(from + "/config.json", scratch / "config.json");
  fs::copy(kTests + "tokenize/data/byte_level.json", scratch / "tokenizer.json");
  auto broken = inspect(scratch.path().string());
  ASSERT_TRUE(broken) << broken.error().message();
  ASSERT_TRUE(scanTensors(*broken, {}));
  EXPECT_TRUE(hasWarning(broken->info.warnings, "1 of "));
  EXPECT_TRUE(hasWarning(broken->info.warnings, "the embedding has 61 rows"));
}

// A folder with a GGUF and nothing else: model and tokenizer are in it.
TEST(OpenTokenizer, AFolderWithOnlyAGguf) {
  Scratch scratch;
  const std::string gguf = kTests + "session/data/models/llama_gguf/model.gguf";
  fs::copy(gguf, scratch / "any_name.gguf");
  const auto alone = openTokenizer(scratch.path().string()), direct = openTokenizer(gguf);
  ASSERT_TRUE(alone) << alone.error().message();
  const auto ids = (*alone)->encode("hello the", true);
  EXPECT_EQ(ids, (std::vector<std::int32_t>{0, 262, 261})); // <s>, "hello", " the": the last merges
  EXPECT_EQ(ids, (*direct)->encode("hello the", true));
  writeText(scratch / "other.gguf", "GGUF");
  EXPECT_NE(openTokenizer(scratch.path().string()).error().what.find("2 *.gguf"), std::string::npos);
}

} // namespace
} // namespace orrery::session
