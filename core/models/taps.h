// SPDX-License-Identifier: MIT
// Taps: the hook points of one pass. tap() stands at every hook point of the forward pass; when nobody listens it costs
// one bit test. Edits are applied there first, then captures see the result.
#pragma once
#include <ATen/core/Tensor.h>
#include <bitset>
#include <vector>

#include "core/hooks/capture_plan.h"
#include "core/hooks/edit.h"
#include "core/models/config.h"

namespace orrery::models {

// Thrown inside core/models only; the border of the module turns it into its Error.
struct PassError {
  Error error;
};

class Taps {
public:
  Taps() = default; // nobody listens
  // Errors: BadInput (a hook that the model does not have, a slice or value that does not fit).
  static Result<Taps> make(const ModelConfig& config, const hooks::CapturePlan& plan, hooks::CaptureSink* sink,
                           const std::vector<hooks::Edit>& edits);

  // `value` as the hook's dims say, of positions [begin, begin + t).
  at::Tensor tap(hooks::HookKind kind, int layer, at::Tensor value) const {
    return m_active.test(index({kind, layer})) ? touch({kind, layer}, std::move(value)) : value;
  }
  bool active(hooks::HookKind kind, int layer) const { return m_active.test(index({kind, layer})); }
  bool edited(hooks::HookKind kind, int layer) const { return m_edited.test(index({kind, layer})); }
  bool wanted(hooks::HookKind kind, int layer) const {
    return active(kind, layer) && m_sink && m_plan.wants({kind, layer});
  }
  void capture(hooks::HookKind kind, int layer, const at::Tensor& value) const;
  hooks::CaptureSink* sink() const { return m_sink; }

  void setBegin(std::int64_t begin) { m_begin = begin; }
  void silence() { m_sink = nullptr; } // edits only: used when a value is computed again

private:
  using Bits = std::bitset<hooks::kHookKinds*(hooks::kMaxLayers + 1)>;
  struct Slice {
    std::int64_t dim = 0, begin = 0, end = 0;
  };
  struct Prepared {
    hooks::HookId at;
    std::vector<Slice> where;
    hooks::EditAction action;
    at::Tensor value;       // of Add and Replace
    std::int64_t time = -1; // which dim counts positions of this pass (T, Tq)
  };
  static std::size_t index(hooks::HookId id) {
    return static_cast<std::size_t>(id.kind) * (hooks::kMaxLayers + 1) + static_cast<std::size_t>(id.layer + 1);
  }
  static Result<Prepared> prepare(const ModelConfig& config, const hooks::Edit& edit);
  at::Tensor touch(hooks::HookId id, at::Tensor value) const;
  at::Tensor apply(const Prepared& edit, const at::Tensor& value) const;

  hooks::CapturePlan m_plan;
  hooks::CaptureSink* m_sink = nullptr;
  Bits m_active, m_edited;
  std::vector<Prepared> m_edits;
  std::int64_t m_begin = 0;
};

} // namespace orrery::models
