// SPDX-License-Identifier: MIT
// Whatever the text: no crash, and an accepted index names only plain files.
#include <cstdlib>

#include "core/tensorio/tensor_file.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace orrery;
  const auto map = tensorio::parseSafetensorsIndex({reinterpret_cast<const char*>(data), size}, "fuzz");
  if (!map) return map.error().what.empty() ? std::abort(), 0 : 0;
  for (const auto& [tensor, file] : *map)
    if (file.empty() || file == ".." || file.find('/') != std::string::npos) std::abort();
  return 0;
}
