// SPDX-License-Identifier: MIT
#include "core/tokenize/characters.h"

#include "core/base/json.h"
#include "core/base/text.h"
#include "core/tokenize/utf8.h"

namespace orrery::tokenize {

Result<std::shared_ptr<const Tokenizer>>
characterTokenizer(const std::vector<std::pair<std::string, std::int64_t>>& ids, const std::string& where) {
  Json vocab = Json::object();
  for (const auto& [text, id] : ids) {
    if (text.empty() || !isValidUtf8(text) || stepUtf8(text, 0).size != text.size())
      return badInput("expected single characters, found " + orrery::inQuotes(text, 20), where);
    if (!vocab.emplace(text, id).second)
      return badInput("character " + orrery::inQuotes(text) + " stands twice", where);
  }
  // BPE without merges gives one id per character.
  Json json = {{"version", "1.0"}, {"decoder", {{"type", "Fuse"}}}};
  json["model"] = {{"type", "BPE"}, {"vocab", std::move(vocab)}, {"merges", Json::array()}};
  return Tokenizer::fromModel(nullptr, json, where);
}

} // namespace orrery::tokenize
