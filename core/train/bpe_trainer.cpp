// SPDX-License-Identifier: MIT
#include "core/train/bpe_trainer.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <unordered_map>

#include "core/base/json.h"
#include "core/tokenize/byte_level.h"
#include "core/tokenize/regex.h"

namespace orrery::train {

namespace {

// How GPT-2 cuts text before BPE. Source: openai/gpt-2, encoder.py.
constexpr const char* kGpt2Pattern = R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";

using Id = std::int32_t;
using Pair = std::pair<Id, Id>;

struct Word {
  std::vector<Id> symbols;
  std::int64_t count = 0; // how often it stands in the text
};

struct PairUse {
  std::int64_t count = 0;
  std::set<std::size_t> words; // that held the pair at some time
};

Result<std::map<std::string, std::int64_t>> countWords(const std::vector<std::string>& documents) {
  const auto pattern = tokenize::Regex::compile(kGpt2Pattern);
  if (!pattern) return pattern.error();
  std::map<std::string, std::int64_t> counts;
  for (const std::string& document : documents) {
    tokenize::MatchBudget budget(document.size());
    for (const tokenize::Span& span : pattern->split(document, budget))
      if (span.end > span.begin) ++counts[document.substr(span.begin, span.end - span.begin)];
  }
  return counts;
}

// The 256 characters of the alphabet, sorted by code point as `tokenizers` gives them their ids.
std::vector<std::string> sortedAlphabet() {
  std::vector<std::string> alphabet;
  for (int byte = 0; byte < 256; ++byte)
    alphabet.push_back(tokenize::toByteLevel(std::string(1, static_cast<char>(byte))));
  std::sort(alphabet.begin(), alphabet.end()); // UTF-8 sorts as its code points do
  return alphabet;
}

class Merger {
public:
  explicit Merger(const std::map<std::string, std::int64_t>& counts) {
    m_bpe.vocab = {std::string(kBeginToken), std::string(kEndToken)};
    for (std::string& character : sortedAlphabet()) m_bpe.vocab.push_back(std::move(character));
    std::unordered_map<std::string, Id> ids;
    for (std::size_t id = 0; id < m_bpe.vocab.size(); ++id) ids[m_bpe.vocab[id]] = static_cast<Id>(id);
    for (const auto& [text, count] : counts) {
      Word word{{}, count};
      for (char byte : text) word.symbols.push_back(ids[tokenize::toByteLevel(std::string(1, byte))]);
      m_words.push_back(std::move(word));
      addPairs(m_words.size() - 1, +1);
    }
  }

  TrainedBpe run(std::int64_t vocabSize) && {
    while (static_cast<std::int64_t>(m_bpe.vocab.size()) < vocabSize) {
      const std::optional<Pair> best = mostFrequent();
      if (!best) break;
      merge(*best);
    }
    return std::move(m_bpe);
  }

private:
  void addPairs(std::size_t index, int sign) {
    const Word& word = m_words[index];
    for (std::size_t i = 0; i + 1 < word.symbols.size(); ++i) {
      PairUse& use = m_pairs[{word.symbols[i], word.symbols[i + 1]}];
      use.count += sign * word.count;
      if (sign > 0) use.words.insert(index);
    }
  }

  std::optional<Pair> mostFrequent() const {
    std::optional<Pair> best;
    std::int64_t most = 0;
    for (const auto& [pair, use] : m_pairs) { // ascending pairs: the first of equals wins
      if (use.count <= most) continue;
      most = use.count;
      best = pair;
    }
    return best;
  }

  void merge(Pair pair) {
    const std::string left = m_bpe.vocab[static_cast<std::size_t>(pair.first)];
    const std::string right = m_bpe.vocab[static_cast<std::size_t>(pair.second)];
    const Id merged = static_cast<Id>(m_bpe.vocab.size());
    m_bpe.vocab.push_back(left + right);
    m_bpe.merges.emplace_back(left, right);
    const std::set<std::size_t> words = std::move(m_pairs[pair].words);
    for (std::size_t index : words) {
      addPairs(index, -1);
      replace(m_words[index].symbols, pair, merged);
      addPairs(index, +1);
    }
    m_pairs.erase(pair);
  }

