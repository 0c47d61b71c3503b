// SPDX-License-Identifier: MIT
// The scales of quantised GGUF blocks as they stand in the file, before the numbers of a block are multiplied by them.
#pragma once
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/tensorio/tensor_file.h"

namespace orrery::tensorio {

// Where the half-precision scale (and, where the type has one, minimum) stands in a block; source: struct block_* of
// ggml-common.h. None for types whose blocks have no such number.
struct ScalePlace {
  std::string_view type;
  std::int64_t elements; // of a block; 32 or 256 (then it is the scale of the super-block)
  std::size_t bytes;     // of a block
  std::size_t scale;     // offset
  std::optional<std::size_t> minimum;
};
std::optional<ScalePlace> scalePlace(const TensorInfo& info);

// Scales of blocks [first, first + count). Errors: Unsupported (no such scales), BadInput, Io.
Result<std::vector<float>> blockScales(const TensorFile& file, const TensorInfo& info, std::int64_t first,
                                       std::int64_t count);

} // namespace orrery::tensorio
