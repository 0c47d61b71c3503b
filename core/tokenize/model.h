// SPDX-License-Identifier: MIT
// Model: what turns one piece of text into ids, and the vocabulary it does it with. Thread-safe when const.
#pragma once
#include <algorithm>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace orrery::tokenize {

// Hash that lets a string_view look up a std::string key.
struct StringHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
};
using Vocabulary = std::unordered_map<std::string, std::int32_t, StringHash, std::equal_to<>>;

inline constexpr std::int32_t kNoToken = -1;
// Ids are indices of tables: none may be above this, nor far above the number of entries.
inline constexpr std::int64_t kMaxTokenId = (std::int64_t{1} << 24) - 1;
inline std::int64_t largestIdFor(std::size_t entries) {
  return std::min<std::int64_t>(kMaxTokenId, 16 * (static_cast<std::int64_t>(entries) + 1000));
}

class Model {
public:
  virtual ~Model() = default;
  // Appends the ids of one piece (valid UTF-8, not empty).
  virtual void encode(std::string_view piece, std::vector<std::int32_t>& ids) const = 0;
  virtual const Vocabulary& vocabulary() const = 0;
  // Control and unknown tokens, which no text becomes but ids may be.
  virtual bool isSpecial(std::int32_t) const { return false; }
  virtual bool byteFallback() const = 0; // unknown characters become byte tokens

  std::int32_t find(std::string_view token) const {
    const auto it = vocabulary().find(token);
    return it == vocabulary().end() ? kNoToken : it->second;
  }
};

} // namespace orrery::tokenize
