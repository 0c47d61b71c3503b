// SPDX-License-Identifier: MIT
#include "views/paint/svg.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <regex>

#include "tests/views/paint/demo_scene.h"
#include "views/paint/number.h"
#include "views/paint/png.h"

namespace orrery::paint {
namespace {

std::string unbase64(const std::string& text) {
  const std::string digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  unsigned bits = 0, have = 0;
  for (const char c : text) {
    if (c == '=') break;
    bits = bits << 6 | static_cast<unsigned>(digits.find(c));
    have += 6;
    if (have >= 8) out += static_cast<char>(bits >> (have -= 8) & 255);
  }
  return out;
}

struct Png {
  std::uint32_t width = 0, height = 0, channels = 0;
  std::string rows; // filter byte and pixels
};

// Reads back what encodePng() may write: one IDAT, filter 0.
Png readPng(const std::string& png) {
  const auto u32 = [&](std::size_t i) {
    std::uint32_t v = 0;
    for (std::size_t k = 0; k < 4; ++k) v = v << 8 | static_cast<unsigned char>(png[i + k]);
    return v;
  };
  Png out{u32(16), u32(20), png[25] == 2 ? 3u : 4u, {}};
  out.rows.resize(out.height * (1 + out.width * out.channels));
  uLongf size = out.rows.size();
  const int code = uncompress(reinterpret_cast<Bytef*>(out.rows.data()), &size,
                              reinterpret_cast<const Bytef*>(png.data() + 41), u32(33));
  EXPECT_EQ(code, Z_OK);
  EXPECT_EQ(size, out.rows.size());
  return out;
}

constexpr double kPoints85 = 85 / 25.4 * 72;

// A strict walk over the elements: names nest, attributes are quoted, no bare & or <. Returns the text of all <text>.
std::vector<std::string> parseXml(const std::string& xml) {
  std::vector<std::string> open, texts;
  static const std::regex kTag(R"(^<(/?)([a-zA-Z]+)((?: [a-zA-Z0-9:-]+="[^"<]*")*)(/?)>)");
  static const std::regex kEntity("&(?!(amp|lt|gt|quot);)");
  std::size_t i = xml.find("?>") + 2;
  while (i < xml.size()) {
    if (xml[i] != '<') {
      const std::size_t end = std::min(xml.find('<', i), xml.size());
      const std::string text = xml.substr(i, end - i);
      EXPECT_FALSE(std::regex_search(text, kEntity)) << text;
      if (!open.empty() && open.back() == "text") texts.push_back(text);
      i = end;
      continue;
    }
    const std::size_t end = xml.find('>', i);
    // std::regex recurses over long attributes: the image data is taken out first.
    std::string tag = xml.substr(i, end - i + 1);
    if (const std::size_t data = tag.find("base64,"); data != std::string::npos)
      tag.erase(data, tag.find('"', data) - data);
    std::smatch match;
    EXPECT_TRUE(std::regex_search(tag, match, kTag)) << tag;
    if (match.empty()) return texts;
    if (match[1] == "/") {
      EXPECT_FALSE(open.empty());
      EXPECT_EQ(open.back(), match[2]);
      open.pop_back();
    } else if (match[4] != "/") {
      open.push_back(match[2]);
    }
    i = end + 1;
  }
  EXPECT_TRUE(open.empty());
  return texts;
}

TEST(Svg, SameBytesTwice) {
  const auto a = toSvg(demoScene(scene::ThemeKind::Print, kPoints85, 205, 32));
  const auto b = toSvg(demoScene(scene::ThemeKind::Print, kPoints85, 205, 32));
  ASSERT_TRUE(a.ok() && b.ok());
  EXPECT_EQ(*a, *b);
}

TEST(Svg, IsXmlWithItsTextsAndSize) {
  const auto svg = toSvg(demoScene(scene::ThemeKind::Print, 2 * kPoints85, 2 * kPoints85, 16), {.title = "a < b"});
  ASSERT_TRUE(svg.ok());
  EXPECT_NE(svg->find("width=\"85mm\" height=\"85mm\""), std::string::npos);
  EXPECT_NE(svg->find("<title>a &lt; b</title>"), std::string::npos);
  EXPECT_NE(svg->find("image-rendering:pixelated"), std::string::npos);
  const std::vector<std::string> texts = parseXml(*svg);
  for (const char* expected : {"attention probability", "Layer 3, head 5 &lt;tiny&gt; &amp; co", "&lt;s&gt;",
                               "\xc2\xb7The", "\\x01", "\\xFF\\xFE", "\xf0\x9f\x98\x80", "query", "key", "0.4"})
    EXPECT_NE(std::find(texts.begin(), texts.end(), expected), texts.end()) << expected;
}

TEST(Svg, ImageHoldsTheExactCells) {
  constexpr std::int64_t kTokens = 24;
  const scene::Scene s = demoScene(scene::ThemeKind::Print, kPoints85, kPoints85, kTokens);
  const auto svg = toSvg(s);
  ASSERT_TRUE(svg.ok());
  const std::string mark = "data:image/png;base64,";
  const std::size_t begin = svg->find(mark) + mark.size();
  EXPECT_EQ(svg->find(mark, begin), std::string::npos) << "one map, one image";
  const Png png = readPng(unbase64(svg->substr(begin, svg->find('"', begin) - begin)));
  ASSERT_EQ(png.width, kTokens);
  ASSERT_EQ(png.height, kTokens);
  int wrong = 0;
  for (std::int64_t i = 0; i < kTokens; ++i)
    for (std::int64_t j = 0; j <= i; ++j) {
      const float v = demoValue(i, j);
      scene::Color c{255, 0, 255, 255};
      if (std::isfinite(v))
        c = (*scene::colorTable("orrery-light"))[static_cast<std::size_t>(std::min(255.0, std::floor(v * 256.0)))];
      const std::size_t at =
          static_cast<std::size_t>(i) * (1 + kTokens * png.channels) + 1 + static_cast<std::size_t>(j) * png.channels;
      const auto byte = [&](std::size_t k) { return static_cast<std::uint8_t>(png.rows[at + k]); };
      wrong += byte(0) != c.r || byte(1) != c.g || byte(2) != c.b;
    }
  EXPECT_EQ(wrong, 0);
}

TEST(Svg, HostileTextIsHarmless) {
  scene::Scene s = demoScene(scene::ThemeKind::Print, kPoints85, kPoints85, 4);
  for (const std::string& bytes :
       {std::string("</text><script>alert(1)</script>"), std::string("\"' onload=\"x"), std::string("a\0b\x1b\x7f", 5),
        std::string("\xed\xa0\x80\xef\xbf\xbf\xff"), std::string("\xe2\x80\xaeright")}) {
    scene::Text text;
    text.text = bytes;
    s.texts.push_back(text);
  }
  const auto svg = toSvg(s);
  ASSERT_TRUE(svg.ok());
  EXPECT_EQ(svg->find("<script"), std::string::npos);
  for (const char c : *svg) EXPECT_TRUE(static_cast<unsigned char>(c) >= 0x20 || c == '\n');
  EXPECT_EQ(svg->find("\xef\xbf\xbf"), std::string::npos);
  EXPECT_EQ(svg->find("\xe2\x80\xae"), std::string::npos);
  parseXml(*svg);
}

TEST(Svg, Transparent) {
  const scene::Scene s = demoScene(scene::ThemeKind::Dark, 300, 300, 4);
  EXPECT_NE(toSvg(s)->find("height=\"300\" fill=\"#0e1116\""), std::string::npos);
  EXPECT_EQ(toSvg(s, {.transparent = true})->find("height=\"300\" fill=\"#0e1116\""), std::string::npos);
}

TEST(Png, RefusesContradictions) {
  const std::vector<std::uint32_t> pixels(6, 0xff000000u);
  EXPECT_TRUE(encodePng(pixels, 3, 2).ok());
  EXPECT_FALSE(encodePng(pixels, 4, 2).ok());
  EXPECT_FALSE(encodePng(pixels, 0, 0).ok());
  EXPECT_FALSE(encodePng(pixels, -3, -2).ok());
}

TEST(Base64, KnownAnswers) { // RFC 4648, section 10
  EXPECT_EQ(base64(""), "");
  EXPECT_EQ(base64("f"), "Zg==");
  EXPECT_EQ(base64("fo"), "Zm8=");
  EXPECT_EQ(base64("foobar"), "Zm9vYmFy");
}

TEST(Number, FixedPoint) {
  EXPECT_EQ(fixedNumber(1.5), "1.5");
  EXPECT_EQ(fixedNumber(-0.0001), "0");
  EXPECT_EQ(fixedNumber(100), "100");
  EXPECT_EQ(fixedNumber(2.0 / 3), "0.667");
  EXPECT_EQ(fixedNumber(std::numeric_limits<double>::max()).size(), 309u);
}

} // namespace
} // namespace orrery::paint
