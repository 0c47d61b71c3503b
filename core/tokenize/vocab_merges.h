// SPDX-License-Identifier: MIT
// GPT-2's two files, vocab.json ({"Ġthe": 262, ...}) and merges.txt ("#version: 0.2", then "Ġ t" a line, best first):
// byte-level BPE with GPT-2's split. "<|endoftext|>" is one special token, behind the vocabulary where that lacks it,
// as transformers' GPT2Tokenizer has it. Source: openai/gpt-2, src/encoder.py.
#pragma once
#include <memory>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/tokenize/tokenizer.h"

namespace orrery::tokenize {

// Texts of the two files; `where` names them in errors. Errors: BadInput.
Result<std::shared_ptr<const Tokenizer>> readVocabMerges(std::string_view vocab, std::string_view merges,
                                                         const std::string& where);
// The merges.txt beside a vocab.json. Errors: NotFound, Io, TooLarge, BadInput.
Result<std::shared_ptr<const Tokenizer>> openVocabMerges(const std::string& vocabPath);

} // namespace orrery::tokenize
