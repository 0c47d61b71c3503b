// SPDX-License-Identifier: MIT
// Pre-tokenizers of tokenizer.json: they cut a text into the pieces inside which BPE merges.
// Known: ByteLevel, Split, Digits, Metaspace, Whitespace, WhitespaceSplit, Punctuation, CharDelimiterSplit,
// BertPreTokenizer, Sequence. Thread-safe when const.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/tokenize/options.h"
#include "core/tokenize/regex.h"

namespace orrery::tokenize {

struct Piece {
  std::string text;
  std::int32_t id = -1;     // an added token, already decided; -1: to be split further
  bool atTextStart = false; // its first character is the first one of the whole input (Metaspace "first" asks)
};
using Pieces = std::vector<Piece>;

enum class SplitBehavior { Removed, Isolated, MergedWithPrevious, MergedWithNext, Contiguous };

// Groups matches and gaps into pieces; `matched` of the result means: to be dropped.
std::vector<Span> groupSpans(const std::vector<Span>& spans, SplitBehavior behavior);

class PreTokenizer {
public:
  virtual ~PreTokenizer() = default;
  virtual Pieces apply(Pieces pieces, MatchBudget& budget) const = 0;
};
using PreTokenizerPtr = std::shared_ptr<const PreTokenizer>;

// null in the file: a null pointer. Errors: Unsupported (unknown type or option, named), BadInput.
Result<PreTokenizerPtr> readPreTokenizer(const Json& json);

} // namespace orrery::tokenize
