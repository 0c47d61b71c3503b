// SPDX-License-Identifier: MIT
#include "core/tokenize/unicode.h"

#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/uset.h>
#include <unicode/ustring.h>
#include <vector>

#include "core/tokenize/unicode_additions.h"
#include "core/tokenize/utf8.h"

namespace orrery::tokenize {
namespace {

constexpr std::size_t kMaxNormalizeBytes = std::size_t{512} << 20;

std::uint32_t maskOf(char32_t c) { return U_MASK(u_charType(static_cast<UChar32>(c))); }

bool has(char32_t c, UProperty property) { return u_hasBinaryProperty(static_cast<UChar32>(c), property) != 0; }

// Whether Unicode `version`.0 had the character.
bool existedIn(char32_t c, std::uint8_t version) {
  UVersionInfo age;
  u_charAge(static_cast<UChar32>(c), age);
  return age[0] < version || (age[0] == version && age[1] == 0);
}

const UNormalizer2* plainForm(NormalForm form, UErrorCode& error) {
  switch (form) {
  case NormalForm::Nfc:
    return unorm2_getNFCInstance(&error);
  case NormalForm::Nfd:
    return unorm2_getNFDInstance(&error);
  case NormalForm::Nfkc:
    return unorm2_getNFKCInstance(&error);
  case NormalForm::Nfkd:
    return unorm2_getNFKDInstance(&error);
  }
  return nullptr;
}

// ICU's form restricted to characters of the Unicode version that the reference library's tables know.
const UNormalizer2* openForm(NormalForm form) {
  UErrorCode error = U_ZERO_ERROR;
  const UNormalizer2* plain = plainForm(form, error);
  static const UChar kKnown[] = u"[:age=9.0:]";
  USet* known = uset_openPattern(kKnown, -1, &error);
  if (U_FAILURE(error)) return nullptr;
  uset_freeze(known); // lives as long as the program, like the form
  const UNormalizer2* filtered = unorm2_openFiltered(plain, known, &error);
  return U_FAILURE(error) ? nullptr : filtered;
}

const UNormalizer2* formOf(NormalForm form) {
  static const UNormalizer2* const forms[] = {openForm(NormalForm::Nfc), openForm(NormalForm::Nfd),
                                              openForm(NormalForm::Nfkc), openForm(NormalForm::Nfkd)};
  return forms[static_cast<int>(form)];
}

std::vector<UChar> toUtf16(std::string_view text) {
  std::vector<UChar> wide(text.size() + 1);
  UErrorCode error = U_ZERO_ERROR;
  int32_t length = 0;
  u_strFromUTF8(wide.data(), static_cast<int32_t>(wide.size()), &length, text.data(), static_cast<int32_t>(text.size()),
                &error);
  wide.resize(U_FAILURE(error) ? 0 : static_cast<std::size_t>(length));
  return wide;
}

std::string toUtf8(const std::vector<UChar>& wide, int32_t length) {
  std::string text(static_cast<std::size_t>(length) * 3 + 1, '\0');
  UErrorCode error = U_ZERO_ERROR;
  int32_t bytes = 0;
  u_strToUTF8(text.data(), static_cast<int32_t>(text.size()), &bytes, wide.data(), length, &error);
  text.resize(U_FAILURE(error) ? 0 : static_cast<std::size_t>(bytes));
  return text;
}

} // namespace

bool isWhitespace(char32_t c) { return u_isUWhiteSpace(static_cast<UChar32>(c)) != 0; }

bool isNumeric(char32_t c) { return (maskOf(c) & U_GC_N_MASK) != 0 || isNewNumeric(c); }

bool isPunctuation(char32_t c) {
  if (c < 0x80) return u_isgraph(static_cast<UChar32>(c)) && !u_isalnum(static_cast<UChar32>(c));
  if (c == 0x166D || c == 0x111C9) return true; // P* once, later S* and M*
  return (maskOf(c) & U_GC_P_MASK) != 0 && existedIn(c, 8);
}

bool isWord(char32_t c) {
  constexpr std::uint32_t kMask = U_GC_M_MASK | U_GC_ND_MASK | U_GC_PC_MASK;
  return (maskOf(c) & kMask) != 0 || has(c, UCHAR_ALPHABETIC) || has(c, UCHAR_JOIN_CONTROL) || isNewWord(c);
}

bool isCombiningMark(char32_t c) {
  if (c == 0x1CF2 || c == 0x1CF3) return true; // Mc until Unicode 12
  return (maskOf(c) & U_GC_M_MASK) != 0 && existedIn(c, 9) && c != 0x111C9;
}

bool isInvisible(char32_t c) {
  constexpr std::uint32_t kMask = U_GC_Z_MASK | U_GC_CC_MASK | U_GC_CF_MASK | U_GC_CS_MASK | U_GC_CN_MASK;
  return c != U' ' && (maskOf(c) & kMask) != 0;
}

std::string normalizeUnicode(std::string_view text, NormalForm form) {
  const UNormalizer2* normalizer = formOf(form);
  if (isAscii(text) || text.size() > kMaxNormalizeBytes || !normalizer) return std::string(text);
  const std::vector<UChar> wide = toUtf16(text);
  const auto length = static_cast<int32_t>(wide.size());
  std::vector<UChar> out(wide.size() + wide.size() / 2 + 64);
  UErrorCode error = U_ZERO_ERROR;
  int32_t needed =
      unorm2_normalize(normalizer, wide.data(), length, out.data(), static_cast<int32_t>(out.size()), &error);
  if (error == U_BUFFER_OVERFLOW_ERROR) {
    error = U_ZERO_ERROR;
    out.resize(static_cast<std::size_t>(needed) + 1);
    needed = unorm2_normalize(normalizer, wide.data(), length, out.data(), needed + 1, &error);
  }
  return U_FAILURE(error) ? std::string(text) : toUtf8(out, needed);
}

std::string lowercase(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const Utf8Step step = stepUtf8(text, at);
    at += step.size;
    if (step.code == 0x130)
      out += "i\xCC\x87"; // the one code point whose lower case is two
    else
      appendUtf8(out, newLowercase(static_cast<char32_t>(u_tolower(static_cast<UChar32>(step.code)))));
  }
  return out;
}

} // namespace orrery::tokenize
