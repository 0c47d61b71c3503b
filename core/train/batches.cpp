// SPDX-License-Identifier: MIT
#include "core/train/batches.h"

#include <algorithm>

#include "core/train/bpe_trainer.h"

namespace orrery::train {

namespace {
constexpr std::int64_t kShortestPeriod = 4;
}

Tokens repeatedTokens(Random& random, std::int64_t vocab, std::int64_t period, std::int64_t length) {
  Tokens tokens = {static_cast<std::int32_t>(kBeginId)};
  const auto choices = static_cast<std::uint64_t>(vocab - kSpecialTokens);
  for (std::int64_t i = 1; i < length; ++i)
    tokens.push_back(i <= period ? static_cast<std::int32_t>(random.below(choices) + kSpecialTokens)
                                 : tokens[static_cast<std::size_t>(i - period)]);
  return tokens;
}

Tokens Batches::packed(std::int64_t length) {
  Tokens tokens;
  while (static_cast<std::int64_t>(tokens.size()) < length) {
    const Tokens& document = m_random.pick(m_documents);
    tokens.push_back(static_cast<std::int32_t>(kBeginId));
    tokens.insert(tokens.end(), document.begin(), document.end());
    tokens.push_back(static_cast<std::int32_t>(kEndId));
  }
  tokens.resize(static_cast<std::size_t>(length));
  return tokens;
}

Tokens Batches::row(std::int64_t length) {
  if (!m_random.chance(m_repeated)) return packed(length);
  const std::int64_t longest = std::max(length / 2, kShortestPeriod);
  const std::int64_t period =
      kShortestPeriod +
      static_cast<std::int64_t>(m_random.below(static_cast<std::uint64_t>(longest - kShortestPeriod + 1)));
  return repeatedTokens(m_random, m_vocab, period, length);
}

std::vector<std::int64_t> Batches::next(std::int64_t batch, std::int64_t length) {
  std::vector<std::int64_t> rows;
  rows.reserve(static_cast<std::size_t>(batch * length));
  for (std::int64_t b = 0; b < batch; ++b) {
    const Tokens tokens = row(length);
    rows.insert(rows.end(), tokens.begin(), tokens.end());
  }
  return rows;
}

} // namespace orrery::train
