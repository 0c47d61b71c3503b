// SPDX-License-Identifier: MIT
// The bytes of a tensor in row-major order, piece by piece, whatever its strides.
#pragma once
#include <cstddef>
#include <functional>
#include <span>

#include "core/base/result.h"
#include "core/base/tensor_view.h"

namespace orrery::tensorio {

inline constexpr std::int64_t kPieceElements = std::int64_t{1} << 16;

// Calls take(bytes) for pieces of at most kPieceElements elements; stops at its first Error and returns it.
Status forEachPiece(const TensorView& view, const std::function<Status(std::span<const std::byte>)>& take);

} // namespace orrery::tensorio
