// SPDX-License-Identifier: MIT
// config.json and checkpoints: what is honoured, what is refused by name, and hostile folders.
#include <fstream>

#include "tests/core/models/helpers.h"

namespace orrery::models::test {
namespace {

const char* const kLlama = R"({"architectures":["LlamaForCausalLM"],"model_type":"llama","hidden_size":16,
  "intermediate_size":24,"num_hidden_layers":1,"num_attention_heads":2,"num_key_value_heads":1,"vocab_size":40,
  "max_position_embeddings":64})";

Result<ModelConfig> with(const char* base, const std::string& key, const Json& value) {
  Json json = Json::parse(base);
  json[key] = value;
  return parseConfig(json, "config.json");
}

void refused(const std::string& key, const Json& value) {
  const auto config = with(kLlama, key, value);
  ASSERT_FALSE(config.ok()) << key << " = " << value.dump();
  std::printf("  %s\n", config.error().message().c_str());
  const std::string shown = key == "architectures" ? "Quux9000ForCausalLM" : value.is_object() ? "" : key;
  EXPECT_NE(config.error().what.find(shown), std::string::npos) << config.error().what;
}

TEST(Config, AbsurdAndUnknownValuesAreRefusedByName) {
  refused("num_attention_heads", 0);
  refused("num_attention_heads", -2);
  refused("num_attention_heads", 3); // 16 is no multiple
  refused("num_attention_heads", 2.5);
  refused("num_hidden_layers", 1000000000);
  refused("num_hidden_layers", "many");
  refused("hidden_size", nullptr);
  refused("vocab_size", 9007199254740993);
  refused("num_key_value_heads", 4);
  refused("head_dim", 7);
  refused("rms_norm_eps", -1);
  refused("rope_theta", 0);
  refused("hidden_act", "swoosh");
  refused("tie_word_embeddings", "yes");
  refused("quantization_config", {{"bits", 4}});
  refused("sliding_window", 32);
  refused("partial_rotary_factor", 0.5);
  refused("some_new_option", 3);
  refused("rope_scaling", {{"rope_type", "longrope"}});
  refused("rope_scaling", {{"rope_type", "linear"}});
  refused("rope_scaling", {{"rope_type", "linear"}, {"factor", 2}, {"stretch", 3}});
  refused("architectures", {"Quux9000ForCausalLM"});
  refused("model_type", "mistral");
}

TEST(Config, HarmlessKeysPass) {
  for (const auto& [key, value] : std::vector<std::pair<std::string, Json>>{{"pretraining_tp", 4},
                                                                            {"sliding_window", nullptr},
                                                                            {"torch_dtype", "bfloat16"},
                                                                            {"rope_scaling", nullptr},
                                                                            {"temperature", 0.7},
                                                                            {"some_new_option", false}})
    EXPECT_TRUE(with(kLlama, key, value).ok()) << key;
  EXPECT_EQ(with(kLlama, "some_new_option", false)->warnings.size(), 1u);
}

TEST(Config, WrittenConfigReadsBackAsTheSame) {
  for (const Json& scaling :
       std::vector<Json>{nullptr,
                         {{"rope_type", "linear"}, {"factor", 3.5}},
                         {{"type", "dynamic"}, {"factor", 2.0}},
                         {{"rope_type", "llama3"},
                          {"factor", 8},
                          {"low_freq_factor", 1},
                          {"high_freq_factor", 4},
                          {"original_max_position_embeddings", 32}},
                         {{"rope_type", "yarn"}, {"factor", 4}, {"original_max_position_embeddings", 16}}}) {
    const auto config = with(kLlama, "rope_scaling", scaling);
    ASSERT_TRUE(config.ok()) << config.error().message();
    const auto again = parseConfig(*parseJson(configJson(*config), "again"), "again");
    ASSERT_TRUE(again.ok()) << again.error().message();
    EXPECT_EQ(configJson(*again), configJson(*config));
    const auto a = ropeFrequencies(config->rope), b = ropeFrequencies(again->rope);
    EXPECT_EQ(a.frequency, b.frequency);
    EXPECT_EQ(a.scale, b.scale);
  }
}

TEST(Load, HostileFolders) {
  const std::string root = kOracles + "/hostile/";
  if (!std::filesystem::exists(root)) GTEST_SKIP() << "runs where ../shared/oracles/hostile lies beside the sources";
  const auto expected = readJsonFile(root + "expected.json");
  ASSERT_TRUE(expected.ok());
  int seen = 0;
  for (const auto& [item, row] : expected->items()) {
    if (!item.starts_with("folders/")) continue;
    const auto decoder = loadDecoder(root + item);
    const std::string expect = row["expect"];
    const bool loads = expect.starts_with("load") || expect.find("tokenizer") != std::string::npos;
    EXPECT_EQ(decoder.ok(), loads) << item;
    if (!decoder.ok()) std::printf("  %s\n", decoder.error().message().c_str());
    if (item.ends_with("nan_weight") && decoder.ok()) {
      ASSERT_EQ((*decoder)->warnings().size(), 1u);
      std::printf("  warning: %s\n", (*decoder)->warnings()[0].c_str());
      auto run = start(**decoder, {});
      append(*run, std::vector<std::int32_t>{1, 2, 3, 4, 5});
    }
    ++seen;
  }
  EXPECT_GE(seen, 9);
}

TEST(Load, WithoutConfigSaysSo) {
  const auto folder = std::filesystem::temp_directory_path() / ("orrery_models_" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder);
  std::filesystem::copy_file(kData + "/llama_options/model.safetensors", folder / "model.safetensors");
  const auto decoder = loadDecoder((folder / "model.safetensors").string());
  ASSERT_FALSE(decoder.ok());
  EXPECT_NE(decoder.error().what.find("config.json"), std::string::npos);
  std::filesystem::remove_all(folder);
}

TEST(Load, TooLargeIsRefusedWithTheNumber) {
  auto config = parseConfig(*parseJson(kLlama, "x"), "x");
  ASSERT_TRUE(config.ok());
  config->vocab = 1 << 24;
  config->model = 1 << 14;
  config->headDim = 1 << 13;
  const auto decoder = randomDecoder(*config, 0);
  ASSERT_FALSE(decoder.ok());
  EXPECT_EQ(decoder.error().code, Code::TooLarge);
  std::printf("  %s\n", decoder.error().message().c_str());
}

} // namespace
} // namespace orrery::models::test
