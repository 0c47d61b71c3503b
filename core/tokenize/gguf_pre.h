// SPDX-License-Identifier: MIT
// How a GGUF says that its byte-level BPE cuts a text into words: by a name (tokenizer.ggml.pre) whose meaning is
// agreed on outside the file.
#pragma once
#include <string>

#include "core/base/json.h"
#include "core/base/result.h"

namespace orrery::tokenize {

struct GgufPre {
  Json preTokenizer, normalizer; // as in tokenizer.json; the normalizer may be null
  bool ignoreMerges = false;     // a word that is a token is that token, whatever the merges make
  bool addBos = false;           // where the file does not say
};

// Errors: Unsupported (a name that is not known here).
Result<GgufPre> ggufPre(const std::string& name);

} // namespace orrery::tokenize
