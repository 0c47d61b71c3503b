// SPDX-License-Identifier: MIT
// The "added_tokens" of tokenizer.json: strings that become one id before anything else looks at the text.
// Thread-safe when const.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "core/tokenize/model.h"
#include "core/tokenize/normalizers.h"
#include "core/tokenize/pre_tokenizers.h"
#include "core/tokenize/trie.h"

namespace orrery::tokenize {

struct AddedToken {
  std::int32_t id = kNoToken;
  std::string content;
  bool singleWord = false; // only between non-word characters
  bool leftStrip = false;  // takes the white space on its left
  bool rightStrip = false;
  bool normalized = false; // looked for in the normalized text
  bool special = false;
};

class AddedTokens {
public:
  // `json`: the array (null: none). Ids must agree with the vocabulary where the content is in it, and must not be
  // used by another token. Errors: BadInput, Unsupported.
  static Result<AddedTokens> read(const Json& json, const Model& model, const Normalizer* normalizer);

  // Cuts added tokens out of the text and normalizes what lies between.
  Pieces extract(std::string_view text, const Normalizer* normalizer, MatchBudget& budget) const;

  const std::vector<AddedToken>& tokens() const { return m_tokens; }
  // What stands for the token when decoding: its normalized form for tokens looked for in the normalized text.
  const std::string& tokenString(std::size_t index) const { return m_strings[index]; }
  bool isSpecialString(const std::string& text) const { return m_special.contains(text); }

private:
  void cut(Pieces& out, Piece piece, const Trie& trie) const;

  std::vector<AddedToken> m_tokens;
  std::vector<std::string> m_strings; // of each token, see tokenString()
  std::unordered_set<std::string> m_special;
  Trie m_raw, m_normalized;
};

} // namespace orrery::tokenize
