// SPDX-License-Identifier: MIT
#include "core/base/dtype.h"

#include <array>

namespace orrery {
namespace {
struct Row {
  DType dtype;
  std::string_view name;
  std::size_t bytes;
  bool floating;
};
constexpr std::array kRows = {
    Row{DType::F64, "F64", 8, true},    Row{DType::F32, "F32", 4, true},        Row{DType::F16, "F16", 2, true},
    Row{DType::BF16, "BF16", 2, true},  Row{DType::I64, "I64", 8, false},       Row{DType::I32, "I32", 4, false},
    Row{DType::I16, "I16", 2, false},   Row{DType::I8, "I8", 1, false},         Row{DType::U64, "U64", 8, false},
    Row{DType::U32, "U32", 4, false},   Row{DType::U16, "U16", 2, false},       Row{DType::U8, "U8", 1, false},
    Row{DType::Bool, "BOOL", 1, false}, Row{DType::F8E4M3, "F8_E4M3", 1, true}, Row{DType::F8E5M2, "F8_E5M2", 1, true},
};
const Row& row(DType dtype) { return kRows[static_cast<std::size_t>(dtype)]; }
} // namespace

std::size_t byteSize(DType dtype) { return row(dtype).bytes; }
std::string_view name(DType dtype) { return row(dtype).name; }
bool isFloating(DType dtype) { return row(dtype).floating; }

std::optional<DType> dtypeFromName(std::string_view text) {
  for (const Row& r : kRows)
    if (r.name == text) return r.dtype;
  return std::nullopt;
}

} // namespace orrery
