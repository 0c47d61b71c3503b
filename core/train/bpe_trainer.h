// SPDX-License-Identifier: MIT
// Trains a byte-level BPE (Sennrich et al. 2016, arXiv 1508.07909; bytes as in GPT-2) and writes it as the
// tokenizer.json of Hugging Face's `tokenizers`. Deterministic: of pairs seen equally often the one with the smaller
// ids is merged first, as `tokenizers` does, so both make the same merges from the same text.
#pragma once
#include <string>
#include <utility>
#include <vector>

#include "core/base/result.h"

namespace orrery::train {

inline constexpr std::string_view kBeginToken = "<|begin|>"; // id 0, put before every text
inline constexpr std::string_view kEndToken = "<|end|>";     // id 1, ends a document
inline constexpr std::int64_t kBeginId = 0, kEndId = 1, kSpecialTokens = 2;
inline constexpr std::int64_t kMinVocab = kSpecialTokens + 256, kMaxVocab = 1 << 16;

struct TrainedBpe {
  std::vector<std::string> vocab;                          // [V] in GPT-2's alphabet; the index is the id
  std::vector<std::pair<std::string, std::string>> merges; // in the order they apply

  std::string tokenizerJson() const;
};

// `vocabSize` counts the special tokens and the 256 bytes; fewer entries come out when the text has no pair left.
// Any thread. Errors: BadInput (vocabSize outside [kMinVocab, kMaxVocab]).
Result<TrainedBpe> trainBpe(const std::vector<std::string>& documents, std::int64_t vocabSize);

} // namespace orrery::train
