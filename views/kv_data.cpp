// SPDX-License-Identifier: MIT
#include "views/kv_data.h"

namespace orrery::views {

Parameter stateParameter(const std::string& normal) {
  return {"state",
          ParameterKind::Choice,
          normal,
          {std::begin(hooks::kKvStateNames), std::end(hooks::kKvStateNames)},
          "keys before RoPE, keys after RoPE (as the cache holds them), or values"};
}

hooks::KvState stateOf(const Request& request) {
  const std::string name = textOf(request.parameters, "state");
  for (std::size_t i = 0; i < std::size(hooks::kKvStateNames); ++i)
    if (hooks::kKvStateNames[i] == name) return static_cast<hooks::KvState>(i);
  return hooks::KvState::KeyAfterRope;
}

Result<KvVectors> kvVectors(const LayerAttention& attention, hooks::KvState state, std::int64_t kvHead,
                            std::int64_t most) {
  KvVectors vectors;
  vectors.d = attention.record->headDim;
  vectors.step = std::max<std::int64_t>(1, (attention.tokens + most - 1) / most);
  vectors.n = (attention.tokens + vectors.step - 1) / vectors.step;
  const std::int64_t piece = vectors.step == 1 ? attention.tokens : 1;
  for (std::int64_t t = 0; t < attention.tokens; t += piece * vectors.step) {
    auto rows = hooks::kvRows(*attention.record, state, kvHead, {t, t + piece});
    if (!rows) return rows.error();
    vectors.values.insert(vectors.values.end(), rows->begin(), rows->end());
  }
  return vectors;
}

Result<KvHead> selectedKvHead(const Request& request) {
  auto attention = selectedAttention(request);
  if (!attention) return attention.error();
  return KvHead{*attention, attention->record->kvHead(request.selection.head)};
}

std::string kvHeadName(const Request& request, const KvHead& head) {
  return "layer " + std::to_string(request.selection.layer) + ", KV head " + std::to_string(head.head);
}

Result<std::vector<KvPlace>> kvPlaces(const Request& request) {
  if (auto first = layerAttention(request, 0); !first) return first.error();
  std::vector<KvPlace> places;
  for (std::size_t layer = 0; layer < request.snapshot->attention.size(); ++layer) {
    auto attention = layerAttention(request, static_cast<std::int64_t>(layer));
    if (!attention) continue;
    for (std::int64_t head = 0; head < attention->record->kvHeads; ++head)
      places.push_back({*attention, static_cast<std::int64_t>(layer), head});
  }
  return places;
}

std::int64_t placeOfSelection(const Request& request, const std::vector<KvPlace>& places) {
  for (std::size_t i = 0; i < places.size(); ++i) {
    const hooks::AttentionRecord& record = *places[i].attention.record;
    const std::int64_t head = request.selection.head;
    if (places[i].layer == request.selection.layer && head >= 0 && head < record.heads &&
        record.kvHead(head) == places[i].head)
      return static_cast<std::int64_t>(i);
  }
  return -1;
}

} // namespace orrery::views
