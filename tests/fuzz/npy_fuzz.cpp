// SPDX-License-Identifier: MIT
// Whatever the bytes: no crash, and an accepted array holds the bytes of its shape.
#include <cstdlib>

#include "core/tensorio/npy.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace orrery;
  const auto array = tensorio::parseNpy(std::as_bytes(std::span(data, size)), "fuzz");
  if (!array) return array.error().what.empty() ? std::abort(), 0 : 0;
  if (array->bytes() >= size) std::abort();
  if (toDoubles(*array).size() != static_cast<std::size_t>(array->elements())) std::abort();
  return 0;
}
