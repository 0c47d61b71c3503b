// SPDX-License-Identifier: MIT
// Regular expressions as tokenizer.json writes them (Oniguruma's Ruby syntax), run by PCRE2.
// A pattern that PCRE2 would read in another sense is translated (\h, \v, \s, \w, {n,m}+, (?m)) or refused.
// Thread-safe when const. Cost is bounded: see MatchBudget.
#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"

namespace orrery::tokenize {

// One stretch of a text: a match, or what lies between two matches. Bytes [begin, end).
struct Span {
  std::size_t begin = 0, end = 0;
  bool matched = false;
};

// What all regular expressions of one encode() may spend together: a second and 4 s per MiB of text, some hundred
// times what the published tokenizers need. A spent budget ends the search: the rest of the text counts as unmatched.
class MatchBudget {
public:
  explicit MatchBudget(std::size_t textBytes);
  bool spent(); // reads the clock only now and then

private:
  std::chrono::steady_clock::time_point m_deadline;
  int m_calls = 0;
  bool m_spent = false;
};

class Regex {
public:
  // Errors: Unsupported (syntax that has no equal in PCRE2, named), BadInput (malformed), TooLarge (> 16 KiB).
  static Result<Regex> compile(const std::string& pattern);

  // All matches from left to right and the gaps between them, covering `text` (valid UTF-8). Empty matches count,
  // except right behind another match.
  std::vector<Span> split(std::string_view text, MatchBudget& budget) const;

private:
  struct Program;
  std::shared_ptr<const Program> m_program;
};

// The pattern in PCRE2's syntax with the meaning it has in Oniguruma.
Result<std::string> translateRegex(std::string_view pattern);

} // namespace orrery::tokenize
