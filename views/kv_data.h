// SPDX-License-Identifier: MIT
// What the views of keys and values share: which of them is meant, of which head, and their vectors.
#pragma once
#include "core/analysis/kv_statistics.h"
#include "core/hooks/kv_states.h"
#include "views/attention_map.h"
#include "views/figure.h"

namespace orrery::views {

Parameter stateParameter(const std::string& normal); // "state": key, rotated-key, value
hooks::KvState stateOf(const Request& request);

// Vectors of one key/value head up to the shown tokens, at most `most` of them: every step-th.
struct KvVectors {
  std::vector<double> values; // [n, d]
  std::int64_t n = 0, d = 0, step = 1;
  analysis::Rows rows() const { return {values, n, d}; }
};
Result<KvVectors> kvVectors(const LayerAttention& attention, hooks::KvState state, std::int64_t kvHead,
                            std::int64_t most);

// The selected head's key/value head. Errors as selectedAttention().
struct KvHead {
  LayerAttention attention;
  std::int64_t head = 0; // key/value head
};
Result<KvHead> selectedKvHead(const Request& request);
std::string kvHeadName(const Request& request, const KvHead& head); // "layer 3, KV head 1"

// Every layer and key/value head of a run, in order; layers that lag behind are left out.
struct KvPlace {
  LayerAttention attention;
  std::int64_t layer = 0, head = 0; // key/value head
  std::int64_t queryHead() const { return head * (attention.record->heads / attention.record->kvHeads); }
  std::string name() const { return std::to_string(layer) + "." + std::to_string(head); }
  std::string action() const { return "head " + std::to_string(layer) + " " + std::to_string(queryHead()); }
};
Result<std::vector<KvPlace>> kvPlaces(const Request& request);
std::int64_t placeOfSelection(const Request& request, const std::vector<KvPlace>& places); // -1: none

} // namespace orrery::views
