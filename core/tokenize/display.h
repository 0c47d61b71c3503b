// SPDX-License-Identifier: MIT
// Printable form of a token for token strips, axes and lists: white space and broken bytes become visible.
// Pure function, any thread.
#pragma once
#include <string>
#include <string_view>

namespace orrery::tokenize {

// piece: raw bytes as Tokenizer::pieceText() gives them. Returns valid UTF-8 without control characters:
// space "·", newline "⏎", carriage return "␍", tab "→", other control characters as their pictures ("␀"), no-break
// and other odd spaces, direction marks and other invisible characters as "<U+00A0>", bytes that are no UTF-8 as
// "<0xE2>".
std::string displayText(std::string_view piece);

} // namespace orrery::tokenize
