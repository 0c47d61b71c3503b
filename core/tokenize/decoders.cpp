// SPDX-License-Identifier: MIT
#include "core/tokenize/decoders.h"

#include <algorithm>
#include <map>

#include "core/tokenize/byte_level.h"
#include "core/tokenize/metaspace.h"
#include "core/tokenize/pattern.h"
#include "core/tokenize/steps.h"
#include "core/tokenize/utf8.h"

namespace orrery::tokenize {
namespace {

using Tokens = std::vector<std::string>;

std::string join(const Tokens& tokens) {
  std::string text;
  for (const std::string& token : tokens) text += token;
  return text;
}

std::string bytesOf(std::string token) {
  auto bytes = fromByteLevel(token);
  return bytes ? *std::move(bytes) : std::move(token);
}

class ByteLevel : public Decoder {
public:
  Tokens apply(Tokens tokens, MatchBudget&) const override {
    std::string bytes;
    for (std::string& token : tokens) bytes += bytesOf(std::move(token));
    return {toValidUtf8(bytes)};
  }
  std::string pieceBytes(std::string token, MatchBudget&) const override { return bytesOf(std::move(token)); }
  bool isByteLevel() const override { return true; }
};

// "<0x0A>" -> 10; the number part as Rust's from_str_radix takes it ("+A" is ten).
int fallbackByte(const std::string& token) {
  if (token.size() != 6 || !token.starts_with("<0x") || token[5] != '>') return -1;
  const auto digit = [](char c) {
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
  };
  const int low = digit(token[4]), high = token[3] == '+' ? 0 : digit(token[3]);
  return low < 0 || high < 0 ? -1 : high * 16 + low;
}

class ByteFallback : public Decoder {
public:
  Tokens apply(Tokens tokens, MatchBudget&) const override {
    Tokens out;
    std::string bytes;
    for (std::string& token : tokens) {
      const int byte = fallbackByte(token);
      if (byte >= 0) {
        bytes.push_back(static_cast<char>(byte));
        continue;
      }
      flush(out, bytes);
      out.push_back(std::move(token));
    }
    flush(out, bytes);
    return out;
  }
  std::string pieceBytes(std::string token, MatchBudget&) const override {
    const int byte = fallbackByte(token);
    return byte < 0 ? token : std::string(1, static_cast<char>(byte));
  }

private:
  // A run of bytes is text, or as many U+FFFD as it has bytes.
  static void flush(Tokens& out, std::string& bytes) {
    if (isValidUtf8(bytes)) {
      if (!bytes.empty()) out.push_back(bytes);
    } else {
      out.insert(out.end(), bytes.size(), "\xEF\xBF\xBD");
    }
    bytes.clear();
  }
};

class Fuse : public Decoder {
public:
  Tokens apply(Tokens tokens, MatchBudget&) const override { return {join(tokens)}; }
  std::string pieceBytes(std::string token, MatchBudget&) const override { return token; }
};

class Strip : public Decoder {
public:
  Strip(std::string content, std::size_t start, std::size_t stop)
      : m_content(std::move(content)), m_start(start), m_stop(stop) {}
  Tokens apply(Tokens tokens, MatchBudget&) const override {
    for (std::string& token : tokens) token = strip(token);
    return tokens;
  }
  std::string pieceBytes(std::string token, MatchBudget&) const override { return token; }

private:
  std::string strip(std::string_view token) const {
    for (std::size_t i = 0; i < m_start && !m_content.empty() && token.starts_with(m_content); ++i)
      token.remove_prefix(m_content.size());
    for (std::size_t i = 0; i < m_stop && !m_content.empty() && token.ends_with(m_content); ++i)
      token.remove_suffix(m_content.size());
    return std::string(token);
  }
  std::string m_content; // one character
  std::size_t m_start, m_stop;
};

class Replace : public Decoder {
public:
  Replace(Pattern pattern, std::string content) : m_pattern(std::move(pattern)), m_content(std::move(content)) {}
  Tokens apply(Tokens tokens, MatchBudget& budget) const override {
    for (std::string& token : tokens) token = m_pattern.replace(token, m_content, budget);
    return tokens;
  }
  std::string pieceBytes(std::string token, MatchBudget& budget) const override {
    return isValidUtf8(token) ? m_pattern.replace(token, m_content, budget) : token;
  }

private:
  Pattern m_pattern;
  std::string m_content;
};

class Metaspace : public Decoder {
public:
  explicit Metaspace(MetaspaceOptions options) : m_options(std::move(options)) {}
  Tokens apply(Tokens tokens, MatchBudget&) const override {
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      const bool dropped = i == 0 && m_options.prepend != MetaspaceOptions::Prepend::Never;
      tokens[i] = spaced(tokens[i], dropped ? "" : " ");
    }
    return tokens;
  }
  std::string pieceBytes(std::string token, MatchBudget&) const override { return spaced(token, " "); }

private:
  std::string spaced(const std::string& token, std::string_view space) const {
    std::string out;
    std::size_t done = 0;
    const std::string& mark = m_options.replacement;
    for (std::size_t at = token.find(mark); at != std::string::npos; at = token.find(mark, done)) {
      out.append(token, done, at - done).append(space);
      done = at + mark.size();
    }
    return out.append(token, done);
  }
  MetaspaceOptions m_options;
};

// The end-of-word suffix becomes a space, at the last token nothing.
class BpeDecoder : public Decoder {
public:
  explicit BpeDecoder(std::string suffix) : m_suffix(std::move(suffix)) {}
  Tokens apply(Tokens tokens, MatchBudget&) const override {
    for (std::size_t i = 0; i < tokens.size(); ++i) tokens[i] = without(tokens[i], i + 1 == tokens.size() ? "" : " ");
    return tokens;
  }
  std::string pieceBytes(std::string token, MatchBudget&) const override { return without(token, " "); }

private:
  std::string without(const std::string& token, std::string_view space) const {
    std::string out;
    std::size_t done = 0;
    for (std::size_t at = token.find(m_suffix); at != std::string::npos; at = token.find(m_suffix, done)) {
      out.append(token, done, at - done).append(space);
      done = at + m_suffix.size();
    }
    return out.append(token, done);
  }
  std::string m_suffix;
};

class Sequence : public Decoder {
public:
  explicit Sequence(std::vector<DecoderPtr> steps) : m_steps(std::move(steps)) {}
  Tokens apply(Tokens tokens, MatchBudget& budget) const override {
    const std::size_t limit = growthLimit(sizeOf(tokens));
    for (const DecoderPtr& step : m_steps) {
      if (sizeOf(tokens) > limit) break; // a hostile chain of replacements
      tokens = step->apply(std::move(tokens), budget);
    }
    return tokens;
  }
  std::string pieceBytes(std::string token, MatchBudget& budget) const override {
    const std::size_t limit = growthLimit(token.size());
    for (const DecoderPtr& step : m_steps)
      if (token.size() <= limit) token = step->pieceBytes(std::move(token), budget);
    return token;
  }
  bool isByteLevel() const override {
    return std::any_of(m_steps.begin(), m_steps.end(), [](const DecoderPtr& step) { return step->isByteLevel(); });
  }

private:
  static std::size_t sizeOf(const Tokens& tokens) {
    std::size_t bytes = 0;
    for (const std::string& token : tokens) bytes += token.size();
    return bytes;
  }
  std::vector<DecoderPtr> m_steps;
};

DecoderPtr readByteLevel(Options& options) {
  options.boolean("add_prefix_space", true); // these three do not touch decoding
  options.boolean("trim_offsets", true);
  options.boolean("use_regex", true);
  return std::make_shared<ByteLevel>();
}

DecoderPtr readStrip(Options& options) {
  constexpr std::int64_t kMost = 1 << 20;
  options.character("content");
  const auto start = static_cast<std::size_t>(options.integer("start", 0, kMost));
  const auto stop = static_cast<std::size_t>(options.integer("stop", 0, kMost));
  const std::string content = options.text("content");
  return std::make_shared<Strip>(content, start, stop);
}

DecoderPtr readReplace(Options& options) {
  Pattern pattern = Pattern::read(options);
  return std::make_shared<Replace>(std::move(pattern), options.text("content"));
}

DecoderPtr readBpe(Options& options) {
  const std::string suffix = options.text("suffix", "</w>");
  if (suffix.empty()) options.refuse("suffix: the string is empty");
  return std::make_shared<BpeDecoder>(suffix);
}

DecoderPtr readSequence(Options& options) {
  return std::make_shared<Sequence>(readSteps<DecoderPtr>(options, "decoders", readDecoder));
}

DecoderPtr readMetaspace(Options& options) {
  MetaspaceOptions read = readMetaspaceOptions(options);
  if (read.replacement.empty()) read.replacement.assign(1, ' ');
  return std::make_shared<Metaspace>(std::move(read));
}
DecoderPtr readByteFallback(Options&) { return std::make_shared<ByteFallback>(); }
DecoderPtr readFuse(Options&) { return std::make_shared<Fuse>(); }

} // namespace

Result<DecoderPtr> readDecoder(const Json& json) {
  if (json.is_null()) return DecoderPtr();
  auto type = componentType(json, "decoder");
  if (!type) return type.error();
  using Reader = DecoderPtr (*)(Options&);
  static const std::map<std::string, Reader> kReaders = {
      {"ByteLevel", readByteLevel}, {"ByteFallback", readByteFallback}, {"Fuse", readFuse},
      {"Strip", readStrip},         {"Replace", readReplace},           {"Metaspace", readMetaspace},
      {"BPEDecoder", readBpe},      {"Sequence", readSequence}};
  const auto reader = kReaders.find(*type);
  if (reader == kReaders.end()) return unsupported("decoder " + inQuotes(*type) + " is not supported");
  Options options(json, "decoder " + inQuotes(*type));
  DecoderPtr made = reader->second(options);
  if (auto done = options.finish(); !done) return done.error();
  return made;
}

} // namespace orrery::tokenize
