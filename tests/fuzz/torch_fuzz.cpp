// SPDX-License-Identifier: MIT
// Whatever the bytes: no crash, and an accepted archive describes only tensors inside the file.
#include <cstdlib>

#include "core/tensorio/torch_file.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace orrery;
  const auto contents = tensorio::readTorch(tensorio::ByteSource(std::as_bytes(std::span(data, size)), "fuzz"));
  if (!contents) return contents.error().what.empty() ? std::abort(), 0 : 0;
  for (const tensorio::TensorInfo& info : contents->tensors) {
    if (info.begin > size || info.bytes > size - info.begin) std::abort();
    if (static_cast<std::size_t>(elementCount(info.shape).value()) * byteSize(info.dtype) != info.bytes) std::abort();
  }
  if (contents->description.dump(-1, ' ', false).empty()) std::abort();
  return 0;
}
