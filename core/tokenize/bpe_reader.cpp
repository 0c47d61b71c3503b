// SPDX-License-Identifier: MIT
// The "model" object of tokenizer.json -> Bpe.
#include <limits>
#include <vector>

#include "core/tokenize/bpe.h"
#include "core/tokenize/options.h"

namespace orrery::tokenize {

class BpeReader {
public:
  explicit BpeReader(const Json& json) : m_options(json, "model BPE"), m_settings(m_bpe.m_settings) {}

  Result<Bpe> read() {
    readVocabulary();
    readSettings();
    if (m_options.ok()) readMerges();
    if (auto done = m_options.finish(); !done) return done.error();
    return std::move(m_bpe);
  }

private:
  void readVocabulary() {
    const Json& vocabulary = m_options.object("vocab");
    const std::int64_t largest = largestIdFor(vocabulary.size());
    std::unordered_map<std::int64_t, const std::string*> owners;
    owners.reserve(vocabulary.size());
    m_bpe.m_vocabulary.reserve(vocabulary.size());
    for (auto it = vocabulary.begin(); it != vocabulary.end() && m_options.ok(); ++it) {
      const Json& value = it.value();
      if (!value.is_number_integer())
        return refuseId(it.key(), "expected an integer, found " + std::string(value.type_name()));
      const std::int64_t id = value.is_number_unsigned() && value.get<std::uint64_t>() > std::uint64_t(largest)
                                  ? largest + 1
                                  : value.get<std::int64_t>();
      if (id < 0 || id > largest)
        return refuseId(it.key(), "expected 0 to " + std::to_string(largest) + " (for " +
                                      std::to_string(vocabulary.size()) + " entries), found " + value.dump());
      const auto [owner, fresh] = owners.emplace(id, &it.key());
      if (!fresh) return refuseId(it.key(), std::to_string(id) + " already belongs to " + inQuotes(*owner->second));
      m_bpe.m_vocabulary.emplace(it.key(), static_cast<std::int32_t>(id));
    }
  }

  void refuseId(const std::string& token, const std::string& why) {
    m_options.refuse("vocab: id of " + inQuotes(token) + ": " + why);
  }

  void readSettings() {
    m_settings.continuingPrefix = m_options.text("continuing_subword_prefix", "");
    m_settings.wordSuffix = m_options.text("end_of_word_suffix", "");
    m_settings.fuseUnknown = m_options.boolean("fuse_unk", false);
    m_settings.byteFallback = m_options.boolean("byte_fallback", false);
    m_settings.ignoreMerges = m_options.boolean("ignore_merges", false);
    const Json* dropout = m_options.find("dropout");
    if (dropout && !(dropout->is_number() && dropout->get<double>() == 0.0))
      m_options.refuse(unsupported("dropout " + inQuotes(dropout->dump()) + " is not supported, expected none or 0"));
    const std::string unknown = m_options.text("unk_token", "");
    if (m_options.find("unk_token")) {
      m_settings.unknown = m_bpe.find(unknown);
      if (m_settings.unknown == kNoToken)
        m_options.refuse("unk_token " + inQuotes(unknown) + " is not in the vocabulary");
    }
    for (int byte = 0; byte < 256; ++byte) m_settings.bytes[byte] = m_bpe.find(byteToken(byte));
  }

  static std::string byteToken(int byte) {
    constexpr const char* kDigits = "0123456789ABCDEF";
    return std::string("<0x") + kDigits[byte >> 4] + kDigits[byte & 15] + ">";
  }

  void readMerges() {
    const Json& merges = m_options.array("merges");
    if (merges.size() > std::size_t(std::numeric_limits<std::int32_t>::max())) m_options.refuse("merges: too many");
    m_bpe.m_merges.reserve(merges.size());
    std::int32_t rank = 0;
    for (std::size_t i = 0; i < merges.size() && m_options.ok(); ++i) {
      if (i == 0) m_pairs = merges[0].is_array();
      const bool comment = merges[i].is_string() && merges[i].get_ref<const std::string&>().starts_with("#version");
      if (!comment) readMerge(merges[i], rank++);
    }
  }

  // ["a", "b"] or "a b", all of one kind.
  void readMerge(const Json& merge, std::int32_t rank) {
    const auto bad = [&] {
      m_options.refuse("merge " + std::to_string(rank) + ": expected two pieces, found " + inQuotes(merge.dump()));
    };
    if (merge.is_array() && m_pairs) {
      if (merge.size() != 2 || !merge[0].is_string() || !merge[1].is_string()) return bad();
      return addMerge(merge[0].get_ref<const std::string&>(), merge[1].get_ref<const std::string&>(), rank);
    }
    if (!merge.is_string() || m_pairs) return bad();
    const auto& text = merge.get_ref<const std::string&>();
    const std::size_t space = text.find(' ');
    if (space == std::string::npos || text.find(' ', space + 1) != std::string::npos) return bad();
    addMerge(text.substr(0, space), text.substr(space + 1), rank);
  }

  void addMerge(const std::string& left, const std::string& right, std::int32_t rank) {
    const std::size_t prefix = m_settings.continuingPrefix.size();
    if (right.size() < prefix)
      return m_options.refuse("merge " + std::to_string(rank) + ": " + inQuotes(right) + " is shorter than the prefix");
    const std::int32_t ids[] = {idOf(left, rank), idOf(right, rank), idOf(left + right.substr(prefix), rank)};
    if (m_options.ok()) m_bpe.m_merges.insert_or_assign(Bpe::pairKey(ids[0], ids[1]), Bpe::Merge{rank, ids[2]});
  }

  std::int32_t idOf(const std::string& piece, std::int32_t rank) {
    const std::int32_t id = m_bpe.find(piece);
    if (id == kNoToken)
      m_options.refuse("merge " + std::to_string(rank) + ": " + inQuotes(piece) + " is not in the vocabulary");
    return id;
  }

  Options m_options;
  Bpe m_bpe;
  Bpe::Settings& m_settings;
  bool m_pairs = false;
};

Result<Bpe> Bpe::read(const Json& json) {
  if (!json.is_object()) return badInput(std::string("model: expected an object, found ") + json.type_name());
  const auto type = json.find("type");
  if (type == json.end()) { // GPT-2's first files have none
    if (!json.contains("merges")) return badInput("model: \"type\" is missing");
  } else if (!type->is_string() || *type != "BPE") {
    return unsupported("model type " + inQuotes(type->is_string() ? type->get<std::string>() : type->dump()) +
                       " is not supported, expected \"BPE\"");
  }
  return BpeReader(json).read();
}

} // namespace orrery::tokenize
