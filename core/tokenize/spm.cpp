// SPDX-License-Identifier: MIT
#include "core/tokenize/spm.h"

#include <algorithm>
#include <cmath>
#include <queue>

#include "core/base/text.h"
#include "core/tokenize/components.h"
#include "core/tokenize/utf8.h"

namespace orrery::tokenize {
namespace {

struct Candidate {
  float score;
  std::int32_t left;
  std::size_t size;                          // of both together
  bool operator<(const Candidate& o) const { // std::priority_queue puts the largest on top
    return score != o.score ? score < o.score : left > o.left;
  }
};

// "<0xE2>" -> 0xE2, -1 for another text.
int byteOf(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  if (text.size() != 6 || !text.starts_with("<0x") || text[5] != '>') return -1;
  const auto high = kDigits.find(text[3]), low = kDigits.find(text[4]);
  if (high == std::string_view::npos || low == std::string_view::npos) return -1;
  return static_cast<int>(high * 16 + low);
}

} // namespace

// One text being encoded.
struct Spm::Work {
  std::string_view text;
  std::vector<Symbol> symbols;
  std::priority_queue<Candidate> queue;
  std::unordered_map<std::string_view, std::size_t> unused; // made from an unused piece's first so many bytes
};

Result<Spm> Spm::make(const std::vector<SpmPiece>& pieces, bool wholeUserDefined) {
  if (static_cast<std::int64_t>(pieces.size()) > kMaxTokenId)
    return tooLarge(std::to_string(pieces.size()) + " pieces, at most " + std::to_string(kMaxTokenId));
  Spm spm;
  std::fill(std::begin(spm.m_bytes), std::end(spm.m_bytes), kNoToken);
  spm.m_vocabulary.reserve(pieces.size());
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    if (Status added = spm.add(pieces[i], static_cast<std::int32_t>(i)); !added) return added.error();
    if (wholeUserDefined && pieces[i].type == PieceType::UserDefined) spm.m_whole.add(pieces[i].text, i);
  }
  spm.m_byteFallback = std::find(std::begin(spm.m_bytes), std::end(spm.m_bytes), kNoToken) == std::end(spm.m_bytes);
  return spm;
}

Status Spm::add(const SpmPiece& piece, std::int32_t id) {
  const std::string what = "piece " + std::to_string(id) + " " + inQuotes(piece.text);
  if (std::isnan(piece.score)) return badInput(what + " has a score that is no number");
  const auto [at, fresh] = m_vocabulary.emplace(piece.text, id);
  if (!fresh) return badInput(what + " already stands at " + std::to_string(at->second));
  m_entries.push_back({piece.score, piece.type});
  if (piece.type == PieceType::Byte) {
    const int byte = byteOf(piece.text);
    if (byte < 0) return badInput(what + " is no byte; expected \"<0x00>\" to \"<0xFF>\"");
    m_bytes[byte] = id;
  }
  if (piece.type != PieceType::Unknown) return Done{};
  if (m_unknown != kNoToken) return badInput(what + ": piece " + std::to_string(m_unknown) + " is unknown already");
  m_unknown = id;
  return Done{};
}

std::int32_t Spm::mergeable(std::string_view text) const {
  const std::int32_t id = find(text);
  if (id == kNoToken) return id;
  const PieceType type = m_entries[static_cast<std::size_t>(id)].type;
  const bool reserved = type == PieceType::Unknown || type == PieceType::Control || type == PieceType::Byte;
  return reserved ? kNoToken : id;
}

std::vector<Spm::Symbol> Spm::cut(std::string_view text) const {
  std::vector<Symbol> symbols;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t whole = m_whole.empty() ? 0 : m_whole.longestAt(text, at).length;
    const std::size_t size = whole > 0 ? whole : stepUtf8(text, at).size;
    const auto place = static_cast<std::int32_t>(symbols.size());
    symbols.push_back({at, size, place - 1, place + 1, whole > 0});
    at += size;
  }
  if (!symbols.empty()) symbols.back().next = -1;
  return symbols;
}

