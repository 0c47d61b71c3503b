// SPDX-License-Identifier: MIT
#include "core/tokenize/vocab_merges.h"

#include <filesystem>

#include "core/base/file.h"
#include "core/base/json.h"
#include "core/tokenize/components.h"

namespace orrery::tokenize {
namespace {

constexpr const char* kEndOfText = "<|endoftext|>";

// Lines that are no merges ("#version: 0.2", empty ones) are left out; the rest is checked by the reader of "model".
Json mergeLines(std::string_view text) {
  Json lines = Json::array();
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!line.empty() && !line.starts_with("#version")) lines.push_back(std::string(line));
  }
  return lines;
}

Json endOfText(const Json& vocab) {
  std::int64_t id = 0;
  for (const auto& [token, value] : vocab.items())
    if (value.is_number_unsigned() && value.get<std::uint64_t>() < std::uint64_t{1} << 31)
      id = std::max(id, value.get<std::int64_t>() + 1);
  if (const auto own = vocab.find(kEndOfText); own != vocab.end() && own->is_number_integer()) id = *own;
  return addedTokenJson(static_cast<std::int32_t>(id), kEndOfText, true);
}

} // namespace

Result<std::shared_ptr<const Tokenizer>> readVocabMerges(std::string_view vocab, std::string_view merges,
                                                         const std::string& where) {
  auto json = parseJson(vocab, where);
  if (!json) return json.error();
  if (!json->is_object()) return badInput("expected an object from tokens to ids", where);
  Json model = {{"type", "BPE"}, {"merges", mergeLines(merges)}};
  Json added = Json::array({endOfText(*json)});
  model["vocab"] = *std::move(json);
  const Json whole = {
      {"version", "1.0"},
      {"added_tokens", std::move(added)},
      {"pre_tokenizer",
       {{"type", "ByteLevel"}, {"add_prefix_space", false}, {"trim_offsets", true}, {"use_regex", true}}},
      {"decoder", {{"type", "ByteLevel"}}},
      {"model", std::move(model)}};
  return Tokenizer::fromModel(nullptr, whole, where);
}

Result<std::shared_ptr<const Tokenizer>> openVocabMerges(const std::string& vocabPath) {
  auto vocab = readFile(vocabPath, kMaxJsonBytes);
  if (!vocab) return vocab.error();
  auto merges = readFile((std::filesystem::path(vocabPath).parent_path() / "merges.txt").string(), kMaxJsonBytes);
  if (!merges) return merges.error();
  return readVocabMerges(*vocab, *merges, vocabPath);
}

} // namespace orrery::tokenize
