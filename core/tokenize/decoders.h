// SPDX-License-Identifier: MIT
// Decoders of tokenizer.json: vocabulary strings -> text.
// Known: ByteLevel, ByteFallback, Fuse, Strip, Replace, Metaspace, BPEDecoder, Sequence. Thread-safe when const.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "core/tokenize/options.h"
#include "core/tokenize/regex.h"

namespace orrery::tokenize {

class Decoder {
public:
  virtual ~Decoder() = default;
  // The strings of the tokens, in order; the text is their concatenation at the end of the chain.
  virtual std::vector<std::string> apply(std::vector<std::string> tokens, MatchBudget& budget) const = 0;
  // One token alone as raw bytes, without what depends on its neighbours (stripping at the start of a text).
  virtual std::string pieceBytes(std::string token, MatchBudget& budget) const = 0;
  // For Tokenizer::kind().
  virtual bool isByteLevel() const { return false; }
};
using DecoderPtr = std::shared_ptr<const Decoder>;

// null in the file: a null pointer (tokens are then joined by spaces). Errors: Unsupported, BadInput.
Result<DecoderPtr> readDecoder(const Json& json);

} // namespace orrery::tokenize
