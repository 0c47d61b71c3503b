// SPDX-License-Identifier: MIT
#include "core/tokenize/added_tokens.h"

#include <algorithm>

#include "core/tokenize/options.h"
#include "core/tokenize/unicode.h"
#include "core/tokenize/utf8.h"

namespace orrery::tokenize {
namespace {

constexpr std::size_t kMaxContentBytes = 1024; // bounds the search at each position of a text

// Where the white space at the end of text begins.
std::size_t beginOfTrailingSpace(std::string_view text) {
  while (!text.empty()) {
    const Utf8Step last = lastStep(text);
    if (!isWhitespace(last.code)) break;
    text.remove_suffix(last.size);
  }
  return text.size();
}

std::size_t endOfLeadingSpace(std::string_view text, std::size_t at) {
  while (at < text.size()) {
    const Utf8Step step = stepUtf8(text, at);
    if (!isWhitespace(step.code)) break;
    at += step.size;
  }
  return at;
}

bool standsAlone(std::string_view text, std::size_t begin, std::size_t end) {
  const bool wordBefore = begin > 0 && isWord(lastStep(text.substr(0, begin)).code);
  const bool wordAfter = end < text.size() && isWord(stepUtf8(text, end).code);
  return !wordBefore && !wordAfter;
}

AddedToken readToken(Options& options) {
  AddedToken token;
  token.id = static_cast<std::int32_t>(options.integer("id", 0, kMaxTokenId));
  token.content = options.text("content");
  token.singleWord = options.boolean("single_word");
  token.leftStrip = options.boolean("lstrip");
  token.rightStrip = options.boolean("rstrip");
  token.normalized = options.boolean("normalized");
  token.special = options.boolean("special");
  if (options.ok() && token.content.empty()) options.refuse("content is empty");
  if (token.content.size() > kMaxContentBytes)
    options.refuse(tooLarge("content of " + std::to_string(token.content.size()) + " bytes, at most " +
                            std::to_string(kMaxContentBytes)));
  return token;
}

} // namespace

Result<AddedTokens> AddedTokens::read(const Json& json, const Model& model, const Normalizer* normalizer) {
  AddedTokens added;
  if (json.is_null()) return added;
  if (!json.is_array()) return badInput(std::string("added_tokens: expected an array, found ") + json.type_name());
  const std::int64_t largest = largestIdFor(model.vocabulary().size() + json.size());
  std::unordered_map<std::int32_t, std::string> owners;
  for (const auto& [content, id] : model.vocabulary()) owners.emplace(id, content);
  std::unordered_set<std::string> seen;
  for (const Json& entry : json) {
    Options options(entry, "added token " + std::to_string(added.m_tokens.size()));
    AddedToken token = readToken(options);
    const std::int32_t known = model.find(token.content);
    const auto owner = owners.emplace(token.id, token.content).first;
    if (token.id > largest)
      options.refuse("id: expected at most " + std::to_string(largest) + ", found " + std::to_string(token.id));
    else if (known != kNoToken && known != token.id)
      options.refuse(inQuotes(token.content) + " has id " + std::to_string(token.id) + ", but " +
                     std::to_string(known) + " in the vocabulary");
    else if (owner->second != token.content)
      options.refuse("id " + std::to_string(token.id) + " of " + inQuotes(token.content) + " already belongs to " +
                     inQuotes(owner->second));
    else if (!seen.insert(token.content).second)
      options.refuse(inQuotes(token.content) + " stands twice");
    if (auto done = options.finish(); !done) return done.error();
    added.m_tokens.push_back(std::move(token));
  }
  MatchBudget budget(0);
  NormalizerRun run{budget};
  for (std::size_t i = 0; i < added.m_tokens.size(); ++i) {
    const AddedToken& token = added.m_tokens[i];
    const bool changes = token.normalized && normalizer;
    added.m_strings.push_back(changes ? normalizer->apply(token.content, run) : token.content);
    (token.normalized ? added.m_normalized : added.m_raw).add(added.m_strings[i].substr(0, 16 * kMaxContentBytes), i);
    if (token.special) added.m_special.insert(token.content);
  }
  return added;
}

// Leftmost, longest. A match that white space was stripped for may reach back into the gap before it, but not into
// the match before that; a discarded single-word match still uses up its characters.
void AddedTokens::cut(Pieces& out, Piece piece, const Trie& trie) const {
  const std::string_view text = piece.text;
  std::size_t done = 0;
  const auto gap = [&](std::size_t end) {
    if (done < end) out.push_back({std::string(text.substr(done, end - done)), -1, piece.atTextStart && done == 0});
  };
  for (std::size_t at = 0; at < text.size();) {
    const Trie::Hit hit = trie.longestAt(text, at);
    if (hit.length == 0) {
      at += stepUtf8(text, at).size;
      continue;
    }
    std::size_t begin = at, end = at + hit.length;
    at = end;
    const AddedToken& token = m_tokens[hit.value];
    if (token.singleWord && !standsAlone(text, begin, end)) continue;
    if (token.leftStrip) begin = std::max(beginOfTrailingSpace(text.substr(0, begin)), done);
    if (token.rightStrip) end = endOfLeadingSpace(text, end);
    gap(begin);
    out.push_back({std::string(text.substr(begin, end - begin)), token.id, false});
    done = end;
  }
  gap(text.size());
}

Pieces AddedTokens::extract(std::string_view text, const Normalizer* normalizer, MatchBudget& budget) const {
  Pieces raw, out;
  Piece whole{std::string(text), -1, true};
  if (text.empty()) return raw;
  if (m_raw.empty())
    raw.push_back(std::move(whole));
  else
    cut(raw, std::move(whole), m_raw);
  for (Piece& piece : raw) {
    if (piece.id < 0 && normalizer) {
      NormalizerRun run{budget};
      piece.text = normalizer->apply(std::move(piece.text), run);
      piece.atTextStart = piece.atTextStart && !run.startDropped;
    }
    if (piece.id >= 0 || m_normalized.empty())
      out.push_back(std::move(piece));
    else
      cut(out, std::move(piece), m_normalized);
  }
  return out;
}

} // namespace orrery::tokenize
