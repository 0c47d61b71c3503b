// SPDX-License-Identifier: MIT
// Rows of token ids to train on. Every row begins with <|begin|>. Most rows are documents of the corpus, each with
// <|begin|> and <|end|> around it, one after the other and cut at the end of the row; the others are random tokens
// that repeat with a random period, from which a model learns to copy what it has never seen.
#pragma once
#include <cstdint>
#include <vector>

#include "core/base/random.h"

namespace orrery::train {

using Tokens = std::vector<std::int32_t>;

// <|begin|> and then `period` random tokens (no special ones), over and over, `length` ids in all.
Tokens repeatedTokens(Random& random, std::int64_t vocab, std::int64_t period, std::int64_t length);

class Batches {
public:
  // `documents`: not empty, without special tokens. Neither `vocab` nor `repeated` (share of rows) changes later.
  Batches(std::vector<Tokens> documents, std::int64_t vocab, double repeated, std::uint64_t seed)
      : m_documents(std::move(documents)), m_vocab(vocab), m_repeated(repeated), m_random(seed) {}

  Tokens row(std::int64_t length);
  std::vector<std::int64_t> next(std::int64_t batch, std::int64_t length); // [B, length], row-major

private:
  Tokens packed(std::int64_t length);

  std::vector<Tokens> m_documents;
  std::int64_t m_vocab;
  double m_repeated;
  Random m_random;
};

} // namespace orrery::train
