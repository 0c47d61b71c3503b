// SPDX-License-Identifier: MIT
// The BPE of SentencePiece: neighbours merge whose joined text is a piece, best score first, leftmost among equals;
// what is left of unknown characters becomes byte pieces ("<0xE2>"), or the unknown piece, once for each run of them.
// O(n log n) in the length of a text. Thread-safe when const.
// Source: google/sentencepiece, src/bpe_model.cc; llama.cpp's tokenizer "llama" and llama2.c do the same with files of
// their own.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/base/json.h"
#include "core/base/result.h"
#include "core/tokenize/model.h"
#include "core/tokenize/trie.h"

namespace orrery::tokenize {

// As sentencepiece_model.proto numbers them.
enum class PieceType { Normal = 1, Unknown = 2, Control = 3, UserDefined = 4, Unused = 5, Byte = 6 };

struct SpmPiece {
  std::string text; // "▁" stands for the space
  float score = 0;
  PieceType type = PieceType::Normal;
};

class Spm final : public Model {
public:
  // A piece's place is its id. wholeUserDefined: user-defined pieces are cut out of the text first and never merge on,
  // as SentencePiece does it; false where somebody else cuts them out before (added tokens). Errors: BadInput (two
  // equal pieces, a score that is no number, two unknown pieces), TooLarge.
  static Result<Spm> make(const std::vector<SpmPiece>& pieces, bool wholeUserDefined);

  void encode(std::string_view text, std::vector<std::int32_t>& ids) const override;
  const Vocabulary& vocabulary() const override { return m_vocabulary; }
  bool isSpecial(std::int32_t id) const override {
    const PieceType type = m_entries[static_cast<std::size_t>(id)].type;
    return type == PieceType::Control || type == PieceType::Unknown;
  }
  bool byteFallback() const override { return m_byteFallback; }

private:
  struct Entry {
    float score = 0;
    PieceType type = PieceType::Normal;
  };
  struct Symbol {
    std::size_t begin, size; // bytes of the text; size 0: merged into its left neighbour
    std::int32_t previous, next;
    bool frozen;
  };
  struct Work;
  Status add(const SpmPiece& piece, std::int32_t id);
  std::int32_t mergeable(std::string_view text) const; // id of a piece that merging may make
  std::vector<Symbol> cut(std::string_view text) const;
  void consider(Work& work, std::int32_t left) const;
  void mergeAll(Work& work) const;
  void emit(Work& work, std::string_view text, std::vector<std::int32_t>& ids, bool& afterUnknown) const;
  void emitUnknown(std::string_view character, std::vector<std::int32_t>& ids, bool& afterUnknown) const;

  Vocabulary m_vocabulary;
  std::vector<Entry> m_entries; // by id
  Trie m_whole;                 // user-defined pieces
  std::int32_t m_bytes[256];    // ids of "<0x00>" .. "<0xFF>", kNoToken where absent
  std::int32_t m_unknown = kNoToken;
  bool m_byteFallback = false; // all 256 are there
};

// The other components of a tokenizer with such a model, as tokenizer.json has them (no "model"): a space before each
// text that is not a special token, if asked for; "▁" for spaces; control and unknown pieces as special tokens,
// user-defined ones as added tokens; ids before and after a text. For Tokenizer::fromModel().
struct SpmSurroundings {
  bool spacePrefix = true;
  std::vector<std::int32_t> before, after; // BOS, EOS; ids of pieces
};
Json spmComponents(const std::vector<SpmPiece>& pieces, const SpmSurroundings& around);

} // namespace orrery::tokenize
