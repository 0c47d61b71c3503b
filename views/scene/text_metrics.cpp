// SPDX-License-Identifier: MIT
#include "views/scene/text_metrics.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace orrery::scene {
namespace {

constexpr char32_t kReplacement = 0xfffd, kEllipsis = 0x2026;
constexpr double kBoldFactor = 1.11; // widest ratio of a semi-bold advance to the regular one

// Advances of U+0020..U+007E in 1/1000 of the size: the larger of Inter Regular and DejaVu Sans.
constexpr std::array<std::uint16_t, 95> kAdvance = {
    318, 401, 460, 838, 638, 951, 780, 275, 391, 391, 500, 838, 318, 461,  318, 357, 637, 637, 637,
    637, 643, 637, 637, 637, 637, 637, 337, 337, 838, 838, 838, 531, 1000, 685, 687, 728, 771, 632,
    587, 775, 752, 295, 543, 656, 563, 890, 753, 788, 635, 788, 695, 638,  643, 742, 685, 989, 686,
    665, 686, 391, 357, 391, 838, 500, 500, 613, 635, 559, 635, 616, 361,  635, 634, 278, 278, 580,
    278, 975, 634, 612, 635, 635, 412, 523, 393, 634, 592, 818, 592, 592,  542, 637, 337, 637, 838};

struct Decoded {
  char32_t code = kReplacement;
  std::size_t bytes = 1;
  bool valid = false;
};

// One code point at the start of `s` (not empty). Source: RFC 3629, table of well-formed sequences.
Decoded decodeOne(std::string_view s) {
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(s[i]); };
  const unsigned char first = at(0);
  if (first < 0x80) return {first, 1, true};
  const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || s.size() < length) return {};
  char32_t code = first & (0xff >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    if ((at(i) & 0xc0) != 0x80) return {};
    code = code << 6 | (at(i) & 0x3f);
  }
  constexpr char32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
  if (code < kSmallest[length] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) return {};
  return {code, length, true};
}

bool control(char32_t c) { return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x2028 || c == 0x2029; }
bool directional(char32_t c) {
  return (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) || c == 0x200e || c == 0x200f || c == 0x61c;
}
bool nonCharacter(char32_t c) { return (c & 0xfffe) == 0xfffe || (c >= 0xfdd0 && c <= 0xfdef); }

bool combining(char32_t c) {
  return (c >= 0x300 && c < 0x370) || (c >= 0x200b && c <= 0x200d) || (c >= 0xfe00 && c <= 0xfe0f) || c == 0xfeff;
}
bool wide(char32_t c) {
  return (c >= 0x1100 && c < 0x1160) || (c >= 0x2e80 && c < 0xa4d0) || (c >= 0xac00 && c < 0xd7a4) ||
         (c >= 0xf900 && c < 0xfb00) || (c >= 0xfe30 && c < 0xfe70) || (c >= 0xff00 && c < 0xff61) || c >= 0x1f000;
}

// In units of the size.
double advance(char32_t c, bool mono) {
  if (combining(c)) return 0;
  if (wide(c)) return 1.3;
  if (mono) return c < 0x2190 ? kMonoAdvance : 1.0;
  if (c >= 0x20 && c < 0x7f) return kAdvance[c - 0x20] / 1000.0;
  if (c == 0xb7) return 0.32;
  if (c < 0x400) return 0.66;
  return c < 0x2000 ? 0.72 : 1.04;
}

void appendHex(std::string& out, unsigned char byte) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  out += "\\x";
  out += kDigits[byte >> 4];
  out += kDigits[byte & 15];
}

} // namespace

void appendUtf8(std::string& out, char32_t code) {
  const auto put = [&](char32_t byte) { out += static_cast<char>(static_cast<unsigned char>(byte)); };
  if (code < 0x80) return put(code);
  if (code < 0x800) {
    put(0xc0 | code >> 6);
  } else {
    if (code < 0x10000) {
      put(0xe0 | code >> 12);
    } else {
      put(0xf0 | code >> 18);
      put(0x80 | (code >> 12 & 0x3f));
    }
    put(0x80 | (code >> 6 & 0x3f));
  }
  put(0x80 | (code & 0x3f));
}

std::vector<char32_t> decodeUtf8(std::string_view bytes) {
  std::vector<char32_t> codes;
  while (!bytes.empty()) {
    const Decoded one = decodeOne(bytes);
    codes.push_back(one.code);
    bytes.remove_prefix(one.bytes);
  }
  return codes;
}

std::string cleanText(std::string_view bytes, std::size_t maxCodes) {
  std::string out;
  for (std::size_t n = 0; !bytes.empty(); ++n) {
    if (n == maxCodes) {
      appendUtf8(out, kEllipsis);
      break;
    }
    const Decoded one = decodeOne(bytes);
    const bool bad = control(one.code) || directional(one.code) || nonCharacter(one.code);
    appendUtf8(out, bad ? kReplacement : one.code);
    bytes.remove_prefix(one.bytes);
  }
  return out;
}

std::string tokenLabel(std::string_view bytes) {
  std::string out;
  while (!bytes.empty()) {
    const Decoded one = decodeOne(bytes);
    if (one.code == ' ')
      appendUtf8(out, 0xb7);
    else if (one.code == '\n')
      appendUtf8(out, 0x21b5);
    else if (one.code == '\t')
      appendUtf8(out, 0x2192);
    else if (one.valid && !control(one.code) && !directional(one.code) && !nonCharacter(one.code))
      appendUtf8(out, one.code);
    else
      for (const char byte : bytes.substr(0, one.bytes)) appendHex(out, static_cast<unsigned char>(byte));
    bytes.remove_prefix(one.bytes);
  }
  return out;
}

double textWidth(std::string_view utf8, double size, bool mono, bool bold) {
  double sum = 0;
  while (!utf8.empty()) {
    const Decoded one = decodeOne(utf8);
    sum += advance(one.code, mono);
    utf8.remove_prefix(one.bytes);
  }
  return sum * size * (bold && !mono ? kBoldFactor : 1);
}

double lineHeight(double size) { return size * (kAscent + kDescent); }

std::string elide(std::string_view utf8, double width, double size, bool mono, bool bold) {
  if (textWidth(utf8, size, mono, bold) <= width) return std::string(utf8);
  std::string dots;
  appendUtf8(dots, kEllipsis);
  const double room = width - textWidth(dots, size, mono, bold);
  double used = 0;
  std::size_t kept = 0;
  for (std::string_view rest = utf8; !rest.empty();) {
    const Decoded one = decodeOne(rest);
    used += textWidth(rest.substr(0, one.bytes), size, mono, bold);
    if (used > room) break;
    kept += one.bytes;
    rest.remove_prefix(one.bytes);
  }
  return kept == 0 ? std::string() : std::string(utf8.substr(0, kept)) + dots;
}

Rect textBox(const Text& text, Point anchor) {
  const double w = textWidth(text.text, text.size, text.mono, text.bold), h = lineHeight(text.size);
  // Relative to the anchor, before rotation.
  const double left = text.align == Align::Left ? 0 : text.align == Align::Center ? -w / 2 : -w;
  double top = -kAscent * text.size;
  if (text.vertical == VAlign::Top) top = 0;
  if (text.vertical == VAlign::Middle) top = -h / 2;
  if (text.vertical == VAlign::Bottom) top = -h;
  if (text.rotation == 0) return {anchor.x + left, anchor.y + top, w, h};
  // Counter-clockwise by 90 degrees: (x, y) goes to (y, -x).
  return {anchor.x + top, anchor.y - left - w, h, w};
}

} // namespace orrery::scene
