// SPDX-License-Identifier: MIT
// What the samples do not say: pieces, odd ids, broken UTF-8, time on long input, several threads.
#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "core/tokenize/tokenizer.h"

namespace orrery::tokenize {
namespace {

using Ids = std::vector<std::int32_t>;

std::shared_ptr<const Tokenizer> load(const std::string& name) {
  auto tokenizer = Tokenizer::fromFile(ORRERY_SOURCE_DIR "/tests/core/tokenize/data/" + name + ".json");
  EXPECT_TRUE(tokenizer.ok()) << (tokenizer ? "" : tokenizer.error().message());
  return tokenizer ? *tokenizer : nullptr;
}

std::string joined(const Tokenizer& tokenizer, const Ids& ids) {
  std::string bytes;
  for (const auto id : ids) bytes += tokenizer.pieceText(id);
  return bytes;
}

TEST(Tokenizer, PiecesAddUpToTheText) {
  const std::string text = "Na\xC3\xAFve  \xE2\x98\x83 caf\xC3\xA9\n\t123 \xF0\x9F\x98\x80";
  for (const char* name : {"regex_split", "byte_fallback"}) {
    const auto tokenizer = load(name);
    ASSERT_TRUE(tokenizer);
    std::string bytes = joined(*tokenizer, tokenizer->encode(text, false));
    if (std::string(name) == "byte_fallback") bytes.erase(0, 1); // the space put in front
    EXPECT_EQ(bytes, text) << name;
  }
}

TEST(Tokenizer, TokensByIdAndName) {
  const auto tokenizer = load("byte_level");
  ASSERT_TRUE(tokenizer);
  const std::int32_t space = tokenizer->find("\xC4\xA0"); // Ġ
  ASSERT_GE(space, 0);
  EXPECT_EQ(tokenizer->tokenString(space), "\xC4\xA0");
  EXPECT_EQ(tokenizer->pieceText(space), " ");
  EXPECT_EQ(tokenizer->pieceText(tokenizer->find("\xC3\xA2")), "\xE2"); // a single byte, no UTF-8
  const std::int32_t start = tokenizer->find("<s>");
  EXPECT_TRUE(tokenizer->isSpecial(start));
  EXPECT_FALSE(tokenizer->isSpecial(space));
  EXPECT_EQ(tokenizer->find("no such token"), -1);
  EXPECT_EQ(tokenizer->kind(), "byte-level BPE, " + std::to_string(tokenizer->vocabSize()) + " tokens");
}

TEST(Tokenizer, IdsThatAreNoTokens) {
  const auto tokenizer = load("byte_level");
  ASSERT_TRUE(tokenizer);
  const Ids ids = {-1, 2147483647, -2147483647 - 1, static_cast<std::int32_t>(tokenizer->vocabSize())};
  EXPECT_EQ(tokenizer->decode(ids, false), "");
  EXPECT_EQ(tokenizer->pieceText(2147483647), "<id 2147483647?>");
  EXPECT_EQ(tokenizer->tokenString(-1), "");
  EXPECT_FALSE(tokenizer->isToken(-1));
}

TEST(Tokenizer, BrokenUtf8ReadsAsReplacementCharacters) {
  const auto tokenizer = load("regex_split");
  ASSERT_TRUE(tokenizer);
  const std::string broken = "a\xFF\xE2\x98z\xC0\x80\xED\xA0\x80\xF0\x9F\x98"; // maximal subparts: 1, 1, 2, 3, 1
  const std::string mark = "\xEF\xBF\xBD";
  const std::string repaired = "a" + mark + mark + "z" + mark + mark + mark + mark + mark + mark;
  EXPECT_EQ(tokenizer->encode(broken, false), tokenizer->encode(repaired, false));
  EXPECT_EQ(tokenizer->decode(tokenizer->encode(broken, false), false), repaired);
}

double secondsFor(const Tokenizer& tokenizer, const std::string& text, std::size_t& tokens) {
  const auto start = std::chrono::steady_clock::now();
  tokens = tokenizer.encode(text, false).size();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// Quadratic merging would take minutes here; the bound leaves room for sanitizers.
TEST(Tokenizer, LongPiecesTakeLittleTime) {
  constexpr double kMost = 20;
  constexpr std::size_t kBytes = 1 << 20;
  for (const char* name : {"regex_split", "byte_level", "metaspace"}) {
    const auto tokenizer = load(name);
    ASSERT_TRUE(tokenizer);
    for (const char letter : {'a', ' ', '\n'}) {
      std::size_t tokens = 0;
      const double seconds = secondsFor(*tokenizer, std::string(kBytes, letter), tokens);
      std::cout << name << ": 1 MiB of one character " << int(letter) << ": " << seconds << " s, " << tokens
                << " tokens\n";
      EXPECT_LT(seconds, kMost);
    }
  }
}

TEST(Tokenizer, EnglishTextIsFast) {
  const auto tokenizer = load("regex_split");
  ASSERT_TRUE(tokenizer);
  std::string text;
  for (int i = 0; text.size() < (1u << 20); ++i)
    text += "The " + std::to_string(i * 7919 % 1000) + "th fox jumps over the lazy dog, isn't it? ";
  std::size_t tokens = 0;
  const double seconds = secondsFor(*tokenizer, text, tokens);
  std::cout << "1 MiB of English: " << seconds << " s, " << tokens << " tokens\n";
  EXPECT_LT(seconds, 10.0);
}

TEST(Tokenizer, SeveralThreadsAtOnce) {
  const auto tokenizer = load("regex_split");
  ASSERT_TRUE(tokenizer);
  const std::string text = "Many threads, one tokenizer: 123 \xE6\x97\xA5\xE6\x9C\xAC";
  const Ids expected = tokenizer->encode(text, true);
  std::vector<int> wrong(4, 0);
  {
    std::vector<std::jthread> threads;
    for (auto& count : wrong)
      threads.emplace_back([&] {
        for (int i = 0; i < 200; ++i) count += tokenizer->encode(text, true) != expected;
      });
  }
  EXPECT_EQ(wrong, std::vector<int>(4, 0));
}

} // namespace
} // namespace orrery::tokenize
