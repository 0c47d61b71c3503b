// SPDX-License-Identifier: MIT
// Which tokenizer counts in a folder, and that each kind opens.
#include "core/session/tokenizer_files.h"

#include <gtest/gtest.h>

#include "core/session/checkpoint.h"
#include "tests/core/tensorio/scratch.h"

namespace orrery::session {
namespace {

using testkit::Scratch;
using testkit::writeText;
using Ids = std::vector<std::int32_t>;

const std::string kTests = ORRERY_SOURCE_DIR "/tests/core/";

TEST(TokenizerFiles, TheFirstOfTheListCounts) {
  Scratch scratch;
  const std::string folder = scratch.path().string();
  EXPECT_EQ(tokenizerIn(folder), "");
  EXPECT_EQ(openTokenizer(folder).error().code, Code::NotFound);
  for (const char* name : {"meta.pkl", "tokenizer.bin", "tokenizer.model"}) {
    writeText(scratch / name, "x");
    EXPECT_EQ(tokenizerIn(folder), scratch / name);
  }
  writeText(scratch / "vocab.json", R"({"a": 0, "b": 1, "ab": 2})");
  EXPECT_EQ(tokenizerIn(folder), scratch / "tokenizer.model"); // merges.txt is missing
  writeText(scratch / "merges.txt", "a b\n");
  EXPECT_EQ(tokenizerIn(folder), scratch / "vocab.json");
  EXPECT_EQ((*openTokenizer(folder))->encode("aab", true), (Ids{0, 2}));
  writeText(scratch / "model.safetensors", "x");
  EXPECT_EQ((*openTokenizer(scratch / "model.safetensors"))->encode("aab", true), (Ids{0, 2})); // beside it
  writeText(scratch / "tokenizer.json", "{}");
  EXPECT_EQ(tokenizerIn(folder), scratch / "tokenizer.json");
  EXPECT_FALSE(openTokenizer(folder).ok());
}

TEST(TokenizerFiles, EachKindOpensByItsName) {
  const auto bin = openTokenizer(kTests + "tokenize/data/sentencepiece/tokenizer.bin");
  ASSERT_TRUE(bin.ok()) << bin.error().message();
  const auto model = openTokenizer(kTests + "tokenize/data/sentencepiece/plain.model");
  ASSERT_TRUE(model.ok()) << model.error().message();
  EXPECT_EQ((*bin)->encode("the lazy fox", true), (*model)->encode("the lazy fox", true)); // one is made from the other
  const auto characters = openTokenizer(kTests + "tensorio/data/torch/meta.pkl");
  ASSERT_TRUE(characters.ok()) << characters.error().message();
  EXPECT_EQ((*characters)->vocabSize(), 13u); // the characters of "Grüße, world!\n", sorted
  EXPECT_EQ((*characters)->encode("\n !,", true), (Ids{0, 1, 2, 3}));
  EXPECT_EQ((*characters)->decode((*characters)->encode("Grüße", true), true), "Grüße");
}

TEST(TokenizerFiles, MetaPklIsReadWithoutRunningIt) {
  Scratch scratch;
  writeText(scratch / "evil.pkl", std::string("\x80\x02"
                                              "cposix\nsystem\nX\x0b\x00\x00\x00touch PWNED\x85R.",
                                              35));
  EXPECT_NE(openTokenizerFile(scratch / "evil.pkl").error().what.find("\"posix.system\""), std::string::npos);
  writeText(scratch / "list.pkl", "\x80\x02].");
  EXPECT_EQ(openTokenizerFile(scratch / "list.pkl").error().what, "no dict \"stoi\" from characters to ids");
}

} // namespace
} // namespace orrery::session
