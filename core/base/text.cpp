// SPDX-License-Identifier: MIT
#include "core/base/text.h"

namespace orrery {

std::string inQuotes(std::string_view text, std::size_t maxBytes) {
  const auto continues = [](char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; };
  std::size_t length = text.size();
  if (length > maxBytes) {
    length = maxBytes;
    while (length > 0 && continues(text[length])) --length; // never cut a UTF-8 character in two
  }
  std::string out = "\"";
  for (const char c : text.substr(0, length)) {
    const auto byte = static_cast<unsigned char>(c);
    out += byte < 0x20 || byte == 0x7f ? '?' : c;
  }
  return out + (length < text.size() ? "...\"" : "\"");
}

} // namespace orrery
