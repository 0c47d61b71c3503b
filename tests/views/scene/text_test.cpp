// SPDX-License-Identifier: MIT
#include "views/scene/text_metrics.h"

#include <gtest/gtest.h>

#include "views/scene/ticks.h"

namespace orrery::scene {
namespace {

TEST(Text, DecodesAndMarksBadBytes) {
  EXPECT_EQ(decodeUtf8("a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"), (std::vector<char32_t>{'a', 0xe9, 0x20ac, 0x1f600}));
  // overlong slash, lone continuation, surrogate, above U+10FFFF, cut short (Unicode 15, table 3-7)
  for (const char* bad : {"\xc0\xaf", "\x80", "\xed\xa0\x80", "\xf5\x80\x80\x80", "\xe2\x82"})
    for (const char32_t c : decodeUtf8(bad)) EXPECT_EQ(c, 0xfffdu);
}

TEST(Text, EncodingIsTheInverse) {
  for (const char32_t c : {U'\x7f', U'\x80', U'\x7ff', U'\x800', U'\xffff', char32_t{0x10000}, char32_t{0x10ffff}}) {
    std::string out;
    appendUtf8(out, c);
    EXPECT_EQ(decodeUtf8(out), std::vector<char32_t>{c});
  }
}

TEST(Text, CleanTextHasNothingThatSteersAPainter) {
  const std::string clean = cleanText(std::string("a\0b\x1b[31m\n\xe2\x80\xae"
                                                  "cba\xff",
                                                  16));
  for (const char32_t c : decodeUtf8(clean)) EXPECT_TRUE(c >= 0x20 && c != 0x202e) << static_cast<unsigned>(c);
  EXPECT_LT(cleanText(std::string(100000, 'x')).size(), 2010u);
}

TEST(Text, TokenLabels) {
  EXPECT_EQ(tokenLabel(" the"), "\xc2\xb7the");
  EXPECT_EQ(tokenLabel("\n"), "\xe2\x86\xb5");
  EXPECT_EQ(tokenLabel("\xe2\x82"), "\\xE2\\x82");
  EXPECT_EQ(tokenLabel(std::string_view("\0", 1)), "\\x00");
}

TEST(Text, WidthsGrowWithTextAndElideFits) {
  const std::string text = "attention probability \xf0\x9f\x98\x80";
  EXPECT_NEAR(textWidth("MMMM", 10, true), 4 * 0.603 * 10, 1e-9);
  for (const double room : {0.0, 3.0, 20.0, 55.0, 1000.0}) {
    const std::string cut = elide(text, room, 8);
    EXPECT_LE(textWidth(cut, 8), room);
    EXPECT_EQ(cut == text, room == 1000.0);
  }
}

TEST(Text, BoxOfRotatedText) {
  Text text;
  text.text = "abc";
  text.size = 10;
  text.align = Align::Right;
  text.vertical = VAlign::Middle;
  text.rotation = 90; // right end at the anchor, reading upwards: the text lies below it
  const Rect box = textBox(text, {100, 50});
  EXPECT_NEAR(box.y, 50, 1e-9);
  EXPECT_NEAR(box.h, textWidth("abc", 10), 1e-9);
  EXPECT_NEAR(box.x + box.w / 2, 100, 1e-9);
}

std::vector<std::string> labels(const std::vector<Tick>& ticks) {
  std::vector<std::string> out;
  for (const Tick& t : ticks) out.push_back(t.label);
  return out;
}

TEST(Ticks, NiceNumbers) {
  EXPECT_EQ(labels(linearTicks(0, 1, 6)), (std::vector<std::string>{"0.0", "0.2", "0.4", "0.6", "0.8", "1.0"}));
  EXPECT_EQ(labels(linearTicks(3, -3, 7)), (std::vector<std::string>{"-3", "-2", "-1", "0", "1", "2", "3"}));
  EXPECT_EQ(labels(linearTicks(0, 0.05, 3)), (std::vector<std::string>{"0.00", "0.02", "0.04"}));
  EXPECT_EQ(labels(logTicks(1e-6, 1, 4)), (std::vector<std::string>{"1e-06", "0.0001", "0.01", "1"}));
  EXPECT_EQ(labels(logTicks(0.2, 0.9, 4)), (std::vector<std::string>{"0.2", "0.5"}));
}

TEST(Ticks, HoldForAnyRange) {
  for (double low : {0.0, -1.0, 1e-12, 123456.0, -7e9})
    for (double width : {1e-9, 3e-3, 0.7, 42.0, 8e11})
      for (int most : {2, 5, 9}) {
        const auto ticks = linearTicks(low, low + width, most);
        EXPECT_LE(ticks.size(), static_cast<std::size_t>(most));
        for (std::size_t i = 1; i < ticks.size(); ++i) EXPECT_NE(ticks[i].label, ticks[i - 1].label);
        for (const Tick& t : ticks) EXPECT_TRUE(t.value >= low - width * 1e-6 && t.value <= low + width * (1 + 1e-6));
      }
  EXPECT_TRUE(linearTicks(1, 1, 5).empty());
  EXPECT_TRUE(linearTicks(0, std::numeric_limits<double>::infinity(), 5).empty());
  EXPECT_TRUE(linearTicks(-1e308, 1.7e308, 5).empty());
  EXPECT_TRUE(linearTicks(0, 5e-324, 5).size() <= 5);
  EXPECT_TRUE(logTicks(0, 1, 5).empty());
}

TEST(Ticks, LabelStepLeavesRoom) {
  for (const double spacing : {0.01, 0.3, 1.0, 7.0, 40.0}) {
    const auto step = labelStep(spacing, 9);
    EXPECT_GE(static_cast<double>(step) * spacing, 9 * (1 - 1e-6));
  }
  EXPECT_EQ(labelStep(9, 9), 1);
  EXPECT_EQ(labelStep(0, 9), 0);
  EXPECT_EQ(labelStep(1e-300, 9), 0);
}

} // namespace
} // namespace orrery::scene