  static void replace(std::vector<Id>& symbols, Pair pair, Id merged) {
    std::size_t to = 0;
    for (std::size_t from = 0; from < symbols.size(); ++from) {
      const bool match = from + 1 < symbols.size() && Pair{symbols[from], symbols[from + 1]} == pair;
      symbols[to++] = match ? merged : symbols[from];
      if (match) ++from;
    }
    symbols.resize(to);
  }

  TrainedBpe m_bpe;
  std::vector<Word> m_words;
  std::map<Pair, PairUse> m_pairs;
};

using Ordered = nlohmann::ordered_json; // keeps the vocabulary in the order of the ids

Ordered specialToken(std::string_view content, std::int64_t id) {
  return {{"id", id},        {"content", content},  {"single_word", false}, {"lstrip", false},
          {"rstrip", false}, {"normalized", false}, {"special", true}};
}

Ordered beginThenText() {
  const Ordered begin = {{"SpecialToken", {{"id", kBeginToken}, {"type_id", 0}}}};
  const Ordered first = {{"Sequence", {{"id", "A"}, {"type_id", 0}}}},
                second = {{"Sequence", {{"id", "B"}, {"type_id", 0}}}};
  Ordered names;
  names[std::string(kBeginToken)] = {
      {"id", kBeginToken}, {"ids", Ordered::array({kBeginId})}, {"tokens", Ordered::array({kBeginToken})}};
  return {{"type", "TemplateProcessing"},
          {"single", Ordered::array({begin, first})},
          {"pair", Ordered::array({begin, first, second})},
          {"special_tokens", names}};
}

Ordered byteLevel() {
  return {{"type", "ByteLevel"}, {"add_prefix_space", false}, {"trim_offsets", true}, {"use_regex", true}};
}

Ordered modelOf(const TrainedBpe& bpe) {
  Ordered vocab = Ordered::object(), merges = Ordered::array();
  for (std::size_t id = 0; id < bpe.vocab.size(); ++id) vocab.push_back({bpe.vocab[id], id});
  for (const auto& [left, right] : bpe.merges) merges.push_back(left + " " + right);
  return {{"type", "BPE"},
          {"dropout", nullptr},
          {"unk_token", nullptr},
          {"continuing_subword_prefix", nullptr},
          {"end_of_word_suffix", nullptr},
          {"fuse_unk", false},
          {"byte_fallback", false},
          {"ignore_merges", false},
          {"vocab", std::move(vocab)},
          {"merges", std::move(merges)}};
}

} // namespace

std::string TrainedBpe::tokenizerJson() const {
  const Ordered json = {
      {"version", "1.0"},
      {"truncation", nullptr},
      {"padding", nullptr},
      {"added_tokens", Ordered::array({specialToken(kBeginToken, kBeginId), specialToken(kEndToken, kEndId)})},
      {"normalizer", nullptr},
      {"pre_tokenizer", byteLevel()},
      {"post_processor", beginThenText()},
      {"decoder", byteLevel()},
      {"model", modelOf(*this)}};
  return json.dump(1) + "\n";
}

Result<TrainedBpe> trainBpe(const std::vector<std::string>& documents, std::int64_t vocabSize) {
  if (vocabSize < kMinVocab || vocabSize > kMaxVocab)
    return badInput("vocabulary: expected " + std::to_string(kMinVocab) + " to " + std::to_string(kMaxVocab) +
                    " entries, found " + std::to_string(vocabSize));
  const auto counts = countWords(documents);
  if (!counts) return counts.error();
  return Merger(*counts).run(vocabSize);
}

} // namespace orrery::train
