// SPDX-License-Identifier: MIT
#include "core/tokenize/byte_level.h"

#include <array>

#include "core/tokenize/utf8.h"

namespace orrery::tokenize {
namespace {

constexpr std::size_t kAlphabetEnd = 0x144; // one past the largest character used

struct Alphabet {
  std::array<std::string, 256> ofByte;
  std::array<int, kAlphabetEnd> byteOf{};

  Alphabet() {
    byteOf.fill(-1);
    char32_t next = 256;
    for (int byte = 0; byte < 256; ++byte) {
      const bool printable = (byte >= 0x21 && byte <= 0x7E) || (byte >= 0xA1 && byte != 0xAD);
      const char32_t code = printable ? static_cast<char32_t>(byte) : next++;
      appendUtf8(ofByte[static_cast<std::size_t>(byte)], code);
      byteOf[code] = byte;
    }
  }
};

const Alphabet& alphabet() {
  static const Alphabet table;
  return table;
}

} // namespace

std::string toByteLevel(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size() + bytes.size() / 4);
  for (const char c : bytes) out += alphabet().ofByte[static_cast<unsigned char>(c)];
  return out;
}

std::optional<std::string> fromByteLevel(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const Utf8Step step = stepUtf8(text, at);
    at += step.size;
    const int byte = step.code < kAlphabetEnd ? alphabet().byteOf[step.code] : -1;
    if (byte < 0) return std::nullopt;
    out.push_back(static_cast<char>(static_cast<unsigned char>(byte)));
  }
  return out;
}

} // namespace orrery::tokenize
