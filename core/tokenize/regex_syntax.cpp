// SPDX-License-Identifier: MIT
// Oniguruma (Ruby syntax) to PCRE2: the places where both accept a pattern but mean different things.
// Source: Oniguruma's doc/RE and doc/SYNTAX.md, pcre2pattern(3).
#include <algorithm>
#include <cctype>
#include <iterator>
#include <vector>

#include "core/tokenize/regex.h"

namespace orrery::tokenize {
namespace {

// Oniguruma's word characters; the six superscripts and fractions of Latin-1 are among them, the others are not.
constexpr const char* kWord = "\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\\x{B2}\\x{B3}\\x{B9}\\x{BC}-\\x{BE}";

class Translator {
public:
  explicit Translator(std::string_view pattern) : m_in(pattern) {}

  Result<std::string> run() {
    while (m_at < m_in.size() && m_problem.empty()) step();
    if (!m_problem.empty()) return unsupported("regular expression: " + m_problem + " is not supported");
    return std::move(m_out);
  }

private:
  void step() {
    switch (m_in[m_at]) {
    case '\\':
      return escape();
    case '[':
      return characterClass();
    case '(':
      return openGroup();
    case ')':
      return closeGroup();
    case '*':
    case '+':
    case '?':
      return quantifier();
    case '{':
      return interval();
    default:
      beginAtom();
      return copy(1);
    }
  }

  char peek(std::size_t ahead = 1) const { return m_at + ahead < m_in.size() ? m_in[m_at + ahead] : '\0'; }
  void beginAtom() { m_atom = m_out.size(); }
  void copy(std::size_t count) {
    m_out.append(m_in, m_at, count);
    m_at = std::min(m_at + count, m_in.size());
  }
  void put(std::string_view text, std::size_t taken) {
    m_out += text;
    m_at += taken;
  }
  void refuse(std::string what) { m_problem = std::move(what); }

  void escape() {
    beginAtom();
    const std::string word = kWord;
    switch (peek()) {
    case 'w':
      return put("[" + word + "]", 2);
    case 'W':
      return put("[^" + word + "]", 2);
    case 's':
      return put("\\p{White_Space}", 2);
    case 'S':
      return put("\\P{White_Space}", 2);
    case 'h':
      return put("[0-9a-fA-F]", 2);
    case 'H':
      return put("[^0-9a-fA-F]", 2);
    case 'b':
      return put("(?:(?<=[" + word + "])(?![" + word + "])|(?<![" + word + "])(?=[" + word + "]))", 2);
    case 'B':
      return put("(?:(?<=[" + word + "])(?=[" + word + "])|(?<![" + word + "])(?![" + word + "]))", 2);
    default:
      return commonEscape();
    }
  }

  // What means the same inside and outside of a class.
  void commonEscape() {
    const char c = peek();
    if (c == '\0') return refuse("a backslash at the end");
    if (c == 'v') return put("\\x0B", 2);
    if (c == 'u') return unicodeEscape();
    if (c == 'p' || c == 'P' || c == 'x') return bracedEscape();
    if (std::isalpha(static_cast<unsigned char>(c)) &&
        std::string_view("nrtfaedDAzZGKkgRX").find(c) == std::string_view::npos)
      return refuse(std::string("\\") + c);
    copy(2);
  }

  void unicodeEscape() { // \uHHHH
    const std::string_view digits = m_in.substr(std::min(m_at + 2, m_in.size()), 4);
    for (const char c : digits)
      if (!std::isxdigit(static_cast<unsigned char>(c))) return refuse("\\u without four hex digits");
    if (digits.size() < 4) return refuse("\\u without four hex digits");
    put("\\x{" + std::string(digits) + "}", 6);
  }

  void bracedEscape() { // \p{..}, \P{..}, \x{..}, \xHH
    if (peek(2) != '{') return copy(2);
    const std::size_t close = m_in.find('}', m_at);
    if (close == std::string_view::npos) return refuse("an escape without its closing brace");
    const std::string_view name = m_in.substr(m_at + 3, close - m_at - 3);
    if (peek() == 'x') return copy(close + 1 - m_at);
    put(std::string("\\") + peek() + "{" + propertyName(name) + "}", close + 1 - m_at);
  }

  // Long names of general categories are unknown to PCRE2, and its script names mean script extensions.
  static std::string propertyName(std::string_view name) {
    static constexpr std::pair<std::string_view, std::string_view> kLong[] = {{"Letter", "L"},
                                                                              {"Mark", "M"},
                                                                              {"Number", "N"},
                                                                              {"Punctuation", "P"},
                                                                              {"Symbol", "S"},
                                                                              {"Separator", "Z"},
                                                                              {"Other", "C"},
                                                                              {"Uppercase_Letter", "Lu"},
                                                                              {"Lowercase_Letter", "Ll"},
                                                                              {"Titlecase_Letter", "Lt"},
                                                                              {"Modifier_Letter", "Lm"},
                                                                              {"Other_Letter", "Lo"},
                                                                              {"Decimal_Number", "Nd"},
                                                                              {"Letter_Number", "Nl"},
                                                                              {"Other_Number", "No"}};
    static constexpr std::string_view kPlain[] = {"Any",       "Alphabetic", "White_Space",           "Uppercase",
                                                  "Lowercase", "Emoji",      "Extended_Pictographic", "Ideographic"};
    const bool negated = name.starts_with('^');
    if (negated) name.remove_prefix(1);
    std::string found(name);
    if (std::find(std::begin(kPlain), std::end(kPlain), name) == std::end(kPlain) && name.size() > 2) {
      const auto known =
          std::find_if(std::begin(kLong), std::end(kLong), [&](const auto& pair) { return pair.first == name; });
      found = known != std::end(kLong) ? std::string(known->second) : "sc:" + found;
    }
    return (negated ? "^" : "") + found;
  }

