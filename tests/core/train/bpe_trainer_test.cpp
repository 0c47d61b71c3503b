// SPDX-License-Identifier: MIT
// The expected merges were made with the `tokenizers` library (0.23, BpeTrainer with the same alphabet and special
// tokens) from the same text; of 510 merges of a larger text all are equal as well.
#include <gtest/gtest.h>

#include "core/base/json.h"
#include "core/tokenize/tokenizer.h"
#include "core/train/bpe_trainer.h"
#include "core/train/grammar.h"

using namespace orrery;
using namespace orrery::train;

namespace {

using Merges = std::vector<std::pair<std::string, std::string>>;

std::string joined(const Merges& merges) {
  std::string text;
  for (const auto& [left, right] : merges) text += left + "|" + right + " ";
  return text;
}

std::uint64_t fnv1a(const std::string& text) { // Fowler, Noll and Vo
  std::uint64_t hash = 0xcbf29ce484222325;
  for (unsigned char byte : text) hash = (hash ^ byte) * 0x100000001b3;
  return hash;
}

} // namespace

TEST(BpeTrainer, mergesWhatStandsTogetherMostOften) {
  const auto bpe =
      trainBpe({"low low low low low lower lower newest newest newest newest newest newest widest widest widest"}, 268);
  ASSERT_TRUE(bpe) << bpe.error().what;
  EXPECT_EQ(joined(bpe->merges), "e|s es|t l|o lo|w e|w n|ew Ġ|low Ġ|new Ġnew|est d|est ");
  EXPECT_EQ(bpe->vocab.size(), 268u);
  EXPECT_EQ(bpe->vocab[0], "<|begin|>");
  EXPECT_EQ(bpe->vocab[1], "<|end|>");
}

TEST(BpeTrainer, equalsTheTokenizersLibraryOnTheGrammar) {
  const auto bpe = trainBpe(makeCorpus(1, {}, 100000), 768);
  ASSERT_TRUE(bpe) << bpe.error().what;
  ASSERT_EQ(bpe->merges.size(), 510u);
  EXPECT_EQ(joined({bpe->merges.end() - 3, bpe->merges.end()}), "Whe|re Ġcur|ious Ġcoul|d ");
  EXPECT_EQ(fnv1a(joined(bpe->merges)), 0xe8aa2892738be574u);
}

TEST(BpeTrainer, stopsWhenThereIsNothingToMerge) {
  const auto bpe = trainBpe({"ab ab"}, 400);
  ASSERT_TRUE(bpe) << bpe.error().what;
  EXPECT_EQ(joined(bpe->merges), "a|b Ġ|ab ");
  const auto empty = trainBpe({}, 300);
  ASSERT_TRUE(empty) << empty.error().what;
  EXPECT_EQ(empty->vocab.size(), static_cast<std::size_t>(kMinVocab));
}

TEST(BpeTrainer, absurdSizesAreRefused) {
  const auto bpe = trainBpe({"text"}, 100);
  ASSERT_FALSE(bpe);
  EXPECT_EQ(bpe.error().what, "vocabulary: expected 258 to 65536 entries, found 100");
  EXPECT_FALSE(trainBpe({"text"}, std::int64_t{1} << 40));
}

TEST(BpeTrainer, ownTokenizerReadsItAndGivesTheTextBack) {
  const auto bpe = trainBpe(makeCorpus(1, {}, 100000), 768);
  ASSERT_TRUE(bpe) << bpe.error().what;
  const auto tokenizer = tokenize::Tokenizer::fromJson(bpe->tokenizerJson(), "trained");
  ASSERT_TRUE(tokenizer) << tokenizer.error().what;
  EXPECT_EQ((*tokenizer)->vocabSize(), 768u);
  EXPECT_EQ((*tokenizer)->specialAround(), std::vector<std::int32_t>{0});
  // Ids by the `tokenizers` library with the same file.
  const std::vector<std::int32_t> expected = {0, 46, 335, 513, 536, 15, 501, 345, 559, 281, 511, 200, 1};
  EXPECT_EQ((*tokenizer)->encode("Mara met Zoë. 3 + 4 = 7\n<|end|>", true), expected);
  for (const std::string& text : makeCorpus(9, {}, 20000))
    EXPECT_EQ((*tokenizer)->decode((*tokenizer)->encode(text, true), true), text);
  const std::string odd = "日本語 \t\xF0\x9F\x90\xBB  ...'s";
  EXPECT_EQ((*tokenizer)->decode((*tokenizer)->encode(odd, true), true), odd);
}
