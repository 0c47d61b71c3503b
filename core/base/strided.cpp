// SPDX-License-Identifier: MIT
#include "core/base/strided.h"

#include <cstring>

namespace orrery {

void copyStrided(const TensorView& from, std::byte* to, const Shape& strides) {
  if (from.elements() == 0) return;
  const std::size_t size = byteSize(from.dtype), rank = from.shape.size();
  const std::int64_t inner = rank > 0 ? from.shape[rank - 1] : 1;
  const bool dense = rank == 0 || (from.strides[rank - 1] == 1 && strides[rank - 1] == 1);
  Shape index(rank, 0); // of the row that is copied; the last entry stays 0
  for (;;) {
    std::int64_t source = 0, target = 0;
    for (std::size_t i = 0; i < rank; ++i) {
      source += index[i] * from.strides[i];
      target += index[i] * strides[i];
    }
    const auto at = [&](std::int64_t offset) { return static_cast<std::size_t>(offset) * size; };
    if (dense) {
      std::memcpy(to + at(target), from.data + at(source), at(inner));
    } else {
      for (std::int64_t j = 0; j < inner; ++j)
        std::memcpy(to + at(target + j * strides[rank - 1]), from.data + at(source + j * from.strides[rank - 1]), size);
    }
    std::size_t i = rank > 0 ? rank - 1 : 0;
    while (i > 0 && ++index[i - 1] == from.shape[i - 1]) index[--i] = 0;
    if (i == 0) return;
  }
}

} // namespace orrery
