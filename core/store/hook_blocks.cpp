// SPDX-License-Identifier: MIT
#include "core/store/hook_blocks.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "core/hooks/overview.h"

namespace orrery::store {
namespace {

bool isToken(const std::string& dim) { return dim == "T" || dim == "Tq"; }

template <class T> void fill(std::vector<std::byte>& bytes, T value) {
  for (std::size_t at = 0; at < bytes.size(); at += sizeof(T)) std::memcpy(bytes.data() + at, &value, sizeof(T));
}

Status fillMasked(std::vector<std::byte>& bytes, DType dtype, hooks::HookKind kind) {
  const double masked = kind == hooks::HookKind::AttnScores ? -std::numeric_limits<double>::infinity() : 0;
  if (masked == 0) return Done{}; // the vector came zeroed
  if (dtype == DType::F32)
    fill(bytes, static_cast<float>(masked));
  else if (dtype == DType::F64)
    fill(bytes, masked);
  else
    return unsupported("attention scores of dtype " + std::string(name(dtype)) + ", expected F32 or F64");
  return Done{};
}

// Shape of all positions together: T, Tq and Tk become `tokens`.
Shape wholeShape(const HookChannel& channel, std::int64_t tokens) {
  Shape shape = channel.blocks[0].value.shape;
  for (std::size_t i = 0; i < shape.size(); ++i)
    if (isToken(channel.spec.dims[i]) || channel.spec.dims[i] == "Tk") shape[i] = tokens;
  return shape;
}

// Where position `begin` starts in a row-major tensor, in elements.
std::int64_t offsetOf(const hooks::HookSpec& spec, const Shape& strides, std::int64_t begin) {
  for (std::size_t i = 0; i < strides.size(); ++i)
    if (isToken(spec.dims[i])) return strides[i] * begin;
  return 0;
}

Status checkChannel(const HookChannel& channel, const std::string& name) {
  for (std::size_t i = 0; i < channel.blocks.size(); ++i) {
    const TensorView& value = channel.blocks[i].value;
    if (value.shape.size() != channel.spec.dims.size() || value.dtype != channel.blocks[0].value.dtype)
      return badInput(name + ": a piece of " + std::string(orrery::name(value.dtype)) + " " + shapeText(value.shape) +
                      " does not continue " + std::string(orrery::name(channel.blocks[0].value.dtype)) + " " +
                      shapeText(channel.blocks[0].value.shape));
  }
  const HookBlock& last = channel.blocks.back();
  if (const std::int64_t covered = coveredPositions(channel); covered != last.begin + last.count)
    return badInput(name + ": captured up to position " + std::to_string(covered) + " and then from another one on");
  return Done{};
}

} // namespace

HookBlock sliceBlock(const hooks::HookSpec& spec, const HookBlock& block, std::int64_t begin, std::int64_t end) {
  HookBlock part{begin, end - begin, block.value};
  for (std::size_t i = 0; i < spec.dims.size() && i < part.value.shape.size(); ++i) {
    if (isToken(spec.dims[i])) {
      part.value.data +=
          static_cast<std::size_t>((begin - block.begin) * part.value.strides[i]) * byteSize(part.value.dtype);
      part.value.shape[i] = part.count;
    } else if (spec.dims[i] == "Tk") {
      part.value.shape[i] = std::min(part.value.shape[i], end);
    }
  }
  return part;
}

std::int64_t coveredPositions(const HookChannel& channel) {
  std::int64_t covered = channel.released;
  for (std::size_t i = 0; i < channel.blocks.size() && channel.blocks[i].begin == covered; ++i)
    covered += channel.blocks[i].count;
  return covered;
}

void copyStrided(const TensorView& from, std::byte* to, const Shape& strides) {
  if (from.elements() == 0) return;
  const std::size_t size = byteSize(from.dtype), rank = from.shape.size();
  const std::int64_t inner = rank > 0 ? from.shape[rank - 1] : 1;
  const bool dense = rank == 0 || (from.strides[rank - 1] == 1 && strides[rank - 1] == 1);
  Shape index(rank, 0); // of the row that is copied; the last entry stays 0
  for (;;) {
    std::int64_t source = 0, target = 0;
    for (std::size_t i = 0; i < rank; ++i) {
      source += index[i] * from.strides[i];
      target += index[i] * strides[i];
    }
    const auto at = [&](std::int64_t offset) { return static_cast<std::size_t>(offset) * size; };
    if (dense) {
      std::memcpy(to + at(target), from.data + at(source), at(inner));
    } else {
      for (std::int64_t j = 0; j < inner; ++j)
        std::memcpy(to + at(target + j * strides[rank - 1]), from.data + at(source + j * from.strides[rank - 1]), size);
    }
    std::size_t i = rank > 0 ? rank - 1 : 0;
    while (i > 0 && ++index[i - 1] == from.shape[i - 1]) index[--i] = 0;
    if (i == 0) return;
  }
}

hooks::AttentionRecord cutRecord(hooks::AttentionRecord record, std::int64_t tokens) {
  if (tokens >= record.tokens) return record;
  record.tokens = tokens;
  for (TensorView* view : {&record.q, &record.k, &record.v, &record.lse})
    if (view->shape.size() > 1) view->shape[1] = std::min(view->shape[1], tokens);
  hooks::Overview& overview = record.overview;
  if (overview.rows.empty()) return record;
  overview.tokens = tokens;
  const std::int64_t side = (tokens + overview.cell - 1) / overview.cell;
  if (side > overview.side()) return record;
  overview.rows.resize(static_cast<std::size_t>(side));
  if (side == 0) return record;
  if (auto row = hooks::overviewRow(record, overview.cell, side - 1))
    overview.rows.back() = std::make_shared<const hooks::OverviewRow>(std::move(*row));
  return record;
}

Result<TensorView> gatherHook(const Snapshot& snapshot, const std::string& name, std::size_t maxBytes) {
  const auto found = snapshot.hooks.find(name);
  if (found == snapshot.hooks.end() || found->second.blocks.empty())
    return notFound(name + ": this hook was not captured");
  const HookChannel& channel = found->second;
  if (channel.released > 0) return notFound(name + ": its values went to the trace file and are not kept in memory");
  if (Status status = checkChannel(channel, name); !status) return status.error();
  const std::int64_t tokens = coveredPositions(channel);
  TensorView all;
  all.dtype = channel.blocks[0].value.dtype;
  all.shape = wholeShape(channel, tokens);
  all.strides = rowMajorStrides(all.shape);
  const auto elements = elementCount(all.shape);
  if (!elements || static_cast<std::uint64_t>(*elements) > maxBytes / byteSize(all.dtype))
    return tooLarge(name + ": " + shapeText(all.shape) + " in " + std::string(orrery::name(all.dtype)) +
                    " needs more than the " + std::to_string(maxBytes) + " bytes allowed");
  auto bytes = std::make_shared<std::vector<std::byte>>(static_cast<std::size_t>(*elements) * byteSize(all.dtype));
  if (Status status = fillMasked(*bytes, all.dtype, channel.spec.id.kind); !status) return status.error();
  for (std::size_t i = 0; i < channel.blocks.size(); ++i) {
    const HookBlock& block = channel.blocks[i];
    const auto offset = static_cast<std::size_t>(offsetOf(channel.spec, all.strides, block.begin));
    copyStrided(block.value, bytes->data() + offset * byteSize(all.dtype), all.strides);
  }
  all.data = bytes->data();
  all.owner = bytes;
  return all;
}

} // namespace orrery::store
