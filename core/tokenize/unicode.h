// SPDX-License-Identifier: MIT
// Character classes and normal forms with the Unicode versions that HF tokenizers uses for each of them (they
// differ from class to class, and from ICU's): a text must give the same ids here and there.
// Pure functions, any thread.
#pragma once
#include <string>
#include <string_view>

namespace orrery::tokenize {

bool isWhitespace(char32_t c);    // White_Space
bool isNumeric(char32_t c);       // N* of Unicode 17
bool isPunctuation(char32_t c);   // ASCII punctuation or P* of Unicode 8
bool isWord(char32_t c);          // \w of Rust's regex crate: Alphabetic, M, Nd, Pc, Join_Control
bool isCombiningMark(char32_t c); // M* of Unicode 9
// White space except ' ', controls, format characters, surrogates, unassigned: nothing to see on a screen.
bool isInvisible(char32_t c);

enum class NormalForm { Nfc, Nfd, Nfkc, Nfkd };
// By Unicode 9: later characters pass unchanged and block reordering. Valid UTF-8 in and out. Text above 512 MiB is
// returned as it is.
std::string normalizeUnicode(std::string_view text, NormalForm form);

// Per code point, without context (no final sigma), as Rust's char::to_lowercase.
std::string lowercase(std::string_view text);

} // namespace orrery::tokenize
