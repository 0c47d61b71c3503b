// SPDX-License-Identifier: MIT
// Tokenizers that are not tokenizer.json: vocab.json with merges.txt, characters.
#include <gtest/gtest.h>

#include <filesystem>

#include "core/base/file.h"
#include "core/base/json.h"
#include "core/tokenize/characters.h"
#include "core/tokenize/vocab_merges.h"

namespace orrery::tokenize {
namespace {

namespace fs = std::filesystem;
using Ids = std::vector<std::int32_t>;

const fs::path kOracles = ORRERY_SOURCE_DIR "/../shared/oracles/tokenizers";
const fs::path kData = ORRERY_SOURCE_DIR "/tests/core/tokenize/data";

// The vocabulary and merges of a byte-level tokenizer.json, as the two files, must give the ids of its samples.
TEST(VocabMerges, TheSmallByteLevelTokenizerAsTwoFiles) {
  const Json whole = *readJsonFile(kData / "byte_level.json");
  const bool prefix = whole["pre_tokenizer"].value("add_prefix_space", false);
  std::string merges = "#version: 0.2\n";
  for (const Json& merge : whole["model"]["merges"])
    merges += merge.is_string() ? merge.get<std::string>() + "\n"
                                : merge[0].get<std::string>() + " " + merge[1].get<std::string>() + "\r\n";
  const auto tokenizer = readVocabMerges(whole["model"]["vocab"].dump(), merges, "vocab.json");
  ASSERT_TRUE(tokenizer.ok()) << tokenizer.error().message();
  int compared = 0;
  const Json samples = *readJsonFile(kData / "byte_level.samples.json");
  for (const Json& sample : samples) {
    const auto ids = sample.at("ids_no_special").get<Ids>();
    const bool usesAdded = std::any_of(ids.begin(), ids.end(), [&](std::int32_t id) {
      return static_cast<std::size_t>(id) >= whole["model"]["vocab"].size();
    });
    if (usesAdded) continue;
    auto text = sample.at("text").get<std::string>();
    if (prefix && !text.empty() && text[0] != ' ') text.insert(0, " ");
    EXPECT_EQ((*tokenizer)->encode(text, false), ids) << sample.at("text");
    ++compared;
  }
  std::cout << compared << " samples (tolerance 0)\n";
  EXPECT_GT(compared, 5);
}

TEST(VocabMerges, EndOfTextIsBehindTheVocabularyOrInIt) {
  const auto behind = readVocabMerges(R"({"a": 0, "b": 1, "ab": 2})", "#version: 0.2\na b\n", "v");
  ASSERT_TRUE(behind.ok()) << behind.error().message();
  EXPECT_EQ((*behind)->encode("abba<|endoftext|>", false), (Ids{2, 1, 0, 3}));
  EXPECT_TRUE((*behind)->isSpecial(3));
  const auto inside = readVocabMerges(R"({"a": 0, "<|endoftext|>": 1, "b": 2})", "", "v");
  ASSERT_TRUE(inside.ok()) << inside.error().message();
  EXPECT_EQ((*inside)->encode("b<|endoftext|>a", false), (Ids{2, 1, 0}));
}

TEST(VocabMerges, RefusesInOneSentence) {
  const auto refusal = [](const char* vocab, const char* merges) {
    const auto tokenizer = readVocabMerges(vocab, merges, "vocab.json");
    return tokenizer ? "loaded" : tokenizer.error().message();
  };
  EXPECT_EQ(refusal("[]", ""), "vocab.json: expected an object from tokens to ids");
  EXPECT_EQ(refusal(R"({"a": 0})", "a x\n"), "vocab.json: model BPE: merge 0: \"x\" is not in the vocabulary");
  EXPECT_EQ(refusal(R"({"a": 0})", "a\n"), "vocab.json: model BPE: merge 0: expected two pieces, found \"\"a\"\"");
  EXPECT_EQ(refusal(R"({"a": "0"})", ""),
            "vocab.json: model BPE: vocab: id of \"a\": expected an integer, found string");
}

TEST(VocabMerges, ReferenceData) {
  const fs::path folder = kOracles / "gpt2";
  if (!fs::exists(folder)) GTEST_SKIP() << "runs where ../shared/oracles/tokenizers lies beside the project";
  const auto two = openVocabMerges(folder / "vocab.json");
  ASSERT_TRUE(two.ok()) << two.error().message();
  const Json samples = *readJsonFile(folder / "samples.json");
  for (const Json& sample : samples) {
    const auto text = sample.at("text").get<std::string>();
    const auto ids = sample.at("ids_no_special").get<Ids>();
    EXPECT_EQ((*two)->encode(text, false), ids) << sample.at("text");
    EXPECT_EQ((*two)->decode(ids, false), sample.at("decoded").get<std::string>());
    EXPECT_EQ((*two)->decode(ids, true), sample.at("decoded_skip_special").get<std::string>());
  }
  std::cout << samples.size() << " samples of the tokenizer.json beside it (tolerance 0)\n";
  EXPECT_GT(samples.size(), 50u);
}

TEST(Characters, EachIsOneId) {
  const auto tokenizer = characterTokenizer({{"\n", 0}, {" ", 1}, {"!", 2}, {"ß", 3}, {"a", 4}}, "meta.pkl");
  ASSERT_TRUE(tokenizer.ok()) << tokenizer.error().message();
  EXPECT_EQ((*tokenizer)->encode("aß !\n?a", true), (Ids{4, 3, 1, 2, 0, 4}));
  EXPECT_EQ((*tokenizer)->decode(Ids{4, 3, 1, 2, 0}, false), "aß !\n");
  EXPECT_EQ((*tokenizer)->vocabSize(), 5u);
}

TEST(Characters, RefusesWhatIsNone) {
  EXPECT_EQ(characterTokenizer({{"ab", 0}}, "m").error().message(), "m: expected single characters, found \"ab\"");
  EXPECT_EQ(characterTokenizer({{"a", 0}, {"a", 1}}, "m").error().message(), "m: character \"a\" stands twice");
  EXPECT_FALSE(characterTokenizer({{"a", 0}, {"b", 0}}, "m").ok());
  EXPECT_FALSE(characterTokenizer({{"a", -1}}, "m").ok());
  EXPECT_FALSE(characterTokenizer({{"\xff", 1}}, "m").ok());
  EXPECT_FALSE(characterTokenizer({}, "m").ok());
}

} // namespace
} // namespace orrery::tokenize
