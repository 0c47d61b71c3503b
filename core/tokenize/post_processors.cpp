// SPDX-License-Identifier: MIT
#include "core/tokenize/post_processors.h"

#include <algorithm>
#include <map>

#include "core/tokenize/model.h"
#include "core/tokenize/options.h"

namespace orrery::tokenize {
namespace {

constexpr std::size_t kMaxLayout = 4096; // entries of a template
constexpr std::ptrdiff_t kMaxTexts = 16; // how often one template may repeat the text

using Layout = std::vector<std::int32_t>;
constexpr std::int32_t kText = PostProcessor::kText;

using SpecialIds = std::map<std::string, Layout>;

// {"<s>": {"id": "<s>", "ids": [1], "tokens": ["<s>"]}}
SpecialIds readSpecialTokens(Options& options) {
  SpecialIds known;
  for (const auto& [name, entry] : options.object("special_tokens").items()) {
    Options token(entry, "special token " + inQuotes(name));
    token.text("id");
    const std::size_t strings = token.array("tokens").size();
    Layout ids;
    for (const Json& id : token.array("ids")) {
      const bool good = id.is_number_unsigned() && id.get<std::uint64_t>() <= std::uint64_t(kMaxTokenId);
      if (!good)
        token.refuse("ids: expected integers from 0 to " + std::to_string(kMaxTokenId) + ", found " +
                     inQuotes(id.dump()));
      else
        ids.push_back(id.get<std::int32_t>());
    }
    if (strings != ids.size()) token.refuse("ids and tokens differ in number");
    if (ids.size() > kMaxLayout) token.refuse("more than " + std::to_string(kMaxLayout) + " ids");
    if (auto done = token.finish(); !done) options.refuse(done.error());
    known.emplace(name, std::move(ids));
  }
  return known;
}

// One entry of "single": {"SpecialToken": {"id", "type_id"}} or {"Sequence": {"id": "A", "type_id"}}.
void appendTemplatePiece(Options& options, const Json& piece, const SpecialIds& known, Layout& layout) {
  const bool one = piece.is_object() && piece.size() == 1;
  const std::string kind = one ? piece.begin().key() : "";
  if (kind != "SpecialToken" && kind != "Sequence")
    return options.refuse("single: expected a SpecialToken or a Sequence, found " + inQuotes(piece.dump()));
  Options inner(*piece.begin(), "single, " + kind);
  const std::string id = inner.text("id");
  inner.integer("type_id", 0, 0xFFFFFFFF);
  if (auto done = inner.finish(); !done) return options.refuse(done.error());
  if (kind == "Sequence") {
    if (id != "A") return options.refuse("single: expected the sequence \"A\", found " + inQuotes(id));
    return layout.push_back(kText);
  }
  const auto token = known.find(id);
  if (token == known.end()) return options.refuse("single: " + inQuotes(id) + " is not among special_tokens");
  layout.insert(layout.end(), token->second.begin(), token->second.end());
}

Layout readTemplate(Options& options) {
  Layout layout;
  const SpecialIds known = readSpecialTokens(options);
  options.array("pair"); // for two texts at once, which this program never encodes
  for (const Json& piece : options.array("single")) {
    if (options.ok()) appendTemplatePiece(options, piece, known, layout);
    if (layout.size() > kMaxLayout) options.refuse("single: more than " + std::to_string(kMaxLayout) + " ids");
  }
  return layout;
}

std::int32_t readPair(Options& options, const char* key) { // ["[SEP]", 102]
  const Json& pair = options.array(key);
  const bool good = pair.size() == 2 && pair[0].is_string() && pair[1].is_number_unsigned() &&
                    pair[1].get<std::uint64_t>() <= std::uint64_t(kMaxTokenId);
  if (good) return pair[1].get<std::int32_t>();
  options.refuse(std::string(key) + ": expected [token, id], found " + inQuotes(pair.dump()));
  return 0;
}

Layout readBert(Options& options) {
  const std::int32_t end = readPair(options, "sep"), start = readPair(options, "cls");
  return {start, kText, end};
}

Layout readRoberta(Options& options) {
  options.boolean("trim_offsets"); // these two concern offsets only
  options.boolean("add_prefix_space");
  return readBert(options);
}

Layout readByteLevel(Options& options) {
  options.boolean("add_prefix_space", true);
  options.boolean("trim_offsets", true);
  options.boolean("use_regex", true);
  return {kText};
}

// `outer` around `inner`: every place of the text in outer becomes inner.
Layout nest(const Layout& outer, const Layout& inner) {
  Layout out;
  for (const std::int32_t id : outer) {
    if (id == kText)
      out.insert(out.end(), inner.begin(), inner.end());
    else
      out.push_back(id);
    if (out.size() > kMaxLayout) break;
  }
  return out;
}

Layout readSequence(Options& options) {
  Layout layout = {kText};
  for (const Json& entry : options.array("processors")) {
    if (!options.ok()) break;
    auto step = readPostProcessor(entry);
    if (!step)
      options.refuse(step.error());
    else
      layout = nest(step->layout, layout);
    if (layout.size() > kMaxLayout) options.refuse("more than " + std::to_string(kMaxLayout) + " ids");
  }
  return layout;
}

} // namespace

std::vector<std::int32_t> PostProcessor::apply(std::vector<std::int32_t> ids, bool addSpecial) const {
  if (layout.size() == 1 && layout[0] == kText) return ids;
  std::vector<std::int32_t> out;
  out.reserve(ids.size() + layout.size());
  for (const std::int32_t id : layout) {
    if (id == kText)
      out.insert(out.end(), ids.begin(), ids.end());
    else if (addSpecial)
      out.push_back(id);
  }
  return out;
}

Result<PostProcessor> readPostProcessor(const Json& json) {
  if (json.is_null()) return PostProcessor();
  auto type = componentType(json, "post-processor");
  if (!type) return type.error();
  using Reader = Layout (*)(Options&);
  static const std::map<std::string, Reader> kReaders = {{"TemplateProcessing", readTemplate},
                                                         {"BertProcessing", readBert},
                                                         {"RobertaProcessing", readRoberta},
                                                         {"ByteLevel", readByteLevel},
                                                         {"Sequence", readSequence}};
  const auto reader = kReaders.find(*type);
  if (reader == kReaders.end()) return unsupported("post-processor " + inQuotes(*type) + " is not supported");
  Options options(json, "post-processor " + inQuotes(*type));
  PostProcessor made{reader->second(options)};
  if (std::count(made.layout.begin(), made.layout.end(), kText) > kMaxTexts)
    options.refuse("the text stands more than " + std::to_string(kMaxTexts) + " times");
  if (auto done = options.finish(); !done) return done.error();
  return made;
}

} // namespace orrery::tokenize
