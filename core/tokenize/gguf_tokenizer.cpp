// SPDX-License-Identifier: MIT
// The tokenizer that a GGUF file carries in its key-values (source: docs/gguf.md of ggml, section "Tokenizer", and
// llama-vocab.cpp of llama.cpp for what holds where a key is absent). Two kinds: "gpt2", byte-level BPE with merges;
// "llama", SentencePiece with scores.
#include <limits>
#include <optional>
#include <set>

#include "core/base/text.h"
#include "core/tokenize/components.h"
#include "core/tokenize/gguf_pre.h"
#include "core/tokenize/spm.h"
#include "core/tokenize/tokenizer.h"
#include "core/tokenize/utf8.h"

namespace orrery::tokenize {
namespace {

using Made = Result<std::shared_ptr<const Tokenizer>>;

class GgufTokenizer {
public:
  GgufTokenizer(const Json& description, const std::string& where) : m_values(description), m_where(where) {}

  Made make() {
    const std::string model = text("model", "");
    if (model.empty())
      fail(notFound("the file has no tokenizer (tokenizer.ggml.model)"));
    else if (model != "gpt2" && model != "llama")
      fail(unsupported("tokenizer.ggml.model " + orrery::inQuotes(model) +
                       " is not supported; \"gpt2\" and \"llama\" are"));
    if (!m_error) readPieces(model == "llama");
    if (m_error) return *m_error;
    return model == "llama" ? makeSpm() : makeByteLevel();
  }

private:
  void fail(Error error) {
    error.where = m_where;
    if (!m_error) m_error = std::move(error);
  }
  void failKey(const std::string& key, const std::string& what) {
    fail(badInput("tokenizer.ggml." + key + ": " + what));
  }

  const Json* find(const std::string& key) const {
    const auto found = m_values.is_object() ? m_values.find("tokenizer.ggml." + key) : m_values.end();
    return found == m_values.end() ? nullptr : &*found;
  }
  std::string text(const char* key, std::string fallback) {
    const Json* value = find(key);
    if (!value) return fallback;
    if (value->is_string()) return value->get<std::string>();
    failKey(key, "expected a text");
    return fallback;
  }
  bool boolean(const char* key, bool fallback) {
    const Json* value = find(key);
    if (!value) return fallback;
    if (!value->is_boolean()) failKey(key, "expected a bool");
    return value->is_boolean() ? value->get<bool>() : fallback;
  }
  // An array of as many items as there are pieces; null after a problem, or if it may be absent and is.
  const Json* perPiece(const char* key, bool required) {
    const Json* value = find(key);
    if (!value && !required) return nullptr;
    const bool good = value && value->is_array() && (m_pieces.empty() || value->size() == m_pieces.size());
    if (!good)
      failKey(key, m_pieces.empty()
                       ? std::string("expected an array")
                       : "expected an array of " + std::to_string(m_pieces.size()) + ", one for each token");
    return good ? value : nullptr;
  }

  void readPieces(bool scored) {
    const Json* tokens = perPiece("tokens", true);
    if (tokens && static_cast<std::int64_t>(tokens->size()) > kMaxTokenId) failKey("tokens", "too many");
    if (m_error) return;
    for (const Json& token : *tokens) {
      if (!token.is_string()) return failKey("tokens", "expected texts");
      m_pieces.push_back({toValidUtf8(token.get_ref<const std::string&>()), 0, PieceType::Normal});
    }
    if (m_pieces.empty()) return failKey("tokens", "there are none");
    readTypes();
    if (scored) readScores();
  }

  void readTypes() {
    const Json* types = perPiece("token_type", false);
    for (std::size_t i = 0; i < m_pieces.size() && !m_error; ++i) {
      if (!types) {
        if (isByteText(m_pieces[i].text)) m_pieces[i].type = PieceType::Byte;
        continue;
      }
      const Json& type = (*types)[i];
      const std::int64_t number = type.is_number_integer() ? type.get<std::int64_t>() : -1;
      if (number < 1 || number > 6) return failKey("token_type", "expected 1 to 6, found " + type.dump());
      m_pieces[i].type = static_cast<PieceType>(number);
    }
  }

  static bool isByteText(const std::string& text) {
    return text.size() == 6 && text.starts_with("<0x") && text.ends_with('>');
  }

