// SPDX-License-Identifier: MIT
#include "core/tokenize/pattern.h"

namespace orrery::tokenize {
namespace {

std::vector<Span> splitLiteral(std::string_view text, std::string_view literal) {
  std::vector<Span> spans;
  std::size_t done = 0;
  for (std::size_t at = text.find(literal); at != std::string_view::npos; at = text.find(literal, done)) {
    if (at > done) spans.push_back({done, at, false});
    done = at + literal.size();
    spans.push_back({at, done, true});
  }
  if (done < text.size()) spans.push_back({done, text.size(), false});
  return spans;
}

} // namespace

Pattern Pattern::read(Options& options) {
  Pattern pattern;
  const Json& json = options.object("pattern");
  if (!options.ok()) return pattern;
  const bool one = json.size() == 1 && json.begin()->is_string();
  if (one && json.contains("String")) {
    pattern.m_literal = json.begin()->get<std::string>();
    if (pattern.m_literal.empty()) options.refuse("pattern: the string is empty");
  } else if (one && json.contains("Regex")) {
    auto regex = Regex::compile(json.begin()->get<std::string>());
    if (regex)
      pattern.m_regex = *std::move(regex);
    else
      options.refuse(regex.error());
  } else {
    options.refuse("pattern: expected {\"String\": text} or {\"Regex\": text}, found " + inQuotes(json.dump()));
  }
  return pattern;
}

std::vector<Span> Pattern::split(std::string_view text, MatchBudget& budget) const {
  return m_regex ? m_regex->split(text, budget) : splitLiteral(text, m_literal);
}

std::string Pattern::replace(std::string_view text, std::string_view content, MatchBudget& budget) const {
  std::string out;
  for (const Span& span : split(text, budget)) {
    out += span.matched ? content : text.substr(span.begin, span.end - span.begin);
    if (out.size() > growthLimit(text.size())) return std::string(text);
  }
  return out;
}

} // namespace orrery::tokenize
