// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <cstdio>
#include <map>
#include <set>
#include <sstream>

#include "core/train/grammar.h"

using namespace orrery;
using namespace orrery::train;

namespace {

constexpr int kDocuments = 400;

std::uint64_t fnv1a(const std::vector<std::string>& documents) { // Fowler, Noll and Vo
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const std::string& document : documents)
    for (unsigned char byte : document) hash = (hash ^ byte) * 0x100000001b3;
  return hash;
}

std::vector<std::string> lines(const std::string& text) {
  std::vector<std::string> found;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) found.push_back(line);
  return found;
}

std::vector<std::string> split(const std::string& text, const std::string& at) {
  std::vector<std::string> parts;
  std::size_t from = 0;
  for (std::size_t to; (to = text.find(at, from)) != std::string::npos; from = to + at.size())
    parts.push_back(text.substr(from, to - from));
  parts.push_back(text.substr(from));
  return parts;
}

int depthOfBalanced(const std::string& line) { // -1: not balanced
  static const std::map<char, char> kPartner = {{')', '('}, {']', '['}, {'}', '{'}};
  std::string stack;
  int deepest = 0;
  for (char c : line) {
    if (c == ' ') continue;
    if (const auto partner = kPartner.find(c); partner == kPartner.end())
      stack += c;
    else if (stack.empty() || stack.back() != partner->second)
      return -1;
    else
      stack.pop_back();
    deepest = std::max(deepest, static_cast<int>(stack.size()));
  }
  return stack.empty() ? deepest : -1;
}

} // namespace

TEST(Grammar, sameSeedSameBytesOnEveryMachine) {
  const auto corpus = makeCorpus(1, {}, 200000);
  std::printf("%zu documents, hash %016llx\n", corpus.size(), static_cast<unsigned long long>(fnv1a(corpus)));
  EXPECT_EQ(fnv1a(corpus), 0x5861d0dbaab2ecc4u);
  EXPECT_EQ(fnv1a(makeCorpus(1, {}, 200000)), fnv1a(corpus));
  EXPECT_NE(fnv1a(makeCorpus(2, {}, 200000)), fnv1a(corpus));
}

TEST(Grammar, bracketsBalance) {
  Grammar grammar(3);
  int deepest = 0;
  for (int i = 0; i < kDocuments; ++i)
    for (const std::string& line : lines(grammar.document(Topic::Brackets))) {
      const int depth = depthOfBalanced(line);
      ASSERT_GE(depth, 1) << line;
      deepest = std::max(deepest, depth);
    }
  EXPECT_EQ(deepest, 6);
  EXPECT_EQ(depthOfBalanced("( ]"), -1);
  EXPECT_EQ(depthOfBalanced("( ("), -1);
}

TEST(Grammar, sumsAreRight) {
  Grammar grammar(4);
  int seen = 0;
  for (int i = 0; i < kDocuments; ++i)
    for (const std::string& line : lines(grammar.document(Topic::Sum))) {
      int a = 0, b = 0, result = -1;
      char sign = 0;
      ASSERT_EQ(std::sscanf(line.c_str(), "%d %c %d = %d", &a, &sign, &b, &result), 4) << line;
      ASSERT_TRUE(sign == '+' || sign == '-') << line;
      EXPECT_EQ(result, sign == '+' ? a + b : a - b) << line;
      EXPECT_GE(result, 0);
      ++seen;
    }
  EXPECT_GT(seen, kDocuments);
}

TEST(Grammar, lookUpsAnswerWhatWasSaid) {
  Grammar grammar(5);
  for (int i = 0; i < kDocuments; ++i) {
    const std::vector<std::string> all = lines(grammar.document(Topic::LookUp));
    std::map<std::string, std::string> said;
    for (const std::string& pair : split(all.front(), ", ")) {
      const auto parts = split(pair, " = ");
      ASSERT_EQ(parts.size(), 2u) << pair;
      EXPECT_TRUE(said.emplace(parts[0], parts[1]).second) << pair;
    }
    ASSERT_GE(all.size(), 4u);
    for (std::size_t line = 1; line < all.size(); ++line) {
      const auto parts = split(all[line], "? ");
      ASSERT_EQ(parts.size(), 2u) << all[line];
      EXPECT_EQ(said.at(parts[0]), parts[1]);
    }
  }
}

TEST(Grammar, copiesAreExact) {
  Grammar grammar(6);
  for (int i = 0; i < kDocuments; ++i) {
    const std::string text = grammar.document(Topic::Copy);
    ASSERT_TRUE(text.starts_with("Say: ") && text.ends_with("\n")) << text;
    const auto parts = split(text.substr(5, text.size() - 6), " | ");
    ASSERT_GE(parts.size(), 2u);
    for (const std::string& part : parts) EXPECT_EQ(part, parts.front());
  }
}

TEST(Grammar, storiesFillEverySlotAndComeToAnEnd) {
  Grammar grammar(7);
  std::set<std::string> different;
  for (int i = 0; i < kDocuments; ++i) {
    const std::string text = grammar.document(Topic::Story);
    EXPECT_TRUE(text.ends_with(" The end.\n")) << text;
    EXPECT_EQ(text.find_first_of("{}"), std::string::npos) << text;
    EXPECT_EQ(text.find("  "), std::string::npos) << text;
    for (const char* wrong : {" a old", " a owl", " a otter", " a afternoon", " a evening"})
      EXPECT_EQ(text.find(wrong), std::string::npos) << text;
    different.insert(text);
  }
  EXPECT_EQ(different.size(), static_cast<std::size_t>(kDocuments));
}

TEST(Grammar, mixChoosesTheTopics) {
  for (const std::string& text : makeCorpus(8, {.story = 0, .lookUp = 0, .brackets = 0, .copy = 0, .sum = 1}, 5000))
    EXPECT_NE(text.find(" = "), std::string::npos);
  for (const std::string& text : makeCorpus(8, {.story = 0, .lookUp = 0, .brackets = 0, .copy = 0, .sum = 0}, 5000))
    EXPECT_TRUE(text.ends_with("The end.\n"));
}

TEST(Random, belowIsInRangeAndEven) {
  Random random(9);
  std::vector<int> counts(7, 0);
  for (int i = 0; i < 70000; ++i) ++counts[random.below(7)];
  for (int count : counts) EXPECT_NEAR(count, 10000, 500); // 5 standard deviations
  double sum = 0, squares = 0;
  for (int i = 0; i < 100000; ++i) {
    const double value = random.normal();
    sum += value;
    squares += value * value;
  }
  EXPECT_NEAR(sum / 100000, 0, 0.016);
  EXPECT_NEAR(squares / 100000, 1, 0.025);
}
