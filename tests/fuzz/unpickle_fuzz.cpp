// SPDX-License-Identifier: MIT
// Whatever the bytes: no crash, every node refers to nodes that exist, and what becomes JSON can be written.
#include <cstdlib>

#include "core/tensorio/unpickle.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace orrery::tensorio;
  const auto pickle = unpickle({reinterpret_cast<const char*>(data), size}, "fuzz");
  if (!pickle) return pickle.error().what.empty() ? std::abort(), 0 : 0;
  if (pickle->root >= pickle->nodes.size()) std::abort();
  for (const PickleNode& node : pickle->nodes) {
    for (const PickleId id : node.items)
      if (id >= pickle->nodes.size()) std::abort();
    if (node.kind == PickleKind::Dict && node.items.size() % 2) std::abort();
  }
  if (const auto json = toJson(*pickle, pickle->top()); json && json->dump().empty()) std::abort();
  return 0;
}
