// SPDX-License-Identifier: MIT
// UTF-8 by hand: repair, step, append. Everything inside the tokenizer is valid UTF-8 once toValidUtf8() has run.
// Source: Unicode 15, section 3.9 (maximal subparts), the rule of Rust's String::from_utf8_lossy.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>

namespace orrery::tokenize {

inline constexpr char32_t kReplacementCharacter = 0xFFFD;

// One step through possibly broken UTF-8.
struct Utf8Step {
  char32_t code;    // U+FFFD when broken
  std::size_t size; // bytes taken; for broken input the maximal subpart, at least 1
  bool valid;
};
// `at` < text.size().
Utf8Step stepUtf8(std::string_view text, std::size_t at);

// Each maximal broken part becomes one U+FFFD.
std::string toValidUtf8(std::string_view bytes);
bool isValidUtf8(std::string_view bytes);

// code: any scalar value (no surrogates).
void appendUtf8(std::string& out, char32_t code);

// The last code point of valid, non-empty UTF-8.
Utf8Step lastStep(std::string_view text);

inline bool isAscii(std::string_view text) {
  for (const char c : text)
    if (static_cast<unsigned char>(c) >= 0x80) return false;
  return true;
}

} // namespace orrery::tokenize
