// SPDX-License-Identifier: MIT
#include "core/tokenize/pre_tokenizers.h"

#include <algorithm>
#include <map>
#include <optional>

#include "core/tokenize/byte_level.h"
#include "core/tokenize/metaspace.h"
#include "core/tokenize/pattern.h"
#include "core/tokenize/steps.h"
#include "core/tokenize/unicode.h"
#include "core/tokenize/utf8.h"

namespace orrery::tokenize {
namespace {

// Appends to `out` what remains of `piece` after grouping `spans`.
void appendPieces(Pieces& out, Piece piece, const std::vector<Span>& spans, SplitBehavior behavior) {
  for (const Span& span : groupSpans(spans, behavior)) {
    if (span.matched || span.begin == span.end) continue;
    if (span.begin == 0 && span.end == piece.text.size()) return out.push_back(std::move(piece));
    out.push_back({piece.text.substr(span.begin, span.end - span.begin), -1, piece.atTextStart && span.begin == 0});
  }
}

// Each code point for which `is` holds is a match of its own.
template <class Is> std::vector<Span> spansOf(std::string_view text, Is is) {
  std::vector<Span> spans;
  std::size_t done = 0;
  for (std::size_t at = 0; at < text.size();) {
    const Utf8Step step = stepUtf8(text, at);
    if (is(step.code)) {
      if (at > done) spans.push_back({done, at, false});
      spans.push_back({at, at + step.size, true});
      done = at + step.size;
    }
    at += step.size;
  }
  if (done < text.size()) spans.push_back({done, text.size(), false});
  return spans;
}

void invert(std::vector<Span>& spans) {
  for (Span& span : spans) span.matched = !span.matched;
}

// A pre-tokenizer that treats each open piece alone.
class PerPiece : public PreTokenizer {
public:
  Pieces apply(Pieces pieces, MatchBudget& budget) const final {
    Pieces out;
    out.reserve(pieces.size());
    for (Piece& piece : pieces) {
      if (piece.id >= 0)
        out.push_back(std::move(piece));
      else if (!piece.text.empty())
        cut(out, std::move(piece), budget);
    }
    return out;
  }

protected:
  virtual void cut(Pieces& out, Piece piece, MatchBudget& budget) const = 0;
};

// Splits at code points of a class.
class ClassSplit : public PerPiece {
public:
  ClassSplit(bool (*is)(char32_t), SplitBehavior behavior) : m_is(is), m_behavior(behavior) {}

protected:
  void cut(Pieces& out, Piece piece, MatchBudget&) const override {
    const auto spans = spansOf(piece.text, m_is);
    appendPieces(out, std::move(piece), spans, m_behavior);
  }

private:
  bool (*m_is)(char32_t);
  SplitBehavior m_behavior;
};

class Split : public PerPiece {
public:
  Split(Pattern pattern, SplitBehavior behavior, bool inverted)
      : m_pattern(std::move(pattern)), m_behavior(behavior), m_inverted(inverted) {}

protected:
  void cut(Pieces& out, Piece piece, MatchBudget& budget) const override {
    auto spans = m_pattern.split(piece.text, budget);
    if (m_inverted) invert(spans);
    appendPieces(out, std::move(piece), spans, m_behavior);
  }

private:
  Pattern m_pattern;
  SplitBehavior m_behavior;
  bool m_inverted;
};

class CharDelimiterSplit : public PerPiece {
public:
  explicit CharDelimiterSplit(char32_t delimiter) : m_delimiter(delimiter) {}

protected:
  void cut(Pieces& out, Piece piece, MatchBudget&) const override {
    const auto spans = spansOf(piece.text, [this](char32_t c) { return c == m_delimiter; });
    appendPieces(out, std::move(piece), spans, SplitBehavior::Removed);
  }

private:
  char32_t m_delimiter;
};

class ByteLevel : public PerPiece {
public:
  ByteLevel(bool prefixSpace, std::optional<Regex> regex) : m_prefixSpace(prefixSpace), m_regex(std::move(regex)) {}

protected:
  void cut(Pieces& out, Piece piece, MatchBudget& budget) const override {
    if (m_prefixSpace && piece.text.front() != ' ') piece.text.insert(0, 1, ' ');
    const std::size_t first = out.size();
    if (m_regex) {
      const auto spans = m_regex->split(piece.text, budget);
      appendPieces(out, std::move(piece), spans, SplitBehavior::Isolated);
    } else {
      out.push_back(std::move(piece));
    }
    for (std::size_t i = first; i < out.size(); ++i) out[i].text = toByteLevel(out[i].text);
  }

private:
  bool m_prefixSpace;
  std::optional<Regex> m_regex;
};

class Metaspace : public PerPiece {
public:
  explicit Metaspace(MetaspaceOptions options) : m_options(std::move(options)) {}

protected:
  void cut(Pieces& out, Piece piece, MatchBudget&) const override {
    using Prepend = MetaspaceOptions::Prepend;
    const std::string& mark = m_options.replacement;
    std::string text;
    for (const char c : piece.text) {
      if (c == ' ')
        text += mark;
      else
        text += c;
    }
    const bool wanted =
        m_options.prepend == Prepend::Always || (m_options.prepend == Prepend::First && piece.atTextStart);
    if (wanted && !text.starts_with(mark)) text.insert(0, mark);
    piece.text = std::move(text);
    if (!m_options.split) return out.push_back(std::move(piece));
    const char32_t code = stepUtf8(mark, 0).code;
    const auto spans = spansOf(piece.text, [code](char32_t c) { return c == code; });
    appendPieces(out, std::move(piece), spans, SplitBehavior::MergedWithNext);
  }

private:
  MetaspaceOptions m_options;
};

// Rust's \w+|[^\w\s]+ ; what is neither is dropped.
class Whitespace : public PerPiece {
protected:
  void cut(Pieces& out, Piece piece, MatchBudget&) const override {
    const auto kind = [](char32_t c) { return isWord(c) ? 1 : isWhitespace(c) ? 0 : 2; };
    std::size_t begin = 0;
    int current = 0;
    const auto flush = [&](std::size_t end) {
      if (current != 0) out.push_back({piece.text.substr(begin, end - begin), -1, piece.atTextStart && begin == 0});
    };
    for (std::size_t at = 0; at < piece.text.size();) {
      const Utf8Step step = stepUtf8(piece.text, at);
      if (const int next = kind(step.code); next != current) {
        flush(at);
        begin = at;
        current = next;
      }
      at += step.size;
    }
    flush(piece.text.size());
  }
};

class Sequence : public PreTokenizer {
public:
  explicit Sequence(std::vector<PreTokenizerPtr> steps) : m_steps(std::move(steps)) {}
  Pieces apply(Pieces pieces, MatchBudget& budget) const override {
    const std::size_t limit = growthLimit(sizeOf(pieces));
    for (const PreTokenizerPtr& step : m_steps) {
      if (sizeOf(pieces) > limit) break; // byte-level steps chained in a hostile file double the text each time
      pieces = step->apply(std::move(pieces), budget);
    }
    return pieces;
  }

private:
  static std::size_t sizeOf(const Pieces& pieces) {
    std::size_t bytes = 0;
    for (const Piece& piece : pieces) bytes += piece.text.size();
    return bytes;
  }
  std::vector<PreTokenizerPtr> m_steps;
};

SplitBehavior readBehavior(Options& options, const std::string& name) {
  static const std::map<std::string, SplitBehavior> kNames = {{"Removed", SplitBehavior::Removed},
                                                              {"Isolated", SplitBehavior::Isolated},
                                                              {"MergedWithPrevious", SplitBehavior::MergedWithPrevious},
                                                              {"MergedWithNext", SplitBehavior::MergedWithNext},
                                                              {"Contiguous", SplitBehavior::Contiguous}};
  const auto it = kNames.find(name);
  if (it != kNames.end()) return it->second;
  options.refuse("behavior: unknown value " + inQuotes(name));
  return SplitBehavior::Isolated;
}

PreTokenizerPtr readSplit(Options& options) {
  Pattern pattern = Pattern::read(options);
  const SplitBehavior behavior = readBehavior(options, options.text("behavior"));
  return std::make_shared<Split>(std::move(pattern), behavior, options.boolean("invert", false));
}

PreTokenizerPtr readDigits(Options& options) {
  const bool single = options.boolean("individual_digits");
  return std::make_shared<ClassSplit>(isNumeric, single ? SplitBehavior::Isolated : SplitBehavior::Contiguous);
}

PreTokenizerPtr readPunctuation(Options& options) {
  return std::make_shared<ClassSplit>(isPunctuation, readBehavior(options, options.text("behavior", "Isolated")));
}

PreTokenizerPtr readByteLevel(Options& options) {
  const bool prefixSpace = options.boolean("add_prefix_space");
  options.boolean("trim_offsets", true); // concerns offsets only
  std::optional<Regex> regex;
  if (options.boolean("use_regex", true)) {
    auto compiled = Regex::compile(R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)");
    if (compiled)
      regex = *std::move(compiled);
    else
      options.refuse(compiled.error());
  }
  return std::make_shared<ByteLevel>(prefixSpace, std::move(regex));
}

PreTokenizerPtr readMetaspace(Options& options) { return std::make_shared<Metaspace>(readMetaspaceOptions(options)); }

PreTokenizerPtr readWhitespace(Options&) { return std::make_shared<Whitespace>(); }

PreTokenizerPtr readWhitespaceSplit(Options&) {
  return std::make_shared<ClassSplit>(isWhitespace, SplitBehavior::Removed);
}

PreTokenizerPtr readCharDelimiterSplit(Options& options) {
  return std::make_shared<CharDelimiterSplit>(options.character("delimiter"));
}

PreTokenizerPtr readBert(Options&) {
  return std::make_shared<Sequence>(
      std::vector<PreTokenizerPtr>{std::make_shared<ClassSplit>(isWhitespace, SplitBehavior::Removed),
                                   std::make_shared<ClassSplit>(isPunctuation, SplitBehavior::Isolated)});
}

PreTokenizerPtr readSequence(Options& options) {
  return std::make_shared<Sequence>(readSteps<PreTokenizerPtr>(options, "pretokenizers", readPreTokenizer));
}

} // namespace

std::vector<Span> groupSpans(const std::vector<Span>& spans, SplitBehavior behavior) {
  if (behavior == SplitBehavior::Removed) return spans;
  std::vector<Span> out;
  bool previous = false;
  const auto add = [&](const Span& span, bool joins) {
    if (joins && !out.empty()) {
      out.back().begin = std::min(out.back().begin, span.begin);
      out.back().end = std::max(out.back().end, span.end);
    } else {
      out.push_back({span.begin, span.end, false});
    }
    previous = span.matched;
  };
  if (behavior == SplitBehavior::MergedWithNext) {
    for (auto span = spans.rbegin(); span != spans.rend(); ++span) add(*span, span->matched && !previous);
    std::reverse(out.begin(), out.end());
    return out;
  }
  for (const Span& span : spans) {
    const bool joins = behavior == SplitBehavior::Contiguous           ? span.matched == previous
                       : behavior == SplitBehavior::MergedWithPrevious ? span.matched && !previous
                                                                       : false;
    add(span, joins);
  }
  return out;
}

Result<PreTokenizerPtr> readPreTokenizer(const Json& json) {
  if (json.is_null()) return PreTokenizerPtr();
  auto type = componentType(json, "pre-tokenizer");
  if (!type) return type.error();
  using Reader = PreTokenizerPtr (*)(Options&);
  static const std::map<std::string, Reader> kReaders = {{"Split", readSplit},
                                                         {"Digits", readDigits},
                                                         {"Punctuation", readPunctuation},
                                                         {"ByteLevel", readByteLevel},
                                                         {"Metaspace", readMetaspace},
                                                         {"Whitespace", readWhitespace},
                                                         {"WhitespaceSplit", readWhitespaceSplit},
                                                         {"CharDelimiterSplit", readCharDelimiterSplit},
                                                         {"BertPreTokenizer", readBert},
                                                         {"Sequence", readSequence}};
  const auto reader = kReaders.find(*type);
  if (reader == kReaders.end()) return unsupported("pre-tokenizer " + inQuotes(*type) + " is not supported");
  Options options(json, "pre-tokenizer " + inQuotes(*type));
  PreTokenizerPtr made = reader->second(options);
  if (auto done = options.finish(); !done) return done.error();
  return made;
}

} // namespace orrery::tokenize
