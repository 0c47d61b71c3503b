// SPDX-License-Identifier: MIT
#include "core/tensorio/sha256.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <memory>
#include <openssl/evp.h>
#include <vector>

namespace orrery::tensorio {
namespace {

constexpr std::size_t kPieceBytes = std::size_t{1} << 20;

class Hasher {
public:
  Hasher() : m_context(EVP_MD_CTX_new(), EVP_MD_CTX_free) {
    m_ok = m_context && EVP_DigestInit_ex(m_context.get(), EVP_sha256(), nullptr) == 1;
  }
  void add(std::span<const std::byte> bytes) {
    m_ok = m_ok && EVP_DigestUpdate(m_context.get(), bytes.data(), bytes.size()) == 1;
  }
  Result<std::string> hex() {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned length = 0;
    if (!m_ok || EVP_DigestFinal_ex(m_context.get(), digest.data(), &length) != 1)
      return Error{Code::Internal, "OpenSSL could not compute a SHA-256", {}, {}};
    std::string text;
    for (unsigned i = 0; i < length; ++i)
      for (const int shift : {4, 0}) text += "0123456789abcdef"[digest[i] >> shift & 0xf];
    return text;
  }

private:
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> m_context;
  bool m_ok = false;
};

Result<std::string> hashFile(const MappedFile& file, const std::stop_token& stop) {
  Hasher hasher;
  std::vector<std::byte> piece(std::min(kPieceBytes, file.size()));
  for (std::size_t at = 0; at < file.size(); at += piece.size()) {
    if (stop.stop_requested()) return cancelled();
    const std::size_t length = std::min(piece.size(), file.size() - at);
    if (Status copied = file.copyOut(at, length, piece.data()); !copied) return copied.error();
    hasher.add({piece.data(), length});
  }
  if (Status same = file.verifyUnchanged(); !same) return same.error();
  return hasher.hex();
}

} // namespace

Result<std::string> sha256(std::span<const std::byte> bytes) {
  Hasher hasher;
  hasher.add(bytes);
  return hasher.hex();
}

Result<std::string> sha256OfFile(const std::string& path, std::stop_token stop) {
  auto file = MappedFile::open(path);
  if (!file) return file.error();
  return hashFile(*file, stop);
}

Result<std::string> fingerprintOfFile(const std::string& path, std::stop_token stop) {
  constexpr std::size_t kWhole = std::size_t{256} << 20, kPieces = 1024, kPiece = std::size_t{64} << 10;
  auto file = MappedFile::open(path);
  if (!file) return file.error();
  if (file->size() <= kWhole) return hashFile(*file, stop);
  Hasher hasher;
  std::array<std::byte, 8> size{};
  for (std::size_t i = 0; i < size.size(); ++i) size[i] = static_cast<std::byte>(file->size() >> (8 * i) & 0xff);
  hasher.add(size);
  std::vector<std::byte> piece(kPiece);
  for (std::size_t i = 0; i < kPieces; ++i) {
    if (stop.stop_requested()) return cancelled();
    const std::size_t at = (file->size() - kPiece) / (kPieces - 1) * i;
    if (Status copied = file->copyOut(i + 1 == kPieces ? file->size() - kPiece : at, kPiece, piece.data()); !copied)
      return copied.error();
    hasher.add(piece);
  }
  if (Status same = file->verifyUnchanged(); !same) return same.error();
  auto hex = hasher.hex();
  return hex ? Result<std::string>("sampled " + *hex) : hex;
}

Result<std::string> sha256Of(const TensorFile& file, std::stop_token stop) {
  if (file.shards().size() == 1) return hashFile(file.shards().front(), stop);
  std::string lines;
  for (const MappedFile& shard : file.shards()) {
    auto hash = hashFile(shard, stop);
    if (!hash) return hash.error();
    lines += *hash + "  " + std::filesystem::path(shard.path()).filename().string() + "\n";
  }
  return sha256(std::as_bytes(std::span(lines)));
}

Result<std::string> sha256OfCheckpoint(const std::string& path, std::stop_token stop) {
  auto tensors = openTensors(path);
  if (!tensors) return tensors.error();
  return sha256Of(*tensors, std::move(stop));
}

} // namespace orrery::tensorio
