// SPDX-License-Identifier: MIT
// Chart: a panel with two value axes, lines in it and a legend beside it. Helpers that append to a Figure. Pure.
#pragma once
#include <string>
#include <vector>

#include "views/figure.h"

namespace orrery::views {

// Linear ranges; a log axis has data coordinates of log10 (valueOn()) and a positive low end.
struct Axis {
  std::string title = {}; // with unit; may be empty on the x axis
  double low = 0, high = 1;
  bool log = false, whole = false; // whole: ticks at whole numbers only, in the middle of a cell one wide
};
double valueOn(const Axis& axis, double value); // data coordinate, at least that of `low` on a log axis

struct Chart {
  std::string name;
  scene::Rect area = {}; // with room for ticks and titles
  Axis x = {}, y = {};
};
int addChart(Figure& figure, const Chart& chart); // the panel

// A line with gaps where y is not finite; lone points are dots. x and y in values of the axes.
struct Curve {
  std::vector<double> x = {}, y = {};
  scene::Color color = {};
  bool dots = false;
};
void addCurve(Figure& figure, int panel, const Chart& chart, const Curve& curve);

struct LegendEntry {
  std::string text;
  scene::Color color;
};
// Rows from `at` on (left, middle of the first line), as wide as `room`. Returns their height.
double addLegend(Figure& figure, scene::Point at, double room, const std::vector<LegendEntry>& entries);

// Colours that go with each other on any theme.
scene::Color seriesColor(std::size_t index);

} // namespace orrery::views
