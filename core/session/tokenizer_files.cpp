// SPDX-License-Identifier: MIT
#include "core/session/tokenizer_files.h"

#include <array>
#include <filesystem>

#include "core/base/file.h"
#include "core/tensorio/unpickle.h"
#include "core/tokenize/characters.h"
#include "core/tokenize/llama2c_tokenizer.h"
#include "core/tokenize/sentencepiece.h"
#include "core/tokenize/vocab_merges.h"

namespace orrery::session {
namespace {

namespace fs = std::filesystem;
using Opened = Result<std::shared_ptr<const tokenize::Tokenizer>>;

// meta.pkl of nanoGPT's character-level data sets: {"stoi": {"a": 39, ...}, ...}
Opened openCharacters(const std::string& path) {
  auto bytes = readFile(path, tensorio::kMaxPickleBytes);
  if (!bytes) return bytes.error();
  auto pickle = tensorio::unpickle(*bytes, path);
  if (!pickle) return pickle.error();
  const tensorio::PickleNode* stoi = pickle->find(pickle->top(), "stoi");
  if (!stoi || stoi->kind != tensorio::PickleKind::Dict)
    return badInput("no dict \"stoi\" from characters to ids", path);
  std::vector<std::pair<std::string, std::int64_t>> ids;
  for (std::size_t i = 0; i + 1 < stoi->items.size(); i += 2) {
    const auto &text = pickle->at(stoi->items[i]), &id = pickle->at(stoi->items[i + 1]);
    if (text.kind != tensorio::PickleKind::Text || id.kind != tensorio::PickleKind::Int)
      return badInput("\"stoi\" holds more than characters and ids", path);
    ids.emplace_back(text.text, id.integer);
  }
  return tokenize::characterTokenizer(ids, path);
}

struct Kind {
  const char* name;   // what it is called beside a checkpoint
  const char* ending; // what a file given by name ends in
  const char* beside; // a second file that it needs; null: none
  Opened (*open)(const std::string& path);
};
constexpr std::array kKinds = {
    Kind{"tokenizer.json", "tokenizer.json", nullptr, tokenize::Tokenizer::fromFile},
    Kind{"vocab.json", "vocab.json", "merges.txt", tokenize::openVocabMerges},
    Kind{"tokenizer.model", ".model", nullptr, tokenize::openSentencePiece},
    Kind{"tokenizer.bin", "tokenizer.bin", nullptr, tokenize::openLlama2cTokenizer},
    Kind{"meta.pkl", ".pkl", nullptr, openCharacters},
};

bool isThere(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

} // namespace

std::string tokenizerIn(const std::string& folder) {
  for (const Kind& kind : kKinds)
    if (isThere(fs::path(folder) / kind.name) && (!kind.beside || isThere(fs::path(folder) / kind.beside)))
      return (fs::path(folder) / kind.name).string();
  return {};
}

bool isTokenizerFile(const std::string& path) {
  for (const Kind& kind : kKinds)
    if (path.ends_with(kind.ending)) return true;
  return path.ends_with(".json");
}

Opened openTokenizerFile(const std::string& path) {
  for (const Kind& kind : kKinds)
    if (path.ends_with(kind.ending)) return kind.open(path);
  return tokenize::Tokenizer::fromFile(path);
}

std::string tokenizerNames() {
  std::string names;
  for (const Kind& kind : kKinds) {
    names.append(names.empty() ? "" : ", ").append(kind.name);
    if (kind.beside) names.append(" with ").append(kind.beside);
  }
  return names;
}

} // namespace orrery::session
