// SPDX-License-Identifier: MIT
#include "core/tokenize/bpe.h"

#include <queue>

#include "core/tokenize/utf8.h"

namespace orrery::tokenize {
namespace {

struct Candidate {
  std::int32_t rank, position, result;
  bool operator<(const Candidate& other) const { // std::priority_queue puts the largest on top
    return rank != other.rank ? rank > other.rank : position > other.position;
  }
};

} // namespace

// All bytes of a symbol as byte tokens, or none.
bool Bpe::appendBytes(std::string_view symbol, std::vector<std::int32_t>& ids) const {
  for (const char c : symbol)
    if (m_settings.bytes[static_cast<unsigned char>(c)] == kNoToken) return false;
  for (const char c : symbol) ids.push_back(m_settings.bytes[static_cast<unsigned char>(c)]);
  return true;
}

// One id per character, bytes or unknown where the vocabulary lacks it. An unknown token is held back until a known
// character comes (so that neighbours can fuse), but byte tokens go before it: that is what the reference does.
std::vector<std::int32_t> Bpe::initialIds(std::string_view piece) const {
  std::vector<std::int32_t> ids;
  ids.reserve(piece.size());
  bool pending = false;
  std::string decorated;
  for (std::size_t at = 0; at < piece.size();) {
    const std::size_t size = stepUtf8(piece, at).size;
    std::string_view symbol = piece.substr(at, size);
    const bool first = at == 0, last = at + size == piece.size();
    at += size;
    if ((!first && !m_settings.continuingPrefix.empty()) || (last && !m_settings.wordSuffix.empty())) {
      decorated =
          (first ? "" : m_settings.continuingPrefix) + std::string(symbol) + (last ? m_settings.wordSuffix : "");
      symbol = decorated;
    }
    if (const std::int32_t id = find(symbol); id != kNoToken) {
      if (pending) ids.push_back(m_settings.unknown);
      pending = false;
      ids.push_back(id);
      continue;
    }
    if (m_settings.byteFallback && appendBytes(symbol, ids)) continue;
    if (m_settings.unknown == kNoToken) continue; // no unknown token: the character leaves no trace
    if (pending && !m_settings.fuseUnknown) ids.push_back(m_settings.unknown);
    pending = true;
  }
  if (pending) ids.push_back(m_settings.unknown);
  return ids;
}

void Bpe::mergeAll(std::vector<Symbol>& symbols) const {
  std::priority_queue<Candidate> queue;
  const auto consider = [&](std::int32_t left) {
    const Symbol& symbol = symbols[static_cast<std::size_t>(left)];
    if (symbol.next < 0) return;
    const Merge* merge = findMerge(symbol.id, symbols[static_cast<std::size_t>(symbol.next)].id);
    if (merge) queue.push({merge->rank, left, merge->result});
  };
  for (std::size_t i = 0; i + 1 < symbols.size(); ++i) consider(static_cast<std::int32_t>(i));
  while (!queue.empty()) {
    const Candidate top = queue.top();
    queue.pop();
    Symbol& left = symbols[static_cast<std::size_t>(top.position)];
    if (left.id == kNoToken || left.next < 0) continue;
    Symbol& right = symbols[static_cast<std::size_t>(left.next)];
    const Merge* merge = findMerge(left.id, right.id);
    if (!merge || merge->result != top.result) continue; // one of the two has merged otherwise since
    left.id = top.result;
    left.next = right.next;
    right.id = kNoToken;
    if (left.next >= 0) symbols[static_cast<std::size_t>(left.next)].previous = top.position;
    if (left.previous >= 0) consider(left.previous);
    consider(top.position);
  }
}

void Bpe::encode(std::string_view piece, std::vector<std::int32_t>& ids) const {
  if (m_settings.ignoreMerges) {
    if (const std::int32_t whole = find(piece); whole != kNoToken) return ids.push_back(whole);
  }
  const std::vector<std::int32_t> initial = initialIds(piece);
  const auto count = static_cast<std::int32_t>(initial.size());
  std::vector<Symbol> symbols;
  symbols.reserve(initial.size());
  for (std::int32_t i = 0; i < count; ++i)
    symbols.push_back({initial[static_cast<std::size_t>(i)], i - 1, i + 1 < count ? i + 1 : -1});
  mergeAll(symbols);
  for (const Symbol& symbol : symbols)
    if (symbol.id != kNoToken) ids.push_back(symbol.id);
}

} // namespace orrery::tokenize
