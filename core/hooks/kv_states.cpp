// SPDX-License-Identifier: MIT
#include "core/hooks/kv_states.h"

#include <cmath>

namespace orrery::hooks {
namespace {

void turnBack(const RopeTurn& rope, std::int64_t position, double* key) {
  const std::size_t n = rope.frequency.size();
  for (std::size_t i = 0; i < n; ++i) {
    const double angle = static_cast<double>(position) * rope.frequency[i];
    const double c = std::cos(angle) / rope.scale, s = std::sin(angle) / rope.scale, x = key[i], y = key[i + n];
    key[i] = x * c + y * s;
    key[i + n] = y * c - x * s;
  }
}

template <class T>
void copyRows(const TensorView& from, std::int64_t kvHead, TileRange positions, std::vector<double>& to) {
  for (std::int64_t t = positions.begin; t < positions.end; ++t) {
    const T* row = from.as<T>() + kvHead * from.strides[0] + t * from.strides[1];
    for (std::int64_t d = 0; d < from.shape[2]; ++d) to.push_back(static_cast<double>(row[d * from.strides[2]]));
  }
}

} // namespace

std::string_view kvStateTitle(KvState state) {
  constexpr std::string_view kTitles[] = {"keys before RoPE", "keys after RoPE", "values"};
  return kTitles[static_cast<std::size_t>(state)];
}

Result<std::vector<double>> kvRows(const AttentionRecord& record, KvState state, std::int64_t kvHead,
                                   TileRange positions) {
  const TensorView& from = state == KvState::Value ? record.v : record.k;
  if (!from.data || from.shape.size() != 3)
    return notFound(std::string(kvStateTitle(state)) + " are not in this run or trace file");
  if (kvHead < 0 || kvHead >= record.kvHeads || positions.begin < 0 || positions.end < positions.begin ||
      positions.end > record.tokens)
    return badInput("positions " + std::to_string(positions.begin) + " to " + std::to_string(positions.end) +
                    " of key/value head " + std::to_string(kvHead) + " do not lie in " + std::to_string(record.tokens) +
                    " positions of " + std::to_string(record.kvHeads) + " heads");
  std::vector<double> rows;
  rows.reserve(static_cast<std::size_t>(positions.size() * record.headDim));
  if (from.dtype == DType::F64)
    copyRows<double>(from, kvHead, positions, rows);
  else
    copyRows<float>(from, kvHead, positions, rows);
  if (state == KvState::KeyBeforeRope && record.rope)
    for (std::int64_t i = 0; i < positions.size(); ++i)
      turnBack(*record.rope, positions.begin + i, rows.data() + i * record.headDim);
  return rows;
}

} // namespace orrery::hooks
