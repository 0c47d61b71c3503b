// SPDX-License-Identifier: MIT
// A plot of curves: frame, ticks, titles. Pure.
#pragma once
#include <string>
#include <vector>

#include "views/figure.h"

namespace orrery::views {

struct ValueAxisOf {
  double low = 0, high = 1; // of the values; of a logarithmic axis both positive
  bool log = false;
  std::string title = {};
  // Data coordinate of a value.
  double at(double value) const;
};

struct ValuePlot {
  scene::Rect room = {}; // everything, labels too
  ValueAxisOf x = {}, y = {};
  std::string name = {}; // of the panel
  // Filled by addValuePlot().
  scene::Rect frame = {};
  int panel = 0;
  scene::Point point(double px, double py) const { return {x.at(px), y.at(py)}; }
};
void addValuePlot(Figure& figure, ValuePlot& plot);
// A curve through the points that the axes can show; what is not finite breaks it.
void addCurve(Figure& figure, const ValuePlot& plot, const std::vector<scene::Point>& values, scene::Color color,
              double width);
// Dashes of a few units, since a display list knows no dash pattern.
void addDashed(Figure& figure, const ValuePlot& plot, scene::Point from, scene::Point to, scene::Color color);

} // namespace orrery::views
