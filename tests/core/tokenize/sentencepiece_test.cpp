// SPDX-License-Identifier: MIT
// tokenizer.model against the ids of the sentencepiece library (data/make_sentencepiece.py), tokenizer.bin against the
// rule of llama2.c's run.c.
#include "core/tokenize/sentencepiece.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "core/base/file.h"
#include "core/base/json.h"
#include "core/tokenize/llama2c_tokenizer.h"

namespace orrery::tokenize {
namespace {

namespace fs = std::filesystem;
using Ids = std::vector<std::int32_t>;
using TokenizerPtr = std::shared_ptr<const Tokenizer>;

const fs::path kOracles = ORRERY_SOURCE_DIR "/../shared/oracles";
const fs::path kData = ORRERY_SOURCE_DIR "/tests/core/tokenize/data/sentencepiece";

// Samples with `plain` (ids without BOS) and, where there, "decoded" and `special` (with BOS). Returns how many.
std::size_t check(const Result<TokenizerPtr>& tokenizer, const fs::path& file, const char* plain, const char* special) {
  const auto samples = readJsonFile(file);
  EXPECT_TRUE(tokenizer.ok()) << (tokenizer ? "" : tokenizer.error().message());
  EXPECT_TRUE(samples.ok());
  if (!tokenizer || !samples) return 0;
  for (const Json& sample : *samples) {
    const auto text = sample.at("text").get<std::string>();
    for (const auto& [key, around] : {std::pair{plain, false}, std::pair{special, true}}) {
      if (!key) continue;
      EXPECT_EQ((*tokenizer)->encode(text, around), sample.at(key).get<Ids>()) << file << sample.at("text");
    }
    if (!sample.contains("decoded")) continue;
    const auto decoded = sample.at("decoded").get<std::string>();
    EXPECT_EQ((*tokenizer)->decode(sample.at(plain).get<Ids>(), false), decoded) << file << sample.at("text");
  }
  return samples->size();
}

TEST(SentencePiece, SmallModelsGiveTheIdsOfTheLibrary) {
  std::size_t samples = 0;
  for (const std::string name : {"plain", "extra", "no_prefix", "user_defined"})
    samples += check(openSentencePiece(kData / (name + ".model")), kData / (name + ".samples.json"), "ids", nullptr);
  std::cout << samples << " samples (tolerance 0)\n";
  EXPECT_EQ(samples, 4u * 17u);
}

TEST(SentencePiece, ControlPiecesAreSpecialButNotReadFromText) {
  const auto plain = openSentencePiece(kData / "plain.model");
  ASSERT_TRUE(plain.ok());
  EXPECT_EQ((*plain)->specialAround(), Ids{1});
  EXPECT_TRUE((*plain)->isSpecial(1) && (*plain)->isSpecial(2) && !(*plain)->isSpecial(300));
  EXPECT_EQ((*plain)->tokenString(1), "<s>");
  Ids ids = (*plain)->encode("the fox", true);
  EXPECT_EQ(ids[0], 1);
  ids.push_back(2);
  EXPECT_EQ((*plain)->decode(ids, true), "the fox");
  const auto without = openSentencePiece(kData / "no_prefix.model");
  ASSERT_TRUE(without.ok());
  EXPECT_EQ((*without)->encode("fox", true), (*without)->encode("fox", false)); // bos_id -1
}

std::string refusal(const std::string& bytes) {
  const auto tokenizer = sentencePieceTokenizer(bytes, "m");
  return tokenizer ? "loaded" : tokenizer.error().message();
}

TEST(SentencePiece, RefusesInOneSentence) {
  using namespace std::string_literals;
  const std::string bpe = "\x12\x02\x18\x02"; // trainer_spec {model_type: BPE}
  const struct {
    std::string bytes, sentence;
  } cases[] = {
      {"", "m: no pieces: not a SentencePiece model"},
      {"\x0a", "m: not a SentencePiece model, or cut: a field does not end"},
      {"\x0a\x05\x0a\x01"
       "a",
       "m: not a SentencePiece model, or cut: a field does not end"},
      {"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", "m: not a SentencePiece model, or cut: a field does not end"},
      {"\x0f", "m: not a SentencePiece model, or cut: a field does not end"},
      {"\x0a\x03\x0a\x01"
       "a",
       "m: SentencePiece model type \"unigram\" is not supported, expected \"bpe\""},
      {"\x0a\x03\x0a\x01"
       "a\x12\x02\x18\x09",
       "m: SentencePiece model type \"9\" is not supported, expected \"bpe\""},
      {"\x0a\x05\x0a\x01"
       "a\x18\x07" +
           bpe,
       "m: piece 0 is of type 7, expected 1 to 6"},
      {"\x0a\x00"s + bpe, "m: piece 0 is empty or not UTF-8"},
      {"\x0a\x03\x0a\x01\xff" + bpe, "m: piece 0 is empty or not UTF-8"},
      {"\x0a\x03\x0a\x01"
       "a" +
           bpe,
       "m: bos_id or eos_id is no piece"},
  };
  for (const auto& c : cases) EXPECT_EQ(refusal(c.bytes), c.sentence);
  EXPECT_EQ(openSentencePiece(kData / "unigram.model").error().what,
            "SentencePiece model type \"unigram\" is not supported, expected \"bpe\"");
  EXPECT_EQ(refusal("\x0a\x03\x0a\x01"
                    "a\x1a\x0d\x0a\x08nmt_nfkc\x12\x01x" + // normalizer_spec {name, precompiled_charsmap}
                    bpe),
            "m: SentencePiece normalisation \"nmt_nfkc\" (a compiled map of characters) is not supported, expected "
            "\"identity\"");
}

TEST(SentencePiece, NoCutOrDamagedFileCrashes) {
  const std::string whole = *readFile(kData / "user_defined.model", 1 << 20);
  for (std::size_t size = 0; size < whole.size(); size += 5) refusal(whole.substr(0, size));
  for (std::size_t i = 0; i < whole.size(); i += 3) {
    std::string damaged = whole;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x85);
    if (const auto tokenizer = sentencePieceTokenizer(damaged, "m")) (*tokenizer)->encode("the <X> fox", true);
  }
}

TEST(Llama2cTokenizer, GivesTheIdsOfRunC) {
  const auto tokenizer = openLlama2cTokenizer(kData / "tokenizer.bin");
  EXPECT_EQ(check(tokenizer, kData / "tokenizer.bin.samples.json", nullptr, "ids"), 17u);
  ASSERT_TRUE(tokenizer.ok());
  EXPECT_EQ((*tokenizer)->decode((*tokenizer)->encode("the quick  Köln", true), true), "the quick  Köln");
  EXPECT_TRUE((*tokenizer)->isSpecial(1) && (*tokenizer)->isSpecial(2));
}

TEST(Llama2cTokenizer, RefusesInOneSentence) {
  const std::string whole = *readFile(kData / "tokenizer.bin", 1 << 20);
  const auto sentence = [](const std::string& bytes) {
    const auto tokenizer = llama2cTokenizer(bytes, "t.bin");
    return tokenizer ? "loaded" : tokenizer.error().message();
  };
  EXPECT_EQ(sentence("abc"), "t.bin: 3 bytes are no tokenizer.bin of llama2.c");
  EXPECT_EQ(sentence(whole.substr(0, 4 + 8 + 5 + 3)), "t.bin: the file ends inside token 1");
  EXPECT_EQ(sentence(whole.substr(0, 4 + 8 + 2)), "t.bin: the file ends inside token 0");
  EXPECT_EQ(sentence(whole.substr(0, 4 + 8 + 5)),
            "t.bin: 1 tokens, expected at least 259 (3 special ones and the bytes)");
  std::string huge = whole;
  huge.replace(8, 4, "\xff\xff\xff\x7f");
  EXPECT_EQ(sentence(huge), "t.bin: token 0 has 2147483647 bytes, expected 0 to " + std::to_string(whole[0]));
  std::string nan = whole;
  nan.replace(nan.size() - 100, 100, std::string(100, '\xff'));
  EXPECT_NE(sentence(nan), "loaded");
}

TEST(SentencePieceOracles, ReferenceData) {
  const fs::path folder = kOracles / "tokenizers/sentencepiece";
  if (!fs::exists(folder)) GTEST_SKIP() << "runs where ../shared/oracles/tokenizers lies beside the project";
  const auto model = openSentencePiece(folder / "tokenizer.model");
  const auto bin = openLlama2cTokenizer(folder / "tokenizer.bin");
  const std::size_t ofModel = check(model, folder / "samples.json", "ids_no_special", "ids");
  const std::size_t ofBin = check(bin, folder / "bin_samples.json", "ids_no_bos", "ids");
  std::cout << "tokenizer.model: " << ofModel << " samples, tokenizer.bin: " << ofBin << " samples (tolerance 0)\n";
  EXPECT_TRUE(ofModel > 50 && ofBin > 50);
  const auto cut = openLlama2cTokenizer(kOracles / "hostile/llama2c/tokenizer_cut.bin");
  ASSERT_FALSE(cut.ok());
  std::cout << cut.error().what << "\n";
}

} // namespace
} // namespace orrery::tokenize
