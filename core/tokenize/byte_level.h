// SPDX-License-Identifier: MIT
// GPT-2's alphabet: every byte as one printable character ("Ġ" is the space). Source: openai/gpt-2, bytes_to_unicode.
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace orrery::tokenize {

std::string toByteLevel(std::string_view bytes);
// The bytes behind a byte-level string; none if a character is not of the alphabet.
std::optional<std::string> fromByteLevel(std::string_view text);

} // namespace orrery::tokenize
