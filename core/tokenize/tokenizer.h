// SPDX-License-Identifier: MIT
// Text <-> token ids, read from a Hugging Face tokenizer.json with a BPE model: byte-level (GPT-2, Llama 3, Qwen,
// SmolLM) and SentencePiece style with byte fallback (Llama 2, Mistral, Gemma, Phi-3). Ids and decoded text equal
// those of the HF library `tokenizers`. Also from the key-values of a GGUF file.
//
// Refused by name, never ignored: other models (WordPiece, WordLevel, Unigram), unknown components and options,
// truncation, padding to a length, dropout.
// Deviations from the library, all on odd files only: an added token keeps the id that the file gives it (the library
// renumbers it), and a file whose added tokens contradict the vocabulary is refused.
//
// Text that is not valid UTF-8: each maximal broken part is read as U+FFFD (Rust's from_utf8_lossy).
// Regular expressions that backtrack without end are cut off (regex.h, MatchBudget): the rest of the text is then
// one piece. It is still encoded, with other ids than an unlimited search would find.
//
// Thread: every const member may be called from any number of threads at once.
// Source: huggingface/tokenizers 0.23; docs at https://huggingface.co/docs/tokenizers.
#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/json.h"
#include "core/base/result.h"
#include "core/tokenize/model.h"

namespace orrery::tokenize {

class Tokenizer {
public:
  // Errors: NotFound, Io (the file); BadInput (malformed or contradictory); Unsupported (named); TooLarge (above the
  // 256 MiB of core/base/json.h).
  static Result<std::shared_ptr<const Tokenizer>> fromFile(const std::string& path);
  // `where` names the text in error messages.
  static Result<std::shared_ptr<const Tokenizer>> fromJson(std::string_view text, const std::string& where);
  // The tokenizer of a GGUF file: `description` has its key-values. Errors: NotFound (there is none), BadInput,
  // Unsupported (a tokenizer.ggml.model or .pre that is not known here, by name).
  static Result<std::shared_ptr<const Tokenizer>> fromGguf(const Json& description, const std::string& where);
  // A model of another kind of file with components as in tokenizer.json ("model" is absent; null: it is not).
  static Result<std::shared_ptr<const Tokenizer>> fromModel(std::shared_ptr<const Model> model, const Json& components,
                                                            const std::string& where);

  ~Tokenizer();
  Tokenizer(const Tokenizer&) = delete;
  Tokenizer& operator=(const Tokenizer&) = delete;

  // Never fails. addSpecial: with the tokens of the post-processor (BOS and the like); special tokens that are
  // spelled out in the text are recognised either way.
  std::vector<std::int32_t> encode(std::string_view text, bool addSpecial) const;

  // Valid UTF-8. Ids that are no token are skipped; skipSpecial leaves out special tokens too.
  std::string decode(std::span<const std::int32_t> ids, bool skipSpecial) const;

  // The raw bytes that a token contributes to the text ("Ġthe" and "▁the" give " the", "<0xE2>" one byte); may be
  // a fragment of UTF-8. An id that is no token gives "<id 99999?>".
  std::string pieceText(std::int32_t id) const;
  // As it stands in the vocabulary, "Ġthe"; empty for an id that is no token. Lives as long as the tokenizer.
  std::string_view tokenString(std::int32_t id) const;
  // The id of a vocabulary string or added token, -1 if there is none.
  std::int32_t find(std::string_view token) const;

  std::size_t vocabSize() const; // highest id + 1, added tokens included
  bool isToken(std::int32_t id) const;
  bool isSpecial(std::int32_t id) const;
  // Ids that encode() puts around a text, in order: e.g. {1} for a BOS.
  std::vector<std::int32_t> specialAround() const;
  std::string kind() const; // "byte-level BPE, 49152 tokens"

private:
  struct Parts;
  explicit Tokenizer(std::unique_ptr<const Parts> parts);
  std::unique_ptr<const Parts> m_parts;
};

} // namespace orrery::tokenize
