// SPDX-License-Identifier: MIT
// A vocabulary of single characters, as nanoGPT's character-level data sets have it (data/*/prepare.py writes meta.pkl
// with "stoi", character -> id). A character that is not in it leaves no trace.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/base/result.h"
#include "core/tokenize/tokenizer.h"

namespace orrery::tokenize {

// Errors: BadInput (more than one character, a character or an id twice).
Result<std::shared_ptr<const Tokenizer>>
characterTokenizer(const std::vector<std::pair<std::string, std::int64_t>>& ids, const std::string& where);

} // namespace orrery::tokenize
