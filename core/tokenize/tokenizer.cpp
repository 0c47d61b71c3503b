// SPDX-License-Identifier: MIT
#include "core/tokenize/tokenizer.h"

#include <optional>
#include <unordered_map>

#include "core/base/file.h"
#include "core/base/json.h"
#include "core/tokenize/added_tokens.h"
#include "core/tokenize/bpe.h"
#include "core/tokenize/decoders.h"
#include "core/tokenize/normalizers.h"
#include "core/tokenize/options.h"
#include "core/tokenize/post_processors.h"
#include "core/tokenize/pre_tokenizers.h"
#include "core/tokenize/utf8.h"

namespace orrery::tokenize {
namespace {

struct Entry {
  std::string text; // vocabulary string; for added tokens what decoding starts from
  bool token = false, added = false, special = false;
};

// Words repeat: remembers where in the output the ids of a piece already stand. One per encode() call, so no lock.
class WordCache {
public:
  void encode(const Model& model, std::string_view piece, std::vector<std::int32_t>& ids) {
    if (piece.size() > kMaxBytes) return model.encode(piece, ids);
    const auto [it, fresh] = m_seen.try_emplace(piece);
    if (!fresh) return repeat(it->second, ids);
    const std::size_t begin = ids.size();
    model.encode(piece, ids);
    it->second = {begin, ids.size()};
    if (m_seen.size() >= kMaxWords) m_seen.clear();
  }

private:
  struct Range {
    std::size_t begin = 0, end = 0;
  };
  static void repeat(Range range, std::vector<std::int32_t>& ids) {
    for (std::size_t i = range.begin; i < range.end; ++i) ids.push_back(std::int32_t{ids[i]});
  }
  static constexpr std::size_t kMaxBytes = 64, kMaxWords = 65536;
  std::unordered_map<std::string_view, Range> m_seen; // keys point into the pieces
};

Status checkPadding(const Json& padding) {
  if (padding.is_null()) return Done{};
  Options options(padding, "padding");
  const Json* strategy = options.find("strategy");
  const Json* multiple = options.find("pad_to_multiple_of");
  if (!strategy || *strategy != "BatchLongest" || multiple)
    options.refuse(
        unsupported("only BatchLongest without pad_to_multiple_of is supported, which leaves a single text alone"));
  for (const char* key : {"direction", "pad_id", "pad_type_id", "pad_token"}) options.accept(key);
  return options.finish();
}

} // namespace

struct Tokenizer::Parts {
  NormalizerPtr normalizer;
  PreTokenizerPtr preTokenizer;
  std::shared_ptr<const Model> model;
  AddedTokens added;
  PostProcessor post;
  DecoderPtr decoder;
  std::vector<Entry> entries; // [highest id + 1]
  std::size_t tokens = 0;     // entries that are tokens

