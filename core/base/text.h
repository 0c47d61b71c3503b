// SPDX-License-Identifier: MIT
// Text of files nobody vouches for, made fit for a sentence.
#pragma once
#include <string>
#include <string_view>

namespace orrery {

// (Not named as the manipulator of <iomanip>, which argument lookup would find.) "name" in double quotes; control bytes
// become '?', a long text is cut at a character and ends in "...".
std::string inQuotes(std::string_view text, std::size_t maxBytes = 200);

// `*` stands for any bytes, `?` for one.
bool matchesGlob(std::string_view glob, std::string_view text);

} // namespace orrery
