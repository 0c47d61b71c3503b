// SPDX-License-Identifier: MIT
// The tensor types of GGUF by number (enum ggml_type of ggml.h).
#pragma once
#include <cstdint>
#include <memory>
#include <string>

#include "core/base/dtype.h"
#include "core/base/result.h"
#include "core/tensorio/encoding.h"

namespace orrery::tensorio {

struct GgufType {
  DType dtype = DType::F32;                 // of plain elements; F32 where there is an encoding
  std::shared_ptr<const Encoding> encoding; // null: plain
};

// Errors: Unsupported, with the type's name where it has one.
Result<GgufType> ggufType(std::uint32_t id);

} // namespace orrery::tensorio
