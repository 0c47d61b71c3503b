// SPDX-License-Identifier: MIT
#include "core/models/taps.h"

#include <algorithm>
#include <limits>

#include "core/models/torch_bridge.h"
#include "core/models/torch_ops.h"

namespace orrery::models {
namespace {

using hooks::HookId;
using hooks::HookKind;

bool exists(const std::vector<hooks::HookSpec>& all, HookId id) {
  return std::ranges::any_of(all, [&](const hooks::HookSpec& spec) { return spec.id == id; });
}

Error noSuchHook(HookId id) { return badInput("hook " + hooks::hookName(id) + " does not exist in this model"); }

bool isTime(const std::string& dim) { return dim == "T" || dim == "Tq"; }
bool grows(const std::string& dim) { return isTime(dim) || dim == "Tk"; }

const TensorView* valueOf(const hooks::EditAction& action) {
  if (const auto* add = std::get_if<hooks::Add>(&action)) return &add->value;
  if (const auto* replace = std::get_if<hooks::Replace>(&action)) return &replace->value;
  return nullptr;
}

std::string rangeText(std::int64_t begin, std::int64_t end) {
  std::string text = "[";
  text.append(std::to_string(begin)).append(", ").append(std::to_string(end)).append(")");
  return text;
}

// The piece of `value` that belongs to [start, start + length) of a slice, along the dim that is `fromRight` from the
// last; sizes 1 are broadcast.
at::Tensor valuePiece(const at::Tensor& value, HookId at, std::int64_t fromRight, std::int64_t start,
                      std::int64_t length) {
  const std::int64_t dim = value.dim() - fromRight;
  if (dim < 0 || value.size(dim) == 1) return value;
  if (start + length > value.size(dim))
    throw PassError{badInput("edit at " + hooks::hookName(at) + ": the value has " + std::to_string(value.size(dim)) +
                             " positions, the text needs " + std::to_string(start + length))};
  return value.narrow(dim, start, length);
}

void change(at::Tensor target, const hooks::EditAction& action, const at::Tensor& value) {
  if (std::holds_alternative<hooks::Zero>(action)) target.zero_();
  if (std::holds_alternative<hooks::Add>(action)) target.add_(value.to(target.options()));
  if (std::holds_alternative<hooks::Replace>(action)) target.copy_(value.expand_as(target));
  if (const auto* scale = std::get_if<hooks::Scale>(&action)) {
    if (at::isFloatingType(target.scalar_type()))
      target.mul_(scale->factor);
    else
      target.copy_(target.to(at::kDouble).mul_(scale->factor).round_());
  }
}

} // namespace

Result<Taps> Taps::make(const ModelConfig& config, const hooks::CapturePlan& plan, hooks::CaptureSink* sink,
                        const std::vector<hooks::Edit>& edits) {
  Taps taps;
  taps.m_plan = plan;
  taps.m_sink = sink;
  const std::vector<hooks::HookSpec> all = config.hooks();
  if (sink && plan.wantsAny())
    for (const HookId id : plan.hooks()) {
      if (!exists(all, id)) return noSuchHook(id);
      taps.m_active.set(index(id));
    }
  for (const hooks::Edit& edit : edits) {
    if (!exists(all, edit.at)) return noSuchHook(edit.at);
    auto prepared = prepare(config, edit);
    if (!prepared) return prepared.error();
    taps.m_edits.push_back(std::move(*prepared));
    taps.m_active.set(index(edit.at));
    taps.m_edited.set(index(edit.at));
  }
  return taps;
}

Result<Taps::Prepared> Taps::prepare(const ModelConfig& config, const hooks::Edit& edit) {
  Prepared prepared{.at = edit.at, .where = {}, .action = edit.action, .value = {}, .time = -1};
  const hooks::HookSpec spec = hooks::hookSpec(edit.at);
  const std::string name = "edit at " + spec.name;
  Shape sizes = hooks::hookShape(edit.at, config.dims(), 1); // of the edited part; growing dims: 0, not known yet
  for (std::size_t d = 0; d < spec.dims.size(); ++d) {
    if (isTime(spec.dims[d])) prepared.time = static_cast<std::int64_t>(d);
    if (grows(spec.dims[d])) sizes[d] = 0;
  }
  for (const hooks::EditSlice& slice : edit.where) {
    const auto dim = std::ranges::find(spec.dims, slice.dim);
    if (dim == spec.dims.end()) return badInput(name + ": the hook has no dimension \"" + slice.dim + "\"");
    const auto d = static_cast<std::size_t>(dim - spec.dims.begin());
    const std::int64_t limit = grows(*dim) ? std::numeric_limits<std::int64_t>::max() : sizes[d];
    if (slice.begin < 0 || slice.end <= slice.begin || slice.end > limit)
      return badInput(name + ": " + slice.dim + " " + rangeText(slice.begin, slice.end) + " is empty or lies outside " +
                      (grows(*dim) ? "the text" : rangeText(0, limit)));
    prepared.where.push_back({static_cast<std::int64_t>(d), slice.begin, slice.end});
  }
  for (const Slice& slice : prepared.where)
    if (sizes[static_cast<std::size_t>(slice.dim)] != 0)
      sizes[static_cast<std::size_t>(slice.dim)] = slice.end - slice.begin;
  const TensorView* value = valueOf(edit.action);
  if (!value) return prepared;
  auto tensor = tensorOf(*value);
  if (!tensor) return tensor.error();
  prepared.value = *tensor;
  bool fits = value->shape.size() <= sizes.size();
  for (std::size_t i = 0; fits && i < value->shape.size(); ++i) {
    const std::int64_t size = sizes[sizes.size() - value->shape.size() + i];
    fits = value->shape[i] == 1 || size == 0 || value->shape[i] == size;
  }
  if (!fits)
    return badInput(name + ": a value of shape " + shapeText(value->shape) + " does not fit the edited part " +
                    shapeText(sizes) + " (0: any number of positions)");
  return prepared;
}

void Taps::capture(HookKind kind, int layer, const at::Tensor& value) const {
  if (wanted(kind, layer)) m_sink->onTensor({kind, layer}, m_begin, viewOf(value));
}

at::Tensor Taps::touch(HookId id, at::Tensor value) const {
  if (m_edited.test(index(id))) {
    value = value.clone(at::MemoryFormat::Contiguous);
    for (const Prepared& edit : m_edits)
      if (edit.at == id) value = apply(edit, value);
  }
  capture(id.kind, id.layer, value);
  return value;
}

// `value` is a fresh copy: changed in place and given back.
at::Tensor Taps::apply(const Prepared& edit, const at::Tensor& value) const {
  at::Tensor target = value, piece = edit.value;
  for (std::int64_t d = 0; d < value.dim(); ++d) {
    const std::int64_t offset = d == edit.time ? m_begin : 0, size = value.size(d);
    std::int64_t begin = 0, end = std::numeric_limits<std::int64_t>::max();
    for (const Slice& slice : edit.where)
      if (slice.dim == d) begin = std::max(begin, slice.begin), end = std::min(end, slice.end);
    const std::int64_t low = std::max<std::int64_t>(begin - offset, 0), high = std::min(end - offset, size);
    if (low >= high) return value;
    target = target.narrow(d, low, high - low);
    if (piece.defined()) piece = valuePiece(piece, edit.at, value.dim() - d, low + offset - begin, high - low);
  }
  change(target, edit.action, piece);
  return value;
}

} // namespace orrery::models