  void characterClass() {
    beginAtom();
    copy(1);
    if (m_at < m_in.size() && m_in[m_at] == '^') copy(1);
    if (m_at < m_in.size() && m_in[m_at] == ']') put("\\]", 1);
    while (m_at < m_in.size() && m_in[m_at] != ']' && m_problem.empty()) classItem();
    if (m_at >= m_in.size()) return refuse("a character class without an end");
    copy(1);
  }

  void classItem() {
    const char c = m_in[m_at];
    if (c == '&' && peek() == '&') return refuse("a class intersection (&&)");
    if (c == '[' && peek() == ':') return posixClass();
    if (c == '[') return refuse("a class inside a class");
    if (c != '\\') return copy(1);
    switch (peek()) {
    case 'w':
      return put(kWord, 2);
    case 's':
      return put("\\p{White_Space}", 2);
    case 'S':
      return put("\\P{White_Space}", 2);
    case 'h':
      return put("0-9a-fA-F", 2);
    case 'W':
    case 'H':
      return refuse(std::string("\\") + peek() + " inside a class");
    case 'b':
      return copy(2); // backspace in both
    case 'A':
    case 'z':
    case 'Z':
    case 'G':
    case 'K':
    case 'R':
    case 'X':
      return refuse(std::string("\\") + peek() + " inside a class");
    default:
      return commonEscape();
    }
  }

  void posixClass() {
    static constexpr std::pair<std::string_view, std::string_view> kKnown[] = {{"[:space:]", "\\p{White_Space}"},
                                                                               {"[:digit:]", "\\p{Nd}"},
                                                                               {"[:upper:]", "\\p{Uppercase}"},
                                                                               {"[:lower:]", "\\p{Lowercase}"},
                                                                               {"[:word:]", kWord}};
    for (const auto& [name, meaning] : kKnown)
      if (m_in.substr(m_at, name.size()) == name) return put(meaning, name.size());
    refuse("the class " + std::string(m_in.substr(m_at, 12)));
  }

  void openGroup() {
    m_groups.push_back(m_out.size());
    if (peek() == '*') return refuse("a verb (*...)");
    if (peek() != '?') return copy(1);
    const char kind = peek(2);
    if (kind == '#') return comment();
    if (std::isalpha(static_cast<unsigned char>(kind)) || kind == '-') return optionGroup();
    if (kind == '~') return refuse("an absent operator (?~");
    copy(3);
    if (kind == '<' && m_at < m_in.size() && (m_in[m_at] == '=' || m_in[m_at] == '!')) copy(1);
  }

  void comment() {
    m_groups.pop_back();
    const std::size_t close = m_in.find(')', m_at);
    m_at = close == std::string_view::npos ? m_in.size() : close + 1;
  }

  // (?i:...) and (?i): Ruby's m is PCRE's s. A (?i) in mid-pattern takes in the alternatives behind it in Ruby only.
  void optionGroup() {
    const bool first = m_at == 0;
    std::string options = "(?";
    for (m_at += 2; m_at < m_in.size() && m_in[m_at] != ':' && m_in[m_at] != ')'; ++m_at) {
      const char c = m_in[m_at];
      if (c != 'i' && c != 'm' && c != 's' && c != '-') return refuse(std::string("the option (?") + c + ")");
      options += c == 'm' ? 's' : c;
    }
    if (m_at >= m_in.size()) return refuse("a group without an end");
    if (m_in[m_at] == ')') {
      if (!first) return refuse("an option group (?i) inside a pattern");
      m_groups.pop_back();
    }
    m_out += options;
    copy(1);
  }

  void closeGroup() {
    if (!m_groups.empty()) {
      m_atom = m_groups.back();
      m_groups.pop_back();
    }
    copy(1);
  }

  void quantifier() { // * + ? with a following + (possessive) or ? (lazy): the same in both
    copy(1);
    if (m_at < m_in.size() && (m_in[m_at] == '+' || m_in[m_at] == '?')) copy(1);
  }

  // {n}, {n,}, {n,m}, {,m}. In Ruby {n,m}+ repeats the repetition (PCRE: possessive) and {n}? makes it optional
  // (PCRE: lazy); a {,m} is literal in PCRE.
  void interval() {
    std::size_t end = m_at + 1;
    while (end < m_in.size() && (std::isdigit(static_cast<unsigned char>(m_in[end])) || m_in[end] == ',')) ++end;
    const std::string body(m_in.substr(m_at + 1, end - m_at - 1));
    const std::size_t comma = body.find(',');
    const bool well = end < m_in.size() && m_in[end] == '}' && !body.empty() && body != "," &&
                      (comma == std::string::npos || body.find(',', comma + 1) == std::string::npos);
    if (!well) {
      beginAtom();
      return put("\\{", 1);
    }
    put("{" + (body[0] == ',' ? "0" + body : body) + "}", end + 1 - m_at);
    const char next = m_at < m_in.size() ? m_in[m_at] : '\0';
    if (next == '+' || (next == '?' && comma == std::string::npos)) {
      m_out.insert(std::min(m_atom, m_out.size()), "(?:");
      m_out += ')';
    } else if (next == '?') {
      copy(1);
    }
  }

  std::string_view m_in;
  std::size_t m_at = 0;
  std::string m_out;
  std::size_t m_atom = 0;            // where the last atom begins in m_out
  std::vector<std::size_t> m_groups; // where each open group begins in m_out
  std::string m_problem;
};

} // namespace

Result<std::string> translateRegex(std::string_view pattern) { return Translator(pattern).run(); }

} // namespace orrery::tokenize
