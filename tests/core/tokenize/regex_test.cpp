// SPDX-License-Identifier: MIT
// Patterns as Oniguruma reads them; the expected cuts were written down from its documentation.
#include <gtest/gtest.h>

#include <chrono>

#include "core/tokenize/pre_tokenizers.h"
#include "core/tokenize/regex.h"

namespace orrery::tokenize {
namespace {

// Matches in [..], gaps as they are.
std::string marked(const std::string& pattern, const std::string& text) {
  const auto regex = Regex::compile(pattern);
  if (!regex) return "refused: " + regex.error().what;
  MatchBudget budget(text.size());
  std::string out;
  for (const Span& span : regex->split(text, budget)) {
    const std::string part = text.substr(span.begin, span.end - span.begin);
    out += span.matched ? "[" + part + "]" : part;
  }
  return out;
}

TEST(Regex, RubyMeaningOfQuantifiersAndEscapes) {
  EXPECT_EQ(marked("\\d{1,3}+", "12345x1"), "[12345]x[1]"); // PCRE: possessive, [123][45]
  EXPECT_EQ(marked("a{2}?b", "aab b"), "[aab] [b]");        // PCRE: lazy
  EXPECT_EQ(marked("a{,2}b", "aaab"), "a[aab]");            // PCRE: literal
  EXPECT_EQ(marked("\\h+", "xyz beef"), "xyz [beef]");      // PCRE: horizontal space
  EXPECT_EQ(marked("\\v", "a\x0b\nb"), "a[\x0b]\nb");       // PCRE: any vertical space
  EXPECT_EQ(marked("(?m:a.b)", "a\nb"), "[a\nb]");          // PCRE: anchors
  EXPECT_EQ(marked("^b$", "a\nb\nc"), "a\n[b]\nc");         // PCRE: the whole text
  EXPECT_EQ(marked("\\s", "a\xE1\xA0\x8E"
                          "b\xE3\x80\x80"),
            "a\xE1\xA0\x8E"
            "b[\xE3\x80\x80]"); // U+180E is no space
  EXPECT_EQ(marked("\\u0041", "A"), "[A]");
}

TEST(Regex, EmptyMatchesStandAloneButNotBehindAMatch) {
  EXPECT_EQ(marked("x*", "axxb"), "[]a[xx]b[]");
  EXPECT_EQ(marked("", "ab"), "[]a[]b[]");
}

TEST(Regex, WhatHasNoEqualIsRefusedByName) {
  for (const char* pattern :
       {"[a&&b]", "[a[b]]", "(?x) a", "a(?i)b", "(*ACCEPT)", "\\Qa\\E", "[[:punct:]]", "[^\\W]", "\\", "["})
    EXPECT_TRUE(marked(pattern, "a").starts_with("refused: regular expression")) << marked(pattern, "a");
  for (const char* pattern : {"(", "a)", "(?<n>a)\\k<m>", "\\p{Nonsense}"})
    EXPECT_TRUE(marked(pattern, "a").starts_with("refused: ")) << marked(pattern, "a");
  EXPECT_TRUE(marked(std::string(20000, 'a'), "a").starts_with("refused: "));
}

TEST(Regex, EndlessBacktrackingIsCutOff) {
  const std::string text(20000, 'a');
  const auto start = std::chrono::steady_clock::now();
  const std::string out = marked("(?:a|a)*(?:a|aa)*b|(a+)+$x", text);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  std::cout << "cut off after " << seconds << " s (at most 30)\n";
  EXPECT_EQ(out, text);
  EXPECT_LT(seconds, 30.0);
}

TEST(GroupSpans, EveryBehavior) {
  // text a , , b with two matches in the middle
  const std::vector<Span> spans = {{0, 1, false}, {1, 2, true}, {2, 3, true}, {3, 4, false}};
  const auto shape = [&](SplitBehavior behavior) {
    std::string out;
    for (const Span& span : groupSpans(spans, behavior))
      if (!span.matched) out += std::to_string(span.begin) + "-" + std::to_string(span.end) + " ";
    return out;
  };
  EXPECT_EQ(shape(SplitBehavior::Removed), "0-1 3-4 ");
  EXPECT_EQ(shape(SplitBehavior::Isolated), "0-1 1-2 2-3 3-4 ");
  EXPECT_EQ(shape(SplitBehavior::Contiguous), "0-1 1-3 3-4 ");
  EXPECT_EQ(shape(SplitBehavior::MergedWithPrevious), "0-2 2-3 3-4 ");
  EXPECT_EQ(shape(SplitBehavior::MergedWithNext), "0-1 1-2 2-4 ");
}

} // namespace
} // namespace orrery::tokenize
