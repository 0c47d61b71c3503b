// SPDX-License-Identifier: MIT
#include "views/paint/png.h"

#include <algorithm>
#include <limits>
#include <string_view>
#include <zlib.h>

namespace orrery::paint {
namespace {

constexpr std::int64_t kLargestSide = std::numeric_limits<std::int32_t>::max();
constexpr std::size_t kMostBytes = std::size_t{1} << 30;
constexpr int kLevel = 6;

void append32(std::string& out, std::uint32_t value) { // big-endian
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(static_cast<unsigned char>(value >> shift));
}

void appendChunk(std::string& out, std::string_view type, std::string_view data) {
  append32(out, static_cast<std::uint32_t>(data.size()));
  const std::size_t begin = out.size();
  out += type;
  out += data;
  const auto* bytes = reinterpret_cast<const Bytef*>(out.data() + begin);
  append32(out, static_cast<std::uint32_t>(crc32(0, bytes, static_cast<uInt>(out.size() - begin))));
}

// Rows, each with filter type 0 in front.
std::string rawRows(std::span<const std::uint32_t> pixels, std::size_t width, int channels) {
  std::string raw;
  raw.reserve(pixels.size() * static_cast<std::size_t>(channels) + pixels.size() / width);
  for (std::size_t i = 0; i < pixels.size(); ++i) {
    if (i % width == 0) raw += '\0';
    for (int c = 0; c < channels; ++c) raw += static_cast<char>(static_cast<unsigned char>(pixels[i] >> (8 * c)));
  }
  return raw;
}

Result<std::string> deflated(const std::string& raw) {
  uLongf size = compressBound(static_cast<uLong>(raw.size()));
  std::string out(size, '\0');
  const int code = compress2(reinterpret_cast<Bytef*>(out.data()), &size, reinterpret_cast<const Bytef*>(raw.data()),
                             static_cast<uLong>(raw.size()), kLevel);
  if (code != Z_OK) return Error{Code::Internal, "zlib refused an image, code " + std::to_string(code), {}, {}};
  out.resize(size);
  return out;
}

} // namespace

Result<std::string> encodePng(std::span<const std::uint32_t> pixels, std::int64_t width, std::int64_t height) {
  if (width <= 0 || height <= 0 || pixels.size() % static_cast<std::size_t>(width) != 0 ||
      pixels.size() / static_cast<std::size_t>(width) != static_cast<std::size_t>(height))
    return badInput("an image of " + std::to_string(width) + " x " + std::to_string(height) + " cells has " +
                    std::to_string(pixels.size()) + " pixels");
  const bool opaque = std::all_of(pixels.begin(), pixels.end(), [](std::uint32_t p) { return p >> 24 == 255; });
  const int channels = opaque ? 3 : 4;
  if (width > kLargestSide || height > kLargestSide || pixels.size() > kMostBytes / 5)
    return tooLarge("an image of " + std::to_string(width) + " x " + std::to_string(height) +
                    " cells is too large for a PNG inside a figure, at most " + std::to_string(kMostBytes / 5) +
                    " cells are written");
  auto data = deflated(rawRows(pixels, static_cast<std::size_t>(width), channels));
  if (!data) return data.error();
  std::string header;
  append32(header, static_cast<std::uint32_t>(width));
  append32(header, static_cast<std::uint32_t>(height));
  header += std::string{8, static_cast<char>(opaque ? 2 : 6), 0, 0, 0}; // depth, colour type, methods
  std::string png = "\x89PNG\r\n\x1a\n";
  appendChunk(png, "IHDR", header);
  appendChunk(png, "IDAT", *data);
  appendChunk(png, "IEND", {});
  return png;
}

std::string base64(std::string_view bytes) {
  constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t group = 0;
    const std::size_t have = std::min<std::size_t>(3, bytes.size() - i);
    for (std::size_t k = 0; k < 3; ++k) group = group << 8 | (k < have ? static_cast<unsigned char>(bytes[i + k]) : 0);
    for (std::size_t k = 0; k < 4; ++k) out += k <= have ? kDigits[group >> (18 - 6 * k) & 63] : '=';
  }
  return out;
}

} // namespace orrery::paint
