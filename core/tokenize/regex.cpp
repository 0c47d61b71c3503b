// SPDX-License-Identifier: MIT
#include "core/tokenize/regex.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <optional>

#include "core/tokenize/unicode_additions.h"
#include "core/tokenize/utf8.h"

namespace orrery::tokenize {
namespace {

constexpr std::size_t kMaxPatternBytes = 16384;
// Per attempt at one position; backtracking over a run of a million spaces needs one step each.
constexpr std::uint32_t kMatchLimit = 4'000'000;
constexpr std::uint32_t kHeapLimitKib = 65536;
constexpr int kCallsPerClock = 16;

struct FreeCode {
  void operator()(pcre2_code* p) const { pcre2_code_free(p); }
};
struct FreeData {
  void operator()(pcre2_match_data* p) const { pcre2_match_data_free(p); }
};
struct FreeContext {
  void operator()(pcre2_match_context* p) const { pcre2_match_context_free(p); }
};
struct FreeCompileContext {
  void operator()(pcre2_compile_context* p) const { pcre2_compile_context_free(p); }
};

std::string pcreMessage(int code) {
  PCRE2_UCHAR text[256];
  if (pcre2_get_error_message(code, text, sizeof text) < 0) return "error " + std::to_string(code);
  return reinterpret_cast<const char*>(text);
}

} // namespace

MatchBudget::MatchBudget(std::size_t textBytes)
    : m_deadline(std::chrono::steady_clock::now() + std::chrono::seconds(1) +
                 std::chrono::microseconds(4 * static_cast<long long>(textBytes))) {}

bool MatchBudget::spent() {
  if (!m_spent && ++m_calls >= kCallsPerClock) {
    m_calls = 0;
    m_spent = std::chrono::steady_clock::now() > m_deadline;
  }
  return m_spent;
}

struct Regex::Program {
  std::unique_ptr<pcre2_code, FreeCode> code; // anchored: one attempt per position, so the budget is asked in between
  std::unique_ptr<pcre2_match_context, FreeContext> context;
  bool jit = false;

  // The match that begins its search exactly at `at`; none also when a limit was hit.
  std::optional<Span> matchAt(std::string_view text, std::size_t at, pcre2_match_data* data) const {
    const auto subject = reinterpret_cast<PCRE2_SPTR>(text.data());
    int rc = PCRE2_ERROR_JIT_STACKLIMIT;
    if (jit) rc = pcre2_jit_match(code.get(), subject, text.size(), at, PCRE2_NO_UTF_CHECK, data, context.get());
    if (rc == PCRE2_ERROR_JIT_STACKLIMIT)
      rc = pcre2_match(code.get(), subject, text.size(), at, PCRE2_NO_UTF_CHECK | PCRE2_NO_JIT, data, context.get());
    if (rc < 0) return std::nullopt;
    const PCRE2_SIZE* ends = pcre2_get_ovector_pointer(data);
    if (ends[0] < at || ends[1] < ends[0] || ends[1] > text.size()) return std::nullopt; // \K may move them
    return Span{ends[0], ends[1], true};
  }
};

Result<Regex> Regex::compile(const std::string& pattern) {
  if (pattern.size() > kMaxPatternBytes)
    return tooLarge("regular expression of " + std::to_string(pattern.size()) + " bytes, at most " +
                    std::to_string(kMaxPatternBytes));
  auto translated = translateRegex(pattern);
  if (!translated) return translated.error();
  auto program = std::make_shared<Program>();
  int code = 0;
  PCRE2_SIZE offset = 0;
  constexpr std::uint32_t kOptions = PCRE2_UTF | PCRE2_UCP | PCRE2_MULTILINE | PCRE2_ANCHORED | PCRE2_NEVER_BACKSLASH_C;
  const std::unique_ptr<pcre2_compile_context, FreeCompileContext> settings(pcre2_compile_context_create(nullptr));
  if (settings) pcre2_set_newline(settings.get(), PCRE2_NEWLINE_LF);
  program->code.reset(pcre2_compile(reinterpret_cast<PCRE2_SPTR>(translated->data()), translated->size(), kOptions,
                                    &code, &offset, settings.get()));
  if (!program->code)
    return badInput("regular expression \"" + pattern.substr(0, 200) + "\": " + pcreMessage(code) + " near byte " +
                    std::to_string(offset));
  program->jit = pcre2_jit_compile(program->code.get(), PCRE2_JIT_COMPLETE) == 0;
  program->context.reset(pcre2_match_context_create(nullptr));
  if (!program->context) return tooLarge("regular expression: no memory");
  pcre2_set_match_limit(program->context.get(), kMatchLimit);
  pcre2_set_heap_limit(program->context.get(), kHeapLimitKib);
  Regex regex;
  regex.m_program = std::move(program);
  return regex;
}

std::vector<Span> Regex::split(std::string_view text, MatchBudget& budget) const {
  std::vector<Span> spans;
  std::string older; // the text as PCRE2 can judge it
  if (replaceNewCharacters(text, older)) text = older;
  const std::unique_ptr<pcre2_match_data, FreeData> data(
      pcre2_match_data_create_from_pattern(m_program->code.get(), nullptr));
  std::size_t done = 0; // end of the last match
  bool any = false;
  for (std::size_t at = 0; data && at <= text.size() && !budget.spent();) {
    const auto match = m_program->matchAt(text, at, data.get());
    const bool repeated = match && match->begin == match->end && any && match->end == done;
    if (!match || repeated) {
      at += at < text.size() ? stepUtf8(text, at).size : 1;
      continue;
    }
    if (match->begin > done) spans.push_back({done, match->begin, false});
    spans.push_back(*match);
    any = true;
    at = done = match->end;
  }
  if (done < text.size()) spans.push_back({done, text.size(), false});
  return spans;
}

} // namespace orrery::tokenize
