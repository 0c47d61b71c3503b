// SPDX-License-Identifier: MIT
#include "core/tensorio/row_major.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "core/base/elements.h"

namespace orrery::tensorio {
namespace {

using Take = std::function<Status(std::span<const std::byte>)>;

Status contiguousPieces(const TensorView& view, const Take& take) {
  const std::size_t piece = static_cast<std::size_t>(kPieceElements) * byteSize(view.dtype);
  for (std::size_t at = 0, all = view.bytes(); at < all; at += piece)
    if (Status taken = take({view.data + at, std::min(piece, all - at)}); !taken) return taken;
  return Done{};
}

Status gatheredPieces(const TensorView& view, const Take& take) {
  const std::size_t size = byteSize(view.dtype);
  std::vector<std::byte> piece(static_cast<std::size_t>(std::min(kPieceElements, view.elements())) * size);
  std::size_t have = 0;
  Status status = Done{};
  forEachElement(view, [&](const std::byte* p) {
    if (!status) return;
    std::memcpy(piece.data() + have, p, size);
    have += size;
    if (have < piece.size()) return;
    status = take({piece.data(), have});
    have = 0;
  });
  return status && have > 0 ? take({piece.data(), have}) : status;
}

} // namespace

Status forEachPiece(const TensorView& view, const Take& take) {
  return view.contiguous() ? contiguousPieces(view, take) : gatheredPieces(view, take);
}

} // namespace orrery::tensorio
