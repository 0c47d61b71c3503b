// SPDX-License-Identifier: MIT
// Normalizers of tokenizer.json: text -> text before it is split.
// Known: NFC, NFD, NFKC, NFKD, Lowercase, Strip, StripAccents, Nmt, Replace, Prepend, ByteLevel,
// Sequence. Thread-safe when const.
#pragma once
#include <memory>
#include <string>

#include "core/tokenize/options.h"
#include "core/tokenize/regex.h"

namespace orrery::tokenize {

// One use of a normalizer on one text.
struct NormalizerRun {
  MatchBudget& budget;
  bool startDropped = false; // set when the first character was taken away (Metaspace "first" asks)
};

class Normalizer {
public:
  virtual ~Normalizer() = default;
  // Valid UTF-8 in and out. A step that would make the text longer than growthLimit() is left out.
  virtual std::string apply(std::string text, NormalizerRun& run) const = 0;
};
using NormalizerPtr = std::shared_ptr<const Normalizer>;

// null in the file: a null pointer. Errors: Unsupported (unknown type or option, named), BadInput.
Result<NormalizerPtr> readNormalizer(const Json& json);

} // namespace orrery::tokenize
