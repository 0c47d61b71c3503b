// SPDX-License-Identifier: MIT
// Weights of single heads, whatever way the file lays them out. Shapes are those of the family's HF layout:
// W_Q, W_K, W_V of a head [Dh, D], W_O of a head [D, Dh].
#pragma once
#include <stop_token>
#include <string_view>
#include <vector>

#include "core/weights/weight_set.h"

namespace orrery::weights {

struct HeadMatrix {
  std::int64_t rows = 0, cols = 0;
  std::vector<double> values; // row-major
};

// Part q, k, v or o of one head; for k and v `head` counts query heads, and the group's is given. Errors: NotFound (no
// such layer, head or part; no config says what heads there are), those of reading.
Result<HeadMatrix> headMatrix(const WeightsPtr& set, std::int64_t layer, std::int64_t head, std::string_view part);

struct HeadPair {
  std::int64_t here = 0, there = 0;
};
// Cosine <A, B> / (|A| |B|) of one part of a head of `a` and of one of `b`, both of one layer; NaN where one is zero.
Result<double> headCosine(const WeightsPtr& a, const WeightsPtr& b, std::int64_t layer, HeadPair heads,
                          std::string_view part);

} // namespace orrery::weights
