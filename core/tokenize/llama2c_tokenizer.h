// SPDX-License-Identifier: MIT
// tokenizer.bin of llama2.c (source: karpathy/llama2.c, tokenizer.py and encode() of run.c), little-endian:
//   u32             length of the longest token in bytes
//   per token       float32 score, int32 length, the bytes (spaces as they are, no "▁")
// Token 0 is unknown, 1 and 2 are BOS and EOS (spelled "\n<s>\n", "\n</s>\n"), 3 + b is the byte b ("<0xNN>").
// A text becomes BOS, a space if the text is not empty, then its characters, or their bytes; then neighbours merge,
// best score first, leftmost among equals. The number of tokens is not in the file: it ends after the last one.
#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/tokenize/spm.h"
#include "core/tokenize/tokenizer.h"

namespace orrery::tokenize {

// Errors: BadInput.
Result<std::vector<SpmPiece>> parseLlama2cTokens(std::string_view bytes, const std::string& where);
Result<std::shared_ptr<const Tokenizer>> llama2cTokenizer(std::string_view bytes, const std::string& where);
// Errors: also NotFound, Io, TooLarge.
Result<std::shared_ptr<const Tokenizer>> openLlama2cTokenizer(const std::string& path);

} // namespace orrery::tokenize
