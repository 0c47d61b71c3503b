// SPDX-License-Identifier: MIT
#include "core/tokenize/normalizers.h"

#include <functional>

#include <algorithm>
#include <map>

#include "core/tokenize/byte_level.h"
#include "core/tokenize/pattern.h"
#include "core/tokenize/steps.h"
#include "core/tokenize/unicode.h"
#include "core/tokenize/utf8.h"

namespace orrery::tokenize {
namespace {

// A step without state: a plain function of the text.
class Simple : public Normalizer {
public:
  using Function = std::function<std::string(std::string_view)>;
  using Drops = bool (*)(char32_t first);
  explicit Simple(Function function, Drops drops) : m_function(std::move(function)), m_drops(drops) {}
  std::string apply(std::string text, NormalizerRun& run) const override {
    if (m_drops && !text.empty() && m_drops(stepUtf8(text, 0).code)) run.startDropped = true;
    return m_function(text);
  }

private:
  Function m_function;
  Drops m_drops; // null: the first character always leaves something
};

class Replace : public Normalizer {
public:
  Replace(Pattern pattern, std::string content) : m_pattern(std::move(pattern)), m_content(std::move(content)) {}
  std::string apply(std::string text, NormalizerRun& run) const override {
    std::string out = m_pattern.replace(text, m_content, run.budget);
    if (m_content.empty() && !text.empty() && !out.starts_with(text.substr(0, stepUtf8(text, 0).size)))
      run.startDropped = true;
    return out;
  }

private:
  Pattern m_pattern;
  std::string m_content;
};

class Sequence : public Normalizer {
public:
  explicit Sequence(std::vector<NormalizerPtr> steps) : m_steps(std::move(steps)) {}
  std::string apply(std::string text, NormalizerRun& run) const override {
    const std::size_t limit = growthLimit(text.size());
    for (const NormalizerPtr& step : m_steps) {
      std::string next = step->apply(text, run);
      if (next.size() <= limit) text = std::move(next);
    }
    return text;
  }

private:
  std::vector<NormalizerPtr> m_steps;
};

// Code points for which `keep` holds.
template <class Keep> std::string filter(std::string_view text, Keep keep) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const Utf8Step step = stepUtf8(text, at);
    if (keep(step.code)) out.append(text, at, step.size);
    at += step.size;
  }
  return out;
}

std::string stripAccents(std::string_view text) {
  return filter(text, [](char32_t c) { return !isCombiningMark(c); });
}

std::string strip(std::string_view text, bool left, bool right) {
  while (left && !text.empty()) {
    const Utf8Step step = stepUtf8(text, 0);
    if (!isWhitespace(step.code)) break;
    text.remove_prefix(step.size);
  }
  while (right && !text.empty()) {
    const Utf8Step last = lastStep(text);
    if (!isWhitespace(last.code)) break;
    text.remove_suffix(last.size);
  }
  return std::string(text);
}

bool isDroppedByNmt(char32_t c) {
  return (c >= 1 && c <= 8) || c == 0xB || (c >= 0xE && c <= 0x1F) || c == 0x7F || c == 0x8F || c == 0x9F;
}

// SentencePiece's NMT rules: control characters go, odd spaces become spaces.
std::string nmt(std::string_view text) {
  const auto spaced = [](char32_t c) {
    return c == 9 || c == 0xA || c == 0xC || c == 0xD || c == 0x1680 || (c >= 0x200B && c <= 0x200F) || c == 0x2028 ||
           c == 0x2029 || c == 0x2581 || c == 0xFEFF || c == 0xFFFD;
  };
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const Utf8Step step = stepUtf8(text, at);
    at += step.size;
    if (!isDroppedByNmt(step.code)) appendUtf8(out, spaced(step.code) ? U' ' : step.code);
  }
  return out;
}

NormalizerPtr simple(Simple::Function function, Simple::Drops drops = nullptr) {
  return std::make_shared<Simple>(std::move(function), drops);
}

NormalizerPtr simpleByName(const std::string& type) {
  const auto form = [](NormalForm f) { return [f](std::string_view text) { return normalizeUnicode(text, f); }; };
  if (type == "NFC") return simple(form(NormalForm::Nfc));
  if (type == "NFD") return simple(form(NormalForm::Nfd));
  if (type == "NFKC") return simple(form(NormalForm::Nfkc));
  if (type == "NFKD") return simple(form(NormalForm::Nfkd));
  if (type == "Lowercase") return simple(lowercase);
  if (type == "StripAccents") return simple(stripAccents, isCombiningMark);
  if (type == "Nmt") return simple(nmt, isDroppedByNmt);
  if (type == "ByteLevel") return simple(toByteLevel);
  return nullptr;
}

NormalizerPtr readStrip(Options& options) {
  const bool left = options.boolean("strip_left"), right = options.boolean("strip_right");
  return simple([left, right](std::string_view text) { return strip(text, left, right); },
                left ? isWhitespace : nullptr);
}

NormalizerPtr readPrepend(Options& options) {
  return simple([prefix = options.text("prepend")](std::string_view text) {
    return text.empty() ? std::string() : prefix + std::string(text);
  });
}

NormalizerPtr readReplace(Options& options) {
  Pattern pattern = Pattern::read(options);
  return std::make_shared<Replace>(std::move(pattern), options.text("content"));
}

NormalizerPtr readSequence(Options& options) {
  return std::make_shared<Sequence>(readSteps<NormalizerPtr>(options, "normalizers", readNormalizer));
}

} // namespace

Result<NormalizerPtr> readNormalizer(const Json& json) {
  if (json.is_null()) return NormalizerPtr();
  auto type = componentType(json, "normalizer");
  if (!type) return type.error();
  using Reader = NormalizerPtr (*)(Options&);
  static const std::map<std::string, Reader> kReaders = {
      {"Strip", readStrip}, {"Prepend", readPrepend}, {"Replace", readReplace}, {"Sequence", readSequence}};
  Options options(json, "normalizer " + inQuotes(*type));
  NormalizerPtr normalizer = simpleByName(*type);
  if (const auto reader = kReaders.find(*type); reader != kReaders.end()) normalizer = reader->second(options);
  if (!normalizer) return unsupported("normalizer " + inQuotes(*type) + " is not supported");
  if (auto done = options.finish(); !done) return done.error();
  return normalizer;
}

} // namespace orrery::tokenize
