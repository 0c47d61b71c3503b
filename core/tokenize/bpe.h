// SPDX-License-Identifier: MIT
// Byte-pair encoding: symbols of a piece merge pair by pair, lowest rank first, leftmost among equals.
// O(n log n) in the length of a piece. Thread-safe when const.
// Source: Sennrich et al. 2016 (arXiv:1508.07909); details as in HF tokenizers' models/bpe.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/base/json.h"
#include "core/base/result.h"
#include "core/tokenize/model.h"

namespace orrery::tokenize {

class Bpe final : public Model {
public:
  struct Merge {
    std::int32_t rank;
    std::int32_t result; // id of the merged token
  };
  struct Settings {
    std::string continuingPrefix, wordSuffix; // empty: none
    std::int32_t unknown = kNoToken;
    std::int32_t bytes[256]; // ids of "<0x00>" .. "<0xFF>", kNoToken where absent
    bool fuseUnknown = false, byteFallback = false, ignoreMerges = false;
  };

  // `json`: the "model" object. Errors: Unsupported (another model type, dropout), BadInput (a merge of unknown
  // pieces, ids that repeat or lie too high, wrong types).
  static Result<Bpe> read(const Json& json);

  void encode(std::string_view piece, std::vector<std::int32_t>& ids) const override;
  const Vocabulary& vocabulary() const override { return m_vocabulary; }
  bool byteFallback() const override { return m_settings.byteFallback; }

private:
  struct Symbol {
    std::int32_t id;
    std::int32_t previous, next; // indices, -1 at the ends; removed symbols have id kNoToken
  };
  static std::uint64_t pairKey(std::int32_t left, std::int32_t right) {
    return (static_cast<std::uint64_t>(static_cast<std::uint32_t>(left)) << 32) | static_cast<std::uint32_t>(right);
  }
  const Merge* findMerge(std::int32_t left, std::int32_t right) const {
    const auto it = m_merges.find(pairKey(left, right));
    return it == m_merges.end() ? nullptr : &it->second;
  }
  std::vector<std::int32_t> initialIds(std::string_view piece) const;
  bool appendBytes(std::string_view symbol, std::vector<std::int32_t>& ids) const;
  void mergeAll(std::vector<Symbol>& symbols) const;

  Vocabulary m_vocabulary;
  std::unordered_map<std::uint64_t, Merge> m_merges;
  Settings m_settings;
  friend class BpeReader;
};

} // namespace orrery::tokenize
