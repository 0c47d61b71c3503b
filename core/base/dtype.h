// SPDX-License-Identifier: MIT
// Element types as safetensors names them. Source: safetensors README (format section).
#pragma once
#include <cstddef>
#include <optional>
#include <string_view>

namespace orrery {

enum class DType { F64, F32, F16, BF16, I64, I32, I16, I8, U64, U32, U16, U8, Bool, F8E4M3, F8E5M2 };

std::size_t byteSize(DType dtype);                    // bytes of one element
std::string_view name(DType dtype);                   // "F32", as in a safetensors header
std::optional<DType> dtypeFromName(std::string_view); // nullopt if unknown
bool isFloating(DType dtype);

} // namespace orrery
