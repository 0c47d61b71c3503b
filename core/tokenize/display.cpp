// SPDX-License-Identifier: MIT
#include "core/tokenize/display.h"

#include "core/tokenize/unicode.h"
#include "core/tokenize/utf8.h"

namespace orrery::tokenize {
namespace {

std::string hex(char32_t value, int digits) {
  std::string text;
  for (; value != 0 || digits > 0; value >>= 4, --digits) text.insert(text.begin(), "0123456789ABCDEF"[value & 15]);
  return text;
}

void appendVisible(std::string& out, char32_t c) {
  switch (c) {
  case U' ':
    out += "·";
    return;
  case U'\n':
    out += "⏎";
    return;
  case U'\t':
    out += "→";
    return;
  case 0x7F:
    out += "␡";
    return;
  default:
    break;
  }
  if (c < 0x20) return appendUtf8(out, 0x2400 + c); // the control pictures block
  if (isInvisible(c))
    out += "<U+" + hex(c, 4) + ">";
  else
    appendUtf8(out, c);
}

} // namespace

std::string displayText(std::string_view piece) {
  std::string out;
  for (std::size_t at = 0; at < piece.size();) {
    const Utf8Step step = stepUtf8(piece, at);
    if (step.valid) {
      appendVisible(out, step.code);
    } else {
      for (std::size_t i = 0; i < step.size; ++i)
        out += "<0x" + hex(static_cast<unsigned char>(piece[at + i]), 2) + ">";
    }
    at += step.size;
  }
  return out;
}

} // namespace orrery::tokenize
