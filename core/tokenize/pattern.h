// SPDX-License-Identifier: MIT
// {"String": "..."} or {"Regex": "..."} as Split and Replace use it. Thread-safe when const.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/tokenize/options.h"
#include "core/tokenize/regex.h"

namespace orrery::tokenize {

class Pattern {
public:
  // Reads the option "pattern". Problems are left in `options`.
  static Pattern read(Options& options);

  // Matches and gaps, in order, covering `text`.
  std::vector<Span> split(std::string_view text, MatchBudget& budget) const;
  // Every match replaced by `content` (taken literally). Text that would grow beyond growthLimit() stays as it is.
  std::string replace(std::string_view text, std::string_view content, MatchBudget& budget) const;

private:
  std::string m_literal;
  std::optional<Regex> m_regex;
};

// How long a text may become while components work on it: files may chain replacements that double it each time.
constexpr std::size_t growthLimit(std::size_t bytes) { return 16 * bytes + (std::size_t{1} << 20); }

} // namespace orrery::tokenize
