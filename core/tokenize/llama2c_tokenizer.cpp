// SPDX-License-Identifier: MIT
#include "core/tokenize/llama2c_tokenizer.h"

#include <cstring>

#include "core/base/file.h"
#include "core/tokenize/components.h"
#include "core/tokenize/utf8.h"

namespace orrery::tokenize {
namespace {

constexpr std::size_t kMaxFile = std::size_t{64} << 20; // bytes
constexpr std::size_t kBos = 1, kEos = 2, kFirstByte = 3, kBytes = 256;

// The number at the front of `bytes`, which must be long enough; cut off.
template <class T> T number(std::string_view& bytes) {
  T value;
  std::memcpy(&value, bytes.data(), sizeof value);
  bytes.remove_prefix(sizeof value);
  return value;
}

PieceType typeOf(std::size_t id) {
  if (id == 0) return PieceType::Unknown;
  if (id < kFirstByte) return PieceType::Control;
  return id < kFirstByte + kBytes ? PieceType::Byte : PieceType::Normal;
}

std::string textOf(std::size_t id, std::string_view bytes) {
  if (id == kBos) return "<s>";
  return id == kEos ? "</s>" : std::string(bytes);
}

} // namespace

Result<std::vector<SpmPiece>> parseLlama2cTokens(std::string_view bytes, const std::string& where) {
  if (bytes.size() < 4)
    return badInput(std::to_string(bytes.size()) + " bytes are no tokenizer.bin of llama2.c", where);
  const auto longest = number<std::uint32_t>(bytes);
  std::vector<SpmPiece> pieces;
  while (!bytes.empty()) {
    const std::string what = "token " + std::to_string(pieces.size());
    if (bytes.size() < 8) return badInput("the file ends inside " + what, where);
    const auto score = number<float>(bytes);
    const auto length = number<std::int32_t>(bytes);
    if (length < 0 || static_cast<std::uint32_t>(length) > longest)
      return badInput(what + " has " + std::to_string(length) + " bytes, expected 0 to " + std::to_string(longest),
                      where);
    if (static_cast<std::size_t>(length) > bytes.size()) return badInput("the file ends inside " + what, where);
    const std::string_view text = bytes.substr(0, static_cast<std::size_t>(length));
    if (!isValidUtf8(text)) return badInput(what + " is not UTF-8", where);
    pieces.push_back({textOf(pieces.size(), text), score, typeOf(pieces.size())});
    bytes.remove_prefix(text.size());
  }
  if (pieces.size() < kFirstByte + kBytes)
    return badInput(std::to_string(pieces.size()) + " tokens, expected at least 259 (3 special ones and the bytes)",
                    where);
  return pieces;
}

Result<std::shared_ptr<const Tokenizer>> llama2cTokenizer(std::string_view bytes, const std::string& where) {
  auto pieces = parseLlama2cTokens(bytes, where);
  if (!pieces) return pieces.error();
  auto spm = Spm::make(*pieces, false);
  if (!spm) {
    spm.error().where = where;
    return spm.error();
  }
  const Json strip = {{"type", "Strip"}, {"content", " "}, {"start", 1}, {"stop", 0}}; // run.c's decode() after BOS
  const Json components = {
      {"normalizer", {{"type", "Prepend"}, {"prepend", " "}}},
      {"decoder", {{"type", "Sequence"}, {"decoders", {{{"type", "ByteFallback"}}, {{"type", "Fuse"}}, strip}}}},
      {"post_processor", templateJson({kBos}, {})}};
  return Tokenizer::fromModel(std::make_shared<const Spm>(*std::move(spm)), components, where);
}

Result<std::shared_ptr<const Tokenizer>> openLlama2cTokenizer(const std::string& path) {
  auto bytes = readFile(path, kMaxFile);
  if (!bytes) return bytes.error();
  return llama2cTokenizer(*bytes, path);
}

} // namespace orrery::tokenize
