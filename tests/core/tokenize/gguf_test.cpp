// SPDX-License-Identifier: MIT
// Tokenizers from the key-values of GGUF files. data/gguf_*.json: {"description", "samples"}, see data/make_gguf.py.
#include <gtest/gtest.h>

#include <filesystem>

#include "core/base/json.h"
#include "core/tokenize/gguf_pre.h"
#include "core/tokenize/spm.h"
#include "core/tokenize/tokenizer.h"

namespace orrery::tokenize {
namespace {

using Ids = std::vector<std::int32_t>;

std::vector<SpmPiece> pieces(const std::vector<std::pair<std::string, float>>& normal) {
  std::vector<SpmPiece> all = {{"<unk>", 0, PieceType::Unknown}, {"<s>", 0, PieceType::Control}};
  for (const auto& [text, score] : normal) all.push_back({text, score, PieceType::Normal});
  return all;
}

Ids encode(const Spm& spm, std::string_view text) {
  Ids ids;
  spm.encode(text, ids);
  return ids;
}

TEST(Spm, BestScoreMergesFirstAndLeftmostAmongEquals) {
  auto spm = Spm::make(pieces({{"a", 0}, {"b", 0}, {"c", 0}, {"ab", -2}, {"bc", -1}, {"aa", -3}}), false);
  ASSERT_TRUE(spm);
  EXPECT_EQ(encode(*spm, "abc"), (Ids{2, 6})); // a bc: -1 beats -2
  EXPECT_EQ(encode(*spm, "ab"), (Ids{5}));
  EXPECT_EQ(encode(*spm, "aaa"), (Ids{7, 2})); // aa a
}

TEST(Spm, AnUnusedPieceHelpsMergingAndFallsApartAgain) {
  auto all = pieces({{"a", 0}, {"b", 0}, {"c", 0}, {"ab", -1}, {"abc", -2}});
  all[5].type = PieceType::Unused;
  auto spm = Spm::make(all, false);
  ASSERT_TRUE(spm);
  EXPECT_EQ(encode(*spm, "abc"), (Ids{6}));
  EXPECT_EQ(encode(*spm, "abb"), (Ids{2, 3, 3}));
}

TEST(Spm, UnknownCharactersBecomeOneUnknownPieceForEachRun) {
  auto spm = Spm::make(pieces({{"a", 0}}), false);
  ASSERT_TRUE(spm);
  EXPECT_FALSE(spm->byteFallback());
  EXPECT_EQ(encode(*spm, "xya\xC3\xA9"), (Ids{0, 2, 0}));
}

TEST(Spm, UserDefinedPiecesStayWhole) {
  auto all = pieces({{"a", 0}, {"b", 0}, {"ab", 0}, {"aab", 0}});
  all.push_back({"aa", -9, PieceType::UserDefined});
  auto spm = Spm::make(all, true);
  ASSERT_TRUE(spm);
  EXPECT_EQ(encode(*spm, "aab"), (Ids{6, 3}));
}

TEST(Spm, RefusesContradictions) {
  EXPECT_NE(Spm::make(pieces({{"a", 0}, {"a", 0}}), false).error().what.find("already stands at 2"), std::string::npos);
  EXPECT_FALSE(Spm::make(pieces({{"a", std::numeric_limits<float>::quiet_NaN()}}), false));
  EXPECT_FALSE(Spm::make({{"x", 0, PieceType::Byte}}, false));
  EXPECT_FALSE(Spm::make({{"x", 0, PieceType::Unknown}, {"y", 0, PieceType::Unknown}}, false));
}

Json tinyByteLevel() {
  return {{"tokenizer.ggml.model", "gpt2"},
          {"tokenizer.ggml.pre", "gpt-2"},
          {"tokenizer.ggml.tokens", {"a", "b", "ab", "<eos>"}},
          {"tokenizer.ggml.token_type", {1, 1, 1, 3}},
          {"tokenizer.ggml.merges", {"a b"}},
          {"tokenizer.ggml.eos_token_id", 3}};
}

std::string refusal(const Json& description) {
  auto tokenizer = Tokenizer::fromGguf(description, "x.gguf");
  return tokenizer ? "accepted" : tokenizer.error().message();
}

TEST(GgufTokenizer, RefusesEachFaultByName) {
  const auto with = [](const char* key, Json value) {
    Json d = tinyByteLevel();
    d[std::string("tokenizer.ggml.") + key] = std::move(value);
    return refusal(d);
  };
  EXPECT_EQ(refusal(tinyByteLevel()), "accepted");
  EXPECT_EQ(refusal(Json::object()), "x.gguf: the file has no tokenizer (tokenizer.ggml.model)");
  EXPECT_EQ(with("model", "bert"),
            "x.gguf: tokenizer.ggml.model \"bert\" is not supported; \"gpt2\" and \"llama\" are");
  EXPECT_EQ(with("pre", "nobody"), "x.gguf: tokenizer.ggml.pre \"nobody\" is not known here");
  EXPECT_EQ(with("token_type", {1}), "x.gguf: tokenizer.ggml.token_type: expected an array of 4, one for each token");
  EXPECT_EQ(with("token_type", {1, 1, 1, 9}), "x.gguf: tokenizer.ggml.token_type: expected 1 to 6, found 9");
  EXPECT_EQ(with("tokens", {"a", "a", "ab", "<eos>"}), "x.gguf: tokenizer.ggml.tokens: \"a\" stands twice");
  EXPECT_EQ(with("tokens", Json::array()), "x.gguf: tokenizer.ggml.tokens: there are none");
  EXPECT_EQ(with("merges", 3), "x.gguf: tokenizer.ggml.merges: expected an array");
  EXPECT_EQ(with("add_bos_token", true), "x.gguf: tokenizer.ggml.bos_token_id: is needed for add_bos_token");
  EXPECT_EQ(with("model", "llama"), "x.gguf: tokenizer.ggml.scores: expected an array of 4, one for each token");
  Json eos = tinyByteLevel();
  eos["tokenizer.ggml.add_eos_token"] = true;
  eos["tokenizer.ggml.eos_token_id"] = UINT64_MAX;
  EXPECT_EQ(refusal(eos), "x.gguf: tokenizer.ggml.eos_token_id: expected the id of one of the 4 tokens, found "
                          "18446744073709551615");
}

TEST(GgufTokenizer, SpecialTokensAndTheIdsAround) {
  Json d = tinyByteLevel();
  d["tokenizer.ggml.add_eos_token"] = true;
  auto tokenizer = Tokenizer::fromGguf(d, "x.gguf");
  ASSERT_TRUE(tokenizer) << tokenizer.error().message();
  EXPECT_EQ((*tokenizer)->encode("aab<eos>b", true), (Ids{0, 2, 3, 1, 3}));
  EXPECT_EQ((*tokenizer)->encode("aab", false), (Ids{0, 2}));
  EXPECT_TRUE((*tokenizer)->isSpecial(3));
}

TEST(GgufTokenizer, EveryKnownPreTokenizerCompiles) {
  for (const char* name : {"default", "gpt-2", "llama-bpe", "dbrx", "qwen2", "stablelm2", "smollm", "starcoder",
                           "refact", "command-r", "falcon", "deepseek-coder", "mpt", "olmo", "tekken", "gpt-4o"}) {
    Json d = tinyByteLevel();
    d["tokenizer.ggml.pre"] = name;
    d["tokenizer.ggml.add_bos_token"] = false;
    EXPECT_EQ(refusal(d), "accepted") << name;
  }
}

TEST(GgufTokenizer, SamplesInTheRepository) {
  const std::string folder = ORRERY_SOURCE_DIR "/tests/core/tokenize/data/";
  for (const char* name : {"gguf_spm", "gguf_smollm", "gguf_llama3", "gguf_qwen2", "gguf_gpt2"}) {
    const auto file = readJsonFile(folder + name + ".json");
    ASSERT_TRUE(file) << file.error().message();
    auto tokenizer = Tokenizer::fromGguf(file->at("description"), name);
    ASSERT_TRUE(tokenizer) << tokenizer.error().message();
    int samples = 0;
    for (const Json& sample : file->at("samples")) {
      EXPECT_EQ((*tokenizer)->encode(sample.at("text").get<std::string>(), true), sample.at("ids").get<Ids>())
          << name << " " << sample.at("text").dump();
      ++samples;
    }
    std::cout << name << ": " << (*tokenizer)->kind() << ", " << samples << " samples (tolerance 0)\n";
    EXPECT_GT(samples, 10);
  }
}

} // namespace
} // namespace orrery::tokenize
