// SPDX-License-Identifier: MIT
// ValueMap: a table of numbers as coloured cells with named rows, numbered columns, a colour bar, and a link for every
// cell. Helper that appends to a Figure. Pure.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "views/figure.h"

namespace orrery::views {

struct ValueMap {
  std::string name; // of the panel
  scene::Rect area; // with room for labels and bar
  std::int64_t rows = 0, columns = 0;
  std::vector<float> values = {}; // [rows, columns]
  scene::ColorScale scale = {};
  std::string bar = {}; // label of the colour bar, with unit
  std::string rowTitle = {}, columnTitle = {};
  std::vector<std::string> rowNames = {}; // [rows]
  std::int64_t columnStep = 1;            // number of column i: i * columnStep
  std::int64_t row = -1, column = -1;     // chosen ones, outlined
  bool square = false;                    // cells as wide as high
  double mostWidth = 0;                   // units a cell may be wide; 0: any
  // What a click on a cell does, and what it is. Where there are too many cells, columns alone answer, with row -1.
  std::function<std::string(std::int64_t row, std::int64_t column)> action = {}, tooltip = {};
};
// Returns the frame of the cells.
scene::Rect addValueMap(Figure& figure, ValueMap map);

} // namespace orrery::views
