// SPDX-License-Identifier: MIT
// tokenizer.model of SentencePiece: a message "ModelProto" (source: google/sentencepiece,
// src/sentencepiece_model.proto)
//   1 pieces           {1 piece, 2 score (float), 3 type}, one each in the order of their ids
//   2 trainer_spec     {3 model_type, 24 treat_whitespace_as_suffix, 40 unk_id, 41 bos_id, 42 eos_id, 44 unk_surface}
//   3 normalizer_spec  {1 name, 2 precompiled_charsmap, 3 add_dummy_prefix, 4 remove_extra_whitespaces,
//                       5 escape_whitespaces, 6 normalization_rule_tsv}
//   5 denormalizer_spec
// Ids equal those of the library. BPE models only: unigram, word and char are refused by name, and so is a compiled map
// of characters (normalisation "nmt_nfkc" and the like). As in the library, control pieces ("<s>") are never read out
// of a text; BOS is put before it where addSpecial is asked for and the model has one.
#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/tokenize/spm.h"
#include "core/tokenize/tokenizer.h"

namespace orrery::tokenize {

struct SentencePieceModel {
  std::vector<SpmPiece> pieces;
  std::int32_t bos = 1, eos = 2;                 // -1: none
  bool dummyPrefix = true;                       // a space before the text
  bool removeExtra = true;                       // spaces at the ends go, runs of them become one
  bool escape = true;                            // spaces are written "▁"
  std::string unknownSurface = " \xE2\x81\x87 "; // what the unknown piece is printed as
};

// Errors: BadInput (cut, no such message), Unsupported (named).
Result<SentencePieceModel> parseSentencePiece(std::string_view bytes, const std::string& where);
Result<std::shared_ptr<const Tokenizer>> sentencePieceTokenizer(std::string_view bytes, const std::string& where);
// Errors: also NotFound, Io, TooLarge.
Result<std::shared_ptr<const Tokenizer>> openSentencePiece(const std::string& path);

} // namespace orrery::tokenize
