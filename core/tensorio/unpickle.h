// SPDX-License-Identifier: MIT
// A restricted reader of Python pickles, protocols 2 to 5: builds data, runs nothing. Source of the opcodes: CPython,
// Lib/pickletools.py. Known are those that torch.save and pickle.dump emit for dicts, lists, tuples, numbers, strings,
// persistent ids and the few globals in kGlobals of unpickle.cpp; any other opcode or global is refused by its name.
// "Calling" a global (REDUCE) makes a node that says so: OrderedDict() an empty dict, _rebuild_tensor_v2(...) a Tensor
// node with those arguments, _rebuild_parameter(tensor, ...) that tensor.
//
// Nodes lie in one list and refer to each other by index, so that a pickle may share and nest without end and still
// neither recursion nor a leak comes of it; who walks the graph must bound depth and steps (toJson does).
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/json.h"
#include "core/base/result.h"

namespace orrery::tensorio {

enum class PickleKind : std::uint8_t {
  None,
  Bool,
  Int,
  Float,
  Text,
  Bytes,
  List,
  Tuple,
  Dict,       // items: key, value, key, value ...
  Global,     // text: "torch.FloatStorage"
  Persistent, // items: one, the id that the pickle gives (torch: a tuple ("storage", type, key, device, elements))
  Tensor      // text: the global that was called, items: one, the tuple of its arguments
};

using PickleId = std::uint32_t; // index into Pickle::nodes

struct PickleNode {
  PickleKind kind = PickleKind::None;
  std::int64_t integer = 0; // Int, Bool
  double number = 0;        // Float
  std::string text;         // Text (as it stands, perhaps not UTF-8), Bytes, Global, Tensor
  std::vector<PickleId> items;
};

struct Pickle {
  std::vector<PickleNode> nodes;
  PickleId root = 0;

  const PickleNode& at(PickleId id) const { return nodes[id]; }
  const PickleNode& top() const { return nodes[root]; }
  // The value of a text key of a dict, the last where it stands twice; null if absent or `dict` is none.
  const PickleNode* find(const PickleNode& dict, std::string_view key) const;
};

inline constexpr std::size_t kMaxPickleBytes = std::size_t{64} << 20;
inline constexpr std::size_t kMaxPickleNodes = std::size_t{1} << 21; // also of memo places

// `where` names the file in errors. Errors: BadInput (cut, malformed), Unsupported (opcode or global, named), TooLarge.
Result<Pickle> unpickle(std::string_view bytes, const std::string& where);

// What JSON can hold of a node: tensors, bytes, globals and text that is not UTF-8 are left out, keys become text.
// Nothing for what cannot be held at all, nests deeper than JSON may here, or repeats shared parts too often.
std::optional<Json> toJson(const Pickle& pickle, const PickleNode& node);

} // namespace orrery::tensorio
