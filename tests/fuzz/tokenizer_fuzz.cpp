// SPDX-License-Identifier: MIT
// Input: a tokenizer.json, a zero byte, a text. Whatever loads must encode and decode without crashing.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/tokenize/display.h"
#include "core/tokenize/tokenizer.h"
#include "core/tokenize/utf8.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace orrery::tokenize;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::size_t zero = input.find('\0');
  const std::string_view text =
      zero == std::string_view::npos ? "The \xE2\x98\x83 fox's 123\n" : input.substr(zero + 1);
  const auto tokenizer = Tokenizer::fromJson(input.substr(0, zero), "fuzz");
  if (!tokenizer) {
    if (tokenizer.error().what.empty()) __builtin_trap();
    return 0;
  }
  const auto ids = (*tokenizer)->encode(text, true);
  for (const auto id : ids)
    if (!isValidUtf8(displayText((*tokenizer)->pieceText(id)))) __builtin_trap();
  if (!isValidUtf8((*tokenizer)->decode(ids, false))) __builtin_trap();
  (*tokenizer)->decode(ids, true);
  return 0;
}
