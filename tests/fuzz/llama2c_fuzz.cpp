// SPDX-License-Identifier: MIT
// Whatever the bytes: no crash, and the tensors of an accepted file cover it from the header to its last byte.
#include <algorithm>
#include <cstdlib>

#include "core/tensorio/llama2c.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace orrery;
  const auto contents = tensorio::readLlama2c(tensorio::ByteSource(std::as_bytes(std::span(data, size)), "fuzz"));
  if (!contents) return contents.error().what.empty() ? std::abort(), 0 : 0;
  std::size_t end = contents->tensors.front().begin;
  for (const tensorio::TensorInfo& info : contents->tensors) {
    if (info.begin != end || info.bytes > size - info.begin) std::abort();
    end = info.begin + info.bytes;
    if (!info.encoding) continue;
    const std::int64_t count = *elementCount(info.shape);
    std::vector<float> values(static_cast<std::size_t>(count));
    const auto read = [&](std::size_t offset, std::size_t length, std::byte* to) -> Status {
      if (offset > info.bytes || length > info.bytes - offset) std::abort();
      std::copy_n(reinterpret_cast<const std::byte*>(data) + info.begin + offset, length, to);
      return Done{};
    };
    if (!info.encoding->decode(read, count, 0, count, values.data())) std::abort();
  }
  if (end != size) std::abort();
  return 0;
}