  // `given`: instead of the "model" of the file.
  static Result<std::unique_ptr<const Parts>> read(const Json& json, std::shared_ptr<const Model> given);
  Status readComponents(Options& options);
  void fillEntries();
  const Entry* entry(std::int32_t id) const {
    if (id < 0 || static_cast<std::size_t>(id) >= entries.size()) return nullptr;
    const Entry& found = entries[static_cast<std::size_t>(id)];
    return found.token ? &found : nullptr;
  }
};

// Takes over the value of a Result or returns its error from the enclosing function.
template <class T> std::optional<Error> take(Result<T> from, T& into) {
  if (!from) return std::move(from.error());
  into = *std::move(from);
  return std::nullopt;
}

template <class T, class Base> std::optional<Error> takeShared(Result<T> from, std::shared_ptr<const Base>& into) {
  if (!from) return std::move(from.error());
  into = std::make_shared<const T>(*std::move(from));
  return std::nullopt;
}

Status Tokenizer::Parts::readComponents(Options& options) {
  static const Json kNull;
  const auto get = [&](const char* key) -> const Json& {
    const Json* found = options.find(key);
    return found ? *found : kNull;
  };
  if (const std::string version = options.text("version", "1.0"); version != "1.0")
    return unsupported("version " + inQuotes(version) + " is not supported, expected \"1.0\"");
  if (options.find("truncation")) return unsupported("truncation is not supported, expected null");
  if (auto padding = checkPadding(get("padding")); !padding) return padding;
  if (auto error = model ? std::nullopt : takeShared(Bpe::read(get("model")), model)) return *error;
  if (auto error = take(readNormalizer(get("normalizer")), normalizer)) return *error;
  if (auto error = take(readPreTokenizer(get("pre_tokenizer")), preTokenizer)) return *error;
  if (auto error = take(readPostProcessor(get("post_processor")), post)) return *error;
  if (auto error = take(readDecoder(get("decoder")), decoder)) return *error;
  if (auto error = take(AddedTokens::read(get("added_tokens"), *model, normalizer.get()), added)) return *error;
  return options.finish();
}

void Tokenizer::Parts::fillEntries() {
  const auto put = [&](std::int32_t id, Entry entry) {
    const auto index = static_cast<std::size_t>(id);
    if (index >= entries.size()) entries.resize(index + 1);
    if (!entries[index].token) ++tokens;
    entries[index] = std::move(entry);
  };
  for (const auto& [text, id] : model->vocabulary()) put(id, {text, true, false, model->isSpecial(id)});
  for (std::size_t i = 0; i < added.tokens().size(); ++i)
    put(added.tokens()[i].id, {added.tokenString(i), true, true, added.tokens()[i].special});
}

Result<std::unique_ptr<const Tokenizer::Parts>> Tokenizer::Parts::read(const Json& json,
                                                                       std::shared_ptr<const Model> given) {
  if (!json.is_object()) return badInput(std::string("expected a JSON object, found ") + json.type_name());
  auto parts = std::make_unique<Parts>();
  parts->model = std::move(given);
  Options options(json, "tokenizer");
  if (auto done = parts->readComponents(options); !done) return done.error();
  parts->fillEntries();
  if (parts->tokens == 0) return badInput("the vocabulary is empty");
  return std::unique_ptr<const Parts>(std::move(parts));
}

Tokenizer::Tokenizer(std::unique_ptr<const Parts> parts) : m_parts(std::move(parts)) {}
Tokenizer::~Tokenizer() = default;

Result<std::shared_ptr<const Tokenizer>> Tokenizer::fromFile(const std::string& path) {
  auto text = readFile(path, kMaxJsonBytes);
  if (!text) return text.error();
  return fromJson(*text, path);
}

Result<std::shared_ptr<const Tokenizer>> Tokenizer::fromJson(std::string_view text, const std::string& where) {
  auto json = parseJson(text, where);
  if (!json) return json.error();
  return fromModel(nullptr, *json, where);
}

Result<std::shared_ptr<const Tokenizer>> Tokenizer::fromModel(std::shared_ptr<const Model> model,
                                                              const Json& components, const std::string& where) {
  try {
    auto parts = Parts::read(components, std::move(model));
    if (parts) return std::shared_ptr<const Tokenizer>(new Tokenizer(*std::move(parts)));
    parts.error().where = where;
    return parts.error();
  } catch (const std::exception& problem) { // nlohmann's type errors, out of memory
    return badInput(std::string("cannot be read as a tokenizer: ") + problem.what(), where);
  }
}

std::vector<std::int32_t> Tokenizer::encode(std::string_view text, bool addSpecial) const {
  const std::string repaired = toValidUtf8(text);
  MatchBudget budget(repaired.size());
  Pieces pieces = m_parts->added.extract(repaired, m_parts->normalizer.get(), budget);
  if (m_parts->preTokenizer) pieces = m_parts->preTokenizer->apply(std::move(pieces), budget);
  std::vector<std::int32_t> ids;
  WordCache cache;
  for (const Piece& piece : pieces) {
    if (piece.id >= 0)
      ids.push_back(piece.id);
    else if (!piece.text.empty())
      cache.encode(*m_parts->model, piece.text, ids);
  }
  return m_parts->post.apply(std::move(ids), addSpecial);
}

std::string Tokenizer::decode(std::span<const std::int32_t> ids, bool skipSpecial) const {
  std::vector<std::string> tokens;
  tokens.reserve(ids.size());
  std::size_t bytes = 0;
  for (const std::int32_t id : ids) {
    const Entry* entry = m_parts->entry(id);
    if (!entry || (skipSpecial && (entry->special || m_parts->added.isSpecialString(entry->text)))) continue;
    tokens.push_back(entry->text);
    bytes += entry->text.size();
  }
  MatchBudget budget(bytes);
  const bool plain = !m_parts->decoder;
  if (!plain) tokens = m_parts->decoder->apply(std::move(tokens), budget);
  std::string text;
  for (std::size_t i = 0; i < tokens.size(); ++i) text.append(plain && i > 0 ? " " : "").append(tokens[i]);
  return text;
}

std::string Tokenizer::pieceText(std::int32_t id) const {
  const Entry* entry = m_parts->entry(id);
  if (!entry) return "<id " + std::to_string(id) + "?>";
  if (entry->added || !m_parts->decoder) return entry->text;
  MatchBudget budget(entry->text.size());
  return m_parts->decoder->pieceBytes(entry->text, budget);
}

std::string_view Tokenizer::tokenString(std::int32_t id) const {
  const Entry* entry = m_parts->entry(id);
  return entry ? std::string_view(entry->text) : std::string_view();
}

std::int32_t Tokenizer::find(std::string_view token) const {
  for (const AddedToken& added : m_parts->added.tokens())
    if (added.content == token) return added.id;
  return m_parts->model->find(token);
}

std::size_t Tokenizer::vocabSize() const { return m_parts->entries.size(); }

bool Tokenizer::isToken(std::int32_t id) const { return m_parts->entry(id) != nullptr; }

bool Tokenizer::isSpecial(std::int32_t id) const {
  const Entry* entry = m_parts->entry(id);
  return entry && entry->special;
}

std::vector<std::int32_t> Tokenizer::specialAround() const {
  std::vector<std::int32_t> ids = m_parts->post.layout;
  std::erase(ids, PostProcessor::kText);
  return ids;
}

std::string Tokenizer::kind() const {
  const bool byteLevel = m_parts->decoder && m_parts->decoder->isByteLevel();
  const char* name = byteLevel                        ? "byte-level BPE"
                     : m_parts->model->byteFallback() ? "SentencePiece-style BPE with byte fallback"
                                                      : "BPE";
  return std::string(name) + ", " + std::to_string(m_parts->tokens) + " tokens";
}

} // namespace orrery::tokenize
