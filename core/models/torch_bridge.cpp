// SPDX-License-Identifier: MIT
#include "core/models/torch_bridge.h"

#include "core/models/torch_ops.h"
#include <array>
#include <optional>

namespace orrery::models {
namespace {

struct Pair {
  DType ours;
  at::ScalarType theirs;
};
constexpr std::array kPairs = {Pair{DType::F64, at::kDouble}, Pair{DType::F32, at::kFloat},
                               Pair{DType::F16, at::kHalf},   Pair{DType::BF16, at::kBFloat16},
                               Pair{DType::I64, at::kLong},   Pair{DType::I32, at::kInt},
                               Pair{DType::I16, at::kShort},  Pair{DType::I8, at::kChar},
                               Pair{DType::U8, at::kByte},    Pair{DType::Bool, at::kBool}};

std::optional<at::ScalarType> find(DType dtype) {
  for (const Pair& pair : kPairs)
    if (pair.ours == dtype) return pair.theirs;
  return std::nullopt;
}

} // namespace

bool hasScalarType(DType dtype) { return find(dtype).has_value(); }
at::ScalarType scalarType(DType dtype) { return find(dtype).value_or(at::kByte); }

DType dtypeOf(at::ScalarType type) {
  for (const Pair& pair : kPairs)
    if (pair.theirs == type) return pair.ours;
  return DType::U8;
}

TensorView viewOf(const at::Tensor& tensor) {
  const auto keep = std::make_shared<const at::Tensor>(tensor.device().is_cpu() ? tensor : tensor.cpu());
  TensorView view;
  view.data = static_cast<const std::byte*>(keep->data_ptr());
  view.dtype = dtypeOf(keep->scalar_type());
  view.shape.assign(keep->sizes().begin(), keep->sizes().end());
  view.strides.assign(keep->strides().begin(), keep->strides().end());
  view.owner = keep;
  return view;
}

Result<at::Tensor> tensorOf(const TensorView& view) {
  const auto type = find(view.dtype);
  if (!type) return unsupported("tensors of dtype " + std::string(name(view.dtype)) + " cannot be computed with here");
  return at::from_blob(
      const_cast<std::byte*>(view.data), view.shape, view.strides, [owner = view.owner](void*) {},
      at::TensorOptions().dtype(*type));
}

} // namespace orrery::models
