// SPDX-License-Identifier: MIT
// Which tokenizer lies beside a checkpoint. The list of file kinds is kKinds in tokenizer_files.cpp. Any thread.
#pragma once
#include <memory>
#include <string>

#include "core/base/result.h"
#include "core/tokenize/tokenizer.h"

namespace orrery::session {

// The first that there is of tokenizer.json, vocab.json (with merges.txt), tokenizer.model, tokenizer.bin, meta.pkl;
// empty if there is none.
std::string tokenizerIn(const std::string& folder);
// Whether a path is named like a tokenizer.
bool isTokenizerFile(const std::string& path);
// By its name. Errors: those of the reader.
Result<std::shared_ptr<const tokenize::Tokenizer>> openTokenizerFile(const std::string& path);
// For sentences: what tokenizerIn() looks for.
std::string tokenizerNames();

} // namespace orrery::session
