// SPDX-License-Identifier: MIT
// Two checkpoints side by side: which weights are the same weight, and how far apart they are. A is the first, B the
// other.
#pragma once
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "core/weights/weight_set.h"

namespace orrery::weights {

struct Matched {
  std::vector<std::pair<const Weight*, const Weight*>> pairs; // in A's order, same shape in the family's orientation
  std::vector<std::string> onlyA, onlyB;                      // names in their files
  std::vector<std::string> shapes;                            // "NAME: [4, 5] against [4, 6]"
};
// By name in the file, else by the family's name (a HF folder and a GGUF of the same model).
Matched match(const WeightSet& a, const WeightSet& b);

// The same weight in another checkpoint: by name in the file, else by the family's name. Null if there is none.
const Weight* counterpart(const WeightSet& other, const Weight& weight);
bool sameShape(const Weight& a, const Weight& b); // in the family's orientation

struct Change {
  double normA = 0, normB = 0; // Frobenius
  double relative = 0;         // |B - A| / |A|; NaN where A is zero and B is not, or a value is not finite
  double cosine = 0;           // <A, B> / (|A| |B|); NaN where one is zero
  double largest = 0;          // of |B - A|
};
// Reads both once. Errors: Cancelled, TooLarge, Io.
Result<Change> changeOf(const WeightsPtr& a, const Weight& from, const WeightsPtr& b, const Weight& to,
                        const std::stop_token& stop = {});

} // namespace orrery::weights