  void readScores() {
    const Json* scores = perPiece("scores", true);
    for (std::size_t i = 0; i < m_pieces.size() && !m_error; ++i) {
      if (!(*scores)[i].is_number()) return failKey("scores", "expected numbers, found " + (*scores)[i].dump());
      m_pieces[i].score = (*scores)[i].get<float>();
    }
  }

  // The id that the key names; `fallback` if it is absent (-1: then there is none).
  std::int32_t idOf(const char* key, std::int32_t fallback) {
    const Json* value = find(key);
    const auto end = static_cast<std::int64_t>(m_pieces.size());
    const bool wide = value && value->is_number_unsigned() && value->get<std::uint64_t>() > INT32_MAX;
    const std::int64_t id = !value ? fallback : value->is_number_integer() && !wide ? value->get<std::int64_t>() : end;
    if (id >= -1 && id < end) return static_cast<std::int32_t>(id);
    failKey(key, "expected the id of one of the " + std::to_string(end) + " tokens, found " +
                     (value ? value->dump() : std::to_string(id)));
    return kNoToken;
  }

  // BOS and EOS where they are wanted.
  std::vector<std::int32_t> idsAround(const char* wantedKey, bool wanted, const char* idKey, std::int32_t fallback) {
    if (!boolean(wantedKey, wanted)) return {};
    const std::int32_t id = idOf(idKey, fallback);
    if (id == kNoToken && !m_error) failKey(idKey, std::string("is needed for ") + wantedKey);
    return {id};
  }

  Made makeSpm() {
    SpmSurroundings around;
    around.spacePrefix = boolean("add_space_prefix", true);
    around.before = idsAround("add_bos_token", true, "bos_token_id", 1);
    around.after = idsAround("add_eos_token", false, "eos_token_id", 2);
    if (boolean("remove_extra_whitespaces", false))
      fail(unsupported("tokenizer.ggml.remove_extra_whitespaces is not supported for \"llama\""));
    if (m_error) return *m_error;
    auto spm = Spm::make(m_pieces, false); // user-defined pieces are added tokens
    if (!spm) {
      fail(spm.error());
      return *m_error;
    }
    return Tokenizer::fromModel(std::make_shared<const Spm>(*std::move(spm)), spmComponents(m_pieces, around), m_where);
  }

  Made makeByteLevel() {
    auto pre = ggufPre(text("pre", "default"));
    if (!pre) fail(pre.error());
    const Json* merges = find("merges");
    if (!merges || !merges->is_array()) failKey("merges", "expected an array");
    if (m_error) return *m_error;
    const auto before = idsAround("add_bos_token", pre->addBos, "bos_token_id", -1);
    const auto after = idsAround("add_eos_token", false, "eos_token_id", -1);
    Json vocabulary = Json::object(), added = Json::array();
    for (std::size_t i = 0; i < m_pieces.size() && !m_error; ++i)
      place(m_pieces[i], static_cast<std::int32_t>(i), vocabulary, added);
    if (m_error) return *m_error;
    const Json components = {
        {"model", {{"type", "BPE"}, {"vocab", vocabulary}, {"merges", *merges}, {"ignore_merges", pre->ignoreMerges}}},
        {"normalizer", pre->normalizer},
        {"pre_tokenizer", pre->preTokenizer},
        {"decoder", {{"type", "ByteLevel"}}},
        {"added_tokens", added},
        {"post_processor", templateJson(before, after)}};
    return Tokenizer::fromModel(nullptr, components, m_where);
  }

  // A token of the vocabulary, or one that is looked for in the text before anything else.
  void place(const SpmPiece& piece, std::int32_t id, Json& vocabulary, Json& added) {
    const bool special = piece.type == PieceType::Control || piece.type == PieceType::Unknown;
    const bool apart = (special || piece.type == PieceType::UserDefined) && !piece.text.empty();
    if (apart)
      added.push_back(addedTokenJson(id, piece.text, special));
    else if (!vocabulary.emplace(piece.text, id).second)
      failKey("tokens", orrery::inQuotes(piece.text) + " stands twice");
  }

  const Json& m_values;
  const std::string& m_where;
  std::optional<Error> m_error;
  std::vector<SpmPiece> m_pieces;
};

} // namespace

Result<std::shared_ptr<const Tokenizer>> Tokenizer::fromGguf(const Json& description, const std::string& where) {
  try {
    return GgufTokenizer(description, where).make();
  } catch (const std::exception& problem) { // out of memory
    return badInput(std::string("cannot be read as a tokenizer: ") + problem.what(), where);
  }
}

} // namespace orrery::tokenize
