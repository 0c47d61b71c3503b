// SPDX-License-Identifier: MIT
#include "core/tokenize/display.h"

#include <gtest/gtest.h>

namespace orrery::tokenize {
namespace {

TEST(DisplayText, WhiteSpaceBecomesVisible) {
  EXPECT_EQ(displayText(" the"), "·the");
  EXPECT_EQ(displayText("a\n\t\r"), "a⏎→␍");
  EXPECT_EQ(displayText("\xC2\xA0"), "<U+00A0>");
  EXPECT_EQ(displayText("\xE2\x80\x8D"), "<U+200D>");
}

TEST(DisplayText, ControlCharactersAndBrokenBytes) {
  EXPECT_EQ(displayText(std::string_view("\0\x1B\x7F", 3)), "␀␛␡");
  EXPECT_EQ(displayText("\xE2\x98"), "<0xE2><0x98>");
  EXPECT_EQ(displayText("x\xFFy"), "x<0xFF>y");
}

TEST(DisplayText, PrintableTextStays) {
  EXPECT_EQ(displayText("naïve 日本 😀"), "naïve·日本·😀");
  EXPECT_EQ(displayText(""), "");
}

} // namespace
} // namespace orrery::tokenize
