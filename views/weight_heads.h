// SPDX-License-Identifier: MIT
// Which rows or columns of a weight belong to which head. Pure.
#pragma once
#include <vector>

#include "core/weights/weight_set.h"
#include "views/api/selection.h"
#include "views/scene/scene.h"

namespace orrery::views {

struct HeadBand {
  scene::Rect rect;      // columns and rows of the map
  std::int64_t head = 0; // query head, or key/value head
  char kind = 'q';       // q k v o: whose part it is
  bool rows = true;      // rows of the map, else columns
};

// W_Q, W_K, W_V of a layer in rows of headDim each, W_O in columns (the other way round where the file has them
// transposed); a fused QKV either in three parts or interleaved. Empty for weights that belong to no head.
std::vector<HeadBand> headBands(const weights::HeadCounts& heads, const weights::Weight& weight);

// That of the selected head (of the group it belongs to, for keys and values), or null.
const HeadBand* chosenBand(const std::vector<HeadBand>& bands, const weights::HeadCounts& heads,
                           const Selection& selection, const weights::Weight& weight);

} // namespace orrery::views
