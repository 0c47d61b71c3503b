// SPDX-License-Identifier: MIT
// One tensor of a checkpoint: what its header says.
#pragma once
#include <cstddef>
#include <memory>
#include <optional>
#include <string>

#include "core/base/dtype.h"
#include "core/base/tensor_view.h"
#include "core/tensorio/encoding.h"

namespace orrery::tensorio {

struct TensorInfo {
  std::string name;
  DType dtype = DType::F32; // of the elements; of an encoded tensor F32, what it decodes to
  Shape shape;
  std::size_t begin = 0;                    // bytes from the start of the file
  std::size_t bytes = 0;                    // on disk
  std::size_t file = 0;                     // which shard, from 0
  std::shared_ptr<const Encoding> encoding; // null: plain little-endian elements of `dtype`, row-major
};

// As the file calls it: "F16", "Q4_K".
inline std::string typeName(const TensorInfo& info) {
  return std::string(info.encoding ? info.encoding->name() : name(info.dtype));
}

// By shape and type; none if that overflows or there can be no such tensor.
std::optional<std::size_t> bytesOnDisk(const TensorInfo& info);

} // namespace orrery::tensorio
