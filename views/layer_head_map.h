// SPDX-License-Identifier: MIT
// One number of every head as a map, layers down, heads across, with numbers in the cells; or one of every pair of
// heads of a layer. Pure.
#pragma once
#include <string>
#include <vector>

#include "views/figure.h"

namespace orrery::views {

struct LayerHeadMap {
  const Request& request;
  std::string panel, label; // label: of the colour bar, with unit
  std::int64_t layers = 0, heads = 0;
  std::vector<float> values; // [L, H]; NaN where there is none
  scene::ColorScale scale = {};
  std::int64_t pairsOf = -1; // a layer: rows are its heads here, columns its heads in another checkpoint
  int decimals = 2;          // at most, of the numbers in cells: what a mean over tokens is good for
};

// With `heading` above where titles show. Clicks select the head.
void drawLayerHeadMap(Figure& figure, const LayerHeadMap& map, const std::string& heading);
DataTable layerHeadTable(const LayerHeadMap& map, std::string name, std::string unit);

} // namespace orrery::views
