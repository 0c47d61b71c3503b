// SPDX-License-Identifier: MIT
// How the elements of a tensor stand in a file when they are not plain numbers: blocks of small integers with scales
// (GGUF), integers with their scales elsewhere (llama2.c). An Encoding is immutable and shared by all tensors that use
// it. Thread: any.
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

#include "core/base/result.h"

namespace orrery::tensorio {

// Copies `length` bytes of one tensor, from `offset` within it, to `to`.
using ReadBytes = std::function<Status(std::size_t offset, std::size_t length, std::byte* to)>;

class Encoding {
public:
  virtual ~Encoding() = default;
  virtual std::string_view name() const = 0; // "Q4_K"
  // Elements that are decoded together.
  virtual std::int64_t block() const = 0;
  // Of a tensor of so many elements on disk; none if there can be no such tensor.
  virtual std::optional<std::size_t> bytes(std::int64_t elements) const = 0;
  // Elements [first, first + count) of a tensor that has `elements`; both ends are multiples of block(), the last one
  // may also be the tensor's end.
  virtual Status decode(const ReadBytes& read, std::int64_t elements, std::int64_t first, std::int64_t count,
                        float* out) const = 0;
};

} // namespace orrery::tensorio
