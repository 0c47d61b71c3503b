// SPDX-License-Identifier: MIT
#include "core/tokenize/utf8.h"

namespace orrery::tokenize {
namespace {

struct Lead {
  std::size_t size;        // 0: no lead byte
  unsigned char low, high; // allowed range of the second byte
  unsigned char bits;      // payload of the lead byte
};

// Table 3-7 of the Unicode standard.
Lead leadOf(unsigned char byte) {
  if (byte >= 0xC2 && byte <= 0xDF) return {2, 0x80, 0xBF, static_cast<unsigned char>(byte & 0x1F)};
  if (byte == 0xE0) return {3, 0xA0, 0xBF, 0};
  if (byte == 0xED) return {3, 0x80, 0x9F, 0x0D};
  if (byte >= 0xE1 && byte <= 0xEF) return {3, 0x80, 0xBF, static_cast<unsigned char>(byte & 0x0F)};
  if (byte == 0xF0) return {4, 0x90, 0xBF, 0};
  if (byte >= 0xF1 && byte <= 0xF3) return {4, 0x80, 0xBF, static_cast<unsigned char>(byte & 0x07)};
  if (byte == 0xF4) return {4, 0x80, 0x8F, 4};
  return {0, 0, 0, 0};
}

} // namespace

Utf8Step stepUtf8(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  if (byte(at) < 0x80) return {byte(at), 1, true};
  const Lead lead = leadOf(byte(at));
  char32_t code = lead.bits;
  for (std::size_t i = 1; i < lead.size; ++i) {
    const unsigned char low = i == 1 ? lead.low : 0x80, high = i == 1 ? lead.high : 0xBF;
    if (at + i >= text.size() || byte(at + i) < low || byte(at + i) > high) return {kReplacementCharacter, i, false};
    code = (code << 6) | (byte(at + i) & 0x3F);
  }
  if (lead.size == 0) return {kReplacementCharacter, 1, false};
  return {code, lead.size, true};
}

std::string toValidUtf8(std::string_view bytes) {
  if (isAscii(bytes)) return std::string(bytes);
  std::string out;
  out.reserve(bytes.size());
  for (std::size_t at = 0; at < bytes.size();) {
    const Utf8Step step = stepUtf8(bytes, at);
    if (step.valid)
      out.append(bytes, at, step.size);
    else
      appendUtf8(out, kReplacementCharacter);
    at += step.size;
  }
  return out;
}

bool isValidUtf8(std::string_view bytes) {
  for (std::size_t at = 0; at < bytes.size();) {
    const Utf8Step step = stepUtf8(bytes, at);
    if (!step.valid) return false;
    at += step.size;
  }
  return true;
}

void appendUtf8(std::string& out, char32_t code) {
  const auto put = [&](char32_t byte) { out.push_back(static_cast<char>(static_cast<unsigned char>(byte))); };
  const auto tail = [&](int shift) { put(0x80 | ((code >> shift) & 0x3F)); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xC0 | (code >> 6));
    tail(0);
  } else if (code < 0x10000) {
    put(0xE0 | (code >> 12));
    tail(6);
    tail(0);
  } else {
    put(0xF0 | (code >> 18));
    tail(12);
    tail(6);
    tail(0);
  }
}

Utf8Step lastStep(std::string_view text) {
  std::size_t at = text.size() - 1;
  while (at > 0 && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80) --at;
  return stepUtf8(text, at);
}

} // namespace orrery::tokenize
