// SPDX-License-Identifier: MIT
// Characters that Unicode has gained since the tables of ICU 72 (Unicode 15) and PCRE2 10.42 (Unicode 14), as far as
// HF tokenizers tells them apart. With newer libraries these tables change nothing.
// Source: Unicode Character Database 15.0, 15.1, 16.0, 17.0.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace orrery::tokenize {

bool isNewNumeric(char32_t c);
bool isNewWord(char32_t c);
char32_t newLowercase(char32_t c); // c itself where there is nothing new

// For PCRE2: a copy of `text` in which every newer character stands as an older one of the same general category and
// length, so that offsets stay. False, `out` untouched: there is none. text: valid UTF-8.
bool replaceNewCharacters(std::string_view text, std::string& out);

} // namespace orrery::tokenize
