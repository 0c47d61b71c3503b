// SPDX-License-Identifier: MIT
// Whatever the bytes: no crash, and an accepted header describes only what lies inside the file, without overlap.
#include <cstdlib>

#include "core/tensorio/safetensors.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace orrery;
  const auto header = tensorio::parseSafetensors(std::as_bytes(std::span(data, size)), "fuzz");
  if (!header) return header.error().what.empty() ? std::abort(), 0 : 0;
  std::size_t end = 0;
  for (const tensorio::TensorInfo& info : header->tensors) {
    if (info.begin > size || info.bytes > size - info.begin || info.begin < end) std::abort();
    if (static_cast<std::size_t>(elementCount(info.shape).value()) * byteSize(info.dtype) != info.bytes) std::abort();
    end = info.begin + info.bytes;
  }
  if (!header->tensors.empty() && end != size) std::abort();
  return 0;
}
