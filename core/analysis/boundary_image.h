// SPDX-License-Identifier: MIT
// What boundary analysis looks at: pixels of a set (a curve, a dust), or class labels whose border is the set.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/base/result.h"

namespace orrery::analysis {

enum class ImageKind { Set, Label };

struct BoundaryImage {
  ImageKind kind = ImageKind::Set;
  std::int64_t height = 0, width = 0;
  std::vector<std::uint8_t> value; // [height, width], 0 or 1
  std::vector<std::uint8_t> known; // [height, width], 0: pixel has no label; empty: all have one. Labels only
  bool complete = true; // false: pixels that were asked for are not computed yet, the boundary may still change

  std::size_t index(std::int64_t row, std::int64_t column) const {
    return static_cast<std::size_t>(row * width + column);
  }
  bool isKnown(std::size_t pixel) const { return known.empty() || known[pixel] != 0; }
};

inline constexpr std::int64_t kMinImageSide = 32; // below it no two octaves of boxes fit
inline constexpr std::int64_t kMaxImagePixels = std::int64_t{1} << 28;

// Sizes and values as stated above, and something to measure: a set that is not empty, labels of both classes.
// Errors: BadInput, TooLarge.
Status checkImage(const BoundaryImage& image);

// The border of labels as a set: [height - 1, width - 1], 1 where a 2 x 2 block holds both classes. A block with an
// unknown pixel counts as 0. A set is returned as it is.
BoundaryImage edgeSet(const BoundaryImage& image);

} // namespace orrery::analysis
