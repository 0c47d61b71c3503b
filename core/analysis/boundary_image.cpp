// SPDX-License-Identifier: MIT
#include "core/analysis/boundary_image.h"

#include <algorithm>
#include <array>
#include <string>

namespace orrery::analysis {
namespace {

std::string sizeOf(const BoundaryImage& image) {
  return std::to_string(image.height) + " x " + std::to_string(image.width);
}

Status checkSize(const BoundaryImage& image) {
  if (image.height < kMinImageSide || image.width < kMinImageSide)
    return badInput("an image of " + sizeOf(image) + " pixels; a dimension needs at least " +
                    std::to_string(kMinImageSide) + " on both sides");
  if (image.height > kMaxImagePixels / image.width)
    return tooLarge("an image of " + sizeOf(image) + " pixels; at most " + std::to_string(kMaxImagePixels));
  const auto pixels = static_cast<std::size_t>(image.height * image.width);
  if (image.value.size() != pixels || (!image.known.empty() && image.known.size() != pixels))
    return badInput("an image of " + sizeOf(image) + " pixels with " + std::to_string(image.value.size()) + " values");
  return Done{};
}

} // namespace

Status checkImage(const BoundaryImage& image) {
  if (Status size = checkSize(image); !size) return size;
  std::array<std::size_t, 2> found{};
  std::size_t known = 0;
  for (std::size_t i = 0; i < image.value.size(); ++i) {
    if (image.value[i] > 1)
      return badInput("pixel " + std::to_string(i) + ": expected 0 or 1, found " + std::to_string(image.value[i]));
    if (!image.isKnown(i)) continue;
    ++known;
    ++found[image.value[i]];
  }
  if (image.kind == ImageKind::Set && found[1] == 0) return badInput("the set is empty: no pixel is 1");
  if (image.kind == ImageKind::Label && (found[0] == 0 || found[1] == 0))
    return badInput("no boundary: all " + std::to_string(known) + " evaluated pixels have one class");
  return Done{};
}

BoundaryImage edgeSet(const BoundaryImage& image) {
  if (image.kind == ImageKind::Set) return image;
  BoundaryImage edge{ImageKind::Set, image.height - 1, image.width - 1, {}, {}};
  edge.value.resize(static_cast<std::size_t>(edge.height * edge.width));
  for (std::int64_t i = 0; i < edge.height; ++i)
    for (std::int64_t j = 0; j < edge.width; ++j) {
      const std::array block{image.index(i, j), image.index(i, j + 1), image.index(i + 1, j),
                             image.index(i + 1, j + 1)};
      const bool known = std::all_of(block.begin(), block.end(), [&](std::size_t k) { return image.isKnown(k); });
      const int sum = image.value[block[0]] + image.value[block[1]] + image.value[block[2]] + image.value[block[3]];
      edge.value[edge.index(i, j)] = known && sum > 0 && sum < 4;
    }
  return edge;
}

} // namespace orrery::analysis
