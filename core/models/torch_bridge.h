// SPDX-License-Identifier: MIT
// at::Tensor <-> TensorView without copying. Besides core/models and core/train nobody includes this.
#pragma once
#include <ATen/core/Tensor.h>

#include "core/base/result.h"
#include "core/base/tensor_view.h"

namespace orrery::models {

at::ScalarType scalarType(DType dtype); // F8 and unsigned types wider than 8 bits: at::kByte never stands for them,
bool hasScalarType(DType dtype);        // ask first
DType dtypeOf(at::ScalarType type);

// A view whose owner is the tensor itself. CPU tensors; one on another device is copied to the CPU first.
TensorView viewOf(const at::Tensor& tensor);
// A tensor that keeps view.owner alive. Errors: Unsupported (dtype that libtorch lacks).
Result<at::Tensor> tensorOf(const TensorView& view);

} // namespace orrery::models