void Spm::consider(Work& work, std::int32_t left) const {
  if (left < 0) return;
  const Symbol& a = work.symbols[static_cast<std::size_t>(left)];
  if (a.next < 0 || a.frozen) return;
  const Symbol& b = work.symbols[static_cast<std::size_t>(a.next)];
  if (b.frozen) return;
  const std::string_view joined = work.text.substr(a.begin, a.size + b.size);
  const std::int32_t id = mergeable(joined);
  if (id == kNoToken) return;
  const Entry& entry = m_entries[static_cast<std::size_t>(id)];
  work.queue.push({entry.score, left, joined.size()});
  if (entry.type == PieceType::Unused) work.unused[joined] = a.size;
}

void Spm::mergeAll(Work& work) const {
  for (std::size_t i = 0; i + 1 < work.symbols.size(); ++i) consider(work, static_cast<std::int32_t>(i));
  while (!work.queue.empty()) {
    const Candidate top = work.queue.top();
    work.queue.pop();
    Symbol& left = work.symbols[static_cast<std::size_t>(top.left)];
    if (left.size == 0 || left.next < 0) continue;
    Symbol& right = work.symbols[static_cast<std::size_t>(left.next)];
    if (left.size + right.size != top.size) continue; // one of the two has merged otherwise since
    left.size = top.size;
    left.next = right.next;
    right.size = 0;
    if (left.next >= 0) work.symbols[static_cast<std::size_t>(left.next)].previous = top.left;
    consider(work, left.previous);
    consider(work, top.left);
  }
}

// All bytes of a character as byte pieces, or the unknown piece.
void Spm::emitUnknown(std::string_view character, std::vector<std::int32_t>& ids, bool& afterUnknown) const {
  if (m_byteFallback) {
    for (const char c : character) ids.push_back(m_bytes[static_cast<unsigned char>(c)]);
    return;
  }
  if (!afterUnknown && m_unknown != kNoToken) ids.push_back(m_unknown);
  afterUnknown = true;
}

// An unused piece helps merging but is no result: it falls back into the two it was made from.
void Spm::emit(Work& work, std::string_view text, std::vector<std::int32_t>& ids, bool& afterUnknown) const {
  const std::int32_t id = mergeable(text);
  if (id == kNoToken) return emitUnknown(text, ids, afterUnknown);
  const bool unused = m_entries[static_cast<std::size_t>(id)].type == PieceType::Unused;
  if (const auto made = work.unused.find(text); unused && made != work.unused.end()) {
    const std::size_t first = made->second;
    emit(work, text.substr(0, first), ids, afterUnknown);
    return emit(work, text.substr(first), ids, afterUnknown);
  }
  afterUnknown = false;
  ids.push_back(id);
}

void Spm::encode(std::string_view text, std::vector<std::int32_t>& ids) const {
  Work work{text, cut(text), {}, {}};
  mergeAll(work);
  bool afterUnknown = false;
  for (const Symbol& symbol : work.symbols)
    if (symbol.size > 0) emit(work, text.substr(symbol.begin, symbol.size), ids, afterUnknown);
}

Json spmComponents(const std::vector<SpmPiece>& pieces, const SpmSurroundings& around) {
  const std::string mark = "\xE2\x96\x81"; // ▁
  Json normalizers = Json::array(), added = Json::array();
  if (around.spacePrefix) normalizers.push_back({{"type", "Prepend"}, {"prepend", mark}});
  normalizers.push_back({{"type", "Replace"}, {"pattern", {{"String", " "}}}, {"content", mark}});
  Json decoders = {{{"type", "Replace"}, {"pattern", {{"String", mark}}}, {"content", " "}},
                   {{"type", "ByteFallback"}},
                   {{"type", "Fuse"}}};
  if (around.spacePrefix) decoders.push_back({{"type", "Strip"}, {"content", " "}, {"start", 1}, {"stop", 0}});
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    const PieceType type = pieces[i].type;
    const bool special = type == PieceType::Control || type == PieceType::Unknown;
    if ((special || type == PieceType::UserDefined) && !pieces[i].text.empty())
      added.push_back(addedTokenJson(static_cast<std::int32_t>(i), pieces[i].text, special));
  }
  return {{"normalizer", {{"type", "Sequence"}, {"normalizers", std::move(normalizers)}}},
          {"decoder", {{"type", "Sequence"}, {"decoders", std::move(decoders)}}},
          {"added_tokens", std::move(added)},
          {"post_processor", templateJson(around.before, around.after)}};
}

} // namespace orrery::tokenize
