// SPDX-License-Identifier: MIT
// Copying between layouts of one tensor. Pure; any thread.
#pragma once
#include "core/base/tensor_view.h"

namespace orrery {

// Element (i, j, ...) of `from` to `to` + i * strides[0] + j * strides[1] ..., strides in elements.
void copyStrided(const TensorView& from, std::byte* to, const Shape& strides);

} // namespace orrery
