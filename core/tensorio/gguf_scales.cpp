// SPDX-License-Identifier: MIT
#include "core/tensorio/gguf_scales.h"

#include <array>

#include "core/base/text.h"
#include "core/tensorio/gguf_blocks.h"

namespace orrery::tensorio {
namespace {

constexpr std::array kPlaces = {
    ScalePlace{"Q4_0", 32, 18, 0, {}},     ScalePlace{"Q4_1", 32, 20, 0, 2},     ScalePlace{"Q5_0", 32, 22, 0, {}},
    ScalePlace{"Q5_1", 32, 24, 0, 2},      ScalePlace{"Q8_0", 32, 34, 0, {}},    ScalePlace{"Q2_K", 256, 84, 80, 82},
    ScalePlace{"Q3_K", 256, 110, 108, {}}, ScalePlace{"Q4_K", 256, 144, 0, 2},   ScalePlace{"Q5_K", 256, 176, 0, 2},
    ScalePlace{"Q6_K", 256, 210, 208, {}}, ScalePlace{"IQ4_NL", 32, 18, 0, {}},  ScalePlace{"IQ4_XS", 256, 136, 0, {}},
    ScalePlace{"IQ2_XXS", 256, 66, 0, {}}, ScalePlace{"IQ2_XS", 256, 74, 0, {}}, ScalePlace{"IQ2_S", 256, 82, 0, {}},
    ScalePlace{"IQ3_XXS", 256, 98, 0, {}}, ScalePlace{"IQ3_S", 256, 110, 0, {}}, ScalePlace{"IQ1_S", 256, 50, 0, {}},
    ScalePlace{"TQ1_0", 256, 54, 52, {}},  ScalePlace{"TQ2_0", 256, 66, 64, {}}};

} // namespace

// A type of the same name with blocks of another size (llama2.c's Q8_0) is not meant.
std::optional<ScalePlace> scalePlace(const TensorInfo& info) {
  if (!info.encoding) return std::nullopt;
  for (const ScalePlace& place : kPlaces)
    if (place.type == info.encoding->name() && place.elements == info.encoding->block() &&
        info.bytes == static_cast<std::size_t>(elementCount(info.shape).value_or(0) / place.elements) * place.bytes)
      return place;
  return std::nullopt;
}

Result<std::vector<float>> blockScales(const TensorFile& file, const TensorInfo& info, std::int64_t first,
                                       std::int64_t count) {
  const auto place = scalePlace(info);
  if (!place) return unsupported(inQuotes(info.name) + " is " + typeName(info) + ": its blocks have no scale to show");
  const std::int64_t all = elementCount(info.shape).value_or(0) / place->elements;
  if (first < 0 || count < 0 || first > all || count > all - first)
    return badInput("blocks " + std::to_string(first) + " + " + std::to_string(count) + " lie outside tensor " +
                    inQuotes(info.name) + " of " + std::to_string(all));
  std::vector<std::byte> bytes(static_cast<std::size_t>(count) * place->bytes);
  if (Status read = file.copyOut(info, static_cast<std::size_t>(first) * place->bytes, bytes.size(), bytes.data());
      !read)
    return read.error();
  std::vector<float> scales;
  for (std::size_t b = 0; b < static_cast<std::size_t>(count); ++b)
    scales.push_back(halfAt(reinterpret_cast<const std::uint8_t*>(bytes.data()) + b * place->bytes + place->scale));
  return scales;
}

} // namespace orrery::tensorio
