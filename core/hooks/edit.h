// SPDX-License-Identifier: MIT
// Edit: a change to the value at a hook point (ablation, scaling, patch, steering). Another type than a capture:
// a CaptureSink cannot change a run, and an Edit is data, so it can be written to a recipe and undone.
#pragma once
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/base/tensor_view.h"
#include "core/hooks/hook_spec.h"

namespace orrery::hooks {

// One index or a half-open range along a named dimension of the hook ("H", "T", "D" ...). T counts from the start of
// the text, so an edit means the same with a KV cache.
struct EditSlice {
  std::string dim;
  std::int64_t begin = 0, end = 0;
};

struct Zero {};
struct Scale {
  double factor = 1;
};
struct Add {
  TensorView value;
}; // broadcast against the slice
struct Replace {
  TensorView value;
}; // broadcast against the slice
using EditAction = std::variant<Zero, Scale, Add, Replace>;

struct Edit {
  HookId at;
  std::vector<EditSlice> where; // all dims not named: whole
  EditAction action;
};

// Zeroes hook_z of one head: the head writes nothing to the residual stream.
inline Edit ablateHead(int layer, std::int64_t head) { return {{HookKind::Z, layer}, {{"H", head, head + 1}}, Zero{}}; }

} // namespace orrery::hooks
