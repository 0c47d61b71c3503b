// SPDX-License-Identifier: MIT
// What stands around a map or a plot: frames, token axes, value axes, colour bar, title, panel letter. Helpers that
// append to a Scene; every label is measured with text_metrics.h, so labels thin out instead of overlapping. Pure.
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "views/scene/scene.h"
#include "views/scene/theme.h"
#include "views/scene/ticks.h"

namespace orrery::scene {

enum class Side { Left, Bottom, Top, Right };

// Where the parts of one map go.
struct MapParts {
  double labelsLeft = 0, labelsBottom = 0; // room for tick or token labels, units; see labelRoom()
  bool axisTitles = true;                  // "query", "key"
  bool title = false, bar = true;
  double aspect = 0; // width : height of the plot; 0: takes what there is
};
struct MapFrames {
  Rect plot, bar; // bar is empty without one; its ticks and label have room to its right
  Rect left, bottom;
  Point title; // anchor: left, baseline
};
MapFrames mapFrames(double width, double height, const Theme& theme, const MapParts& parts);

// Room that the widest of `labels` takes, at most `most` units; labels of a mono axis.
double labelRoom(const std::vector<std::string>& labels, double size, double most, bool mono = true);

// Labels of cells: cell i lies at data coordinates [i, i+1) of the panel, its name stands at the middle. Where cells
// are smaller than a line, every 2nd, 5th, 10th ... is named, and with its number. Only cells in view are asked for.
// The strip is a panel of its own (named PANEL.left, ...) that follows the map under a live camera.
struct CellAxis {
  int panel = 0; // of the map
  Side side = Side::Left;
  double room = 60;                               // units at right angles to the axis; longer labels are cut with "..."
  std::int64_t count = 0;                         // cells
  std::function<std::string(std::int64_t)> label; // as it shall stand there (tokenLabel() for token bytes)
  std::int64_t firstNumber = 0;                   // number of cell 0, for thinned labels
  bool mono = true, numbered = true;              // numbered: thinned labels carry the number of the cell
  std::int64_t highlight = -1;                    // cell named in the accent colour, always shown
};
void addCellAxis(Scene& scene, const CellAxis& axis, const Theme& theme);

// Ticks out, labels and an axis line; no box on top and right. Ticks outside the panel's range are left out, labels
// that would touch are thinned.
struct ValueAxis {
  int panel = 0;
  Side side = Side::Left; // Left or Bottom
  std::vector<Tick> ticks;
  bool log = false; // data coordinates are log10 of the tick values
};
void addValueAxis(Scene& scene, const ValueAxis& axis, const Theme& theme);

// Name of an axis ("key position"), centred along it; `away`: units between plot and text.
void addAxisTitle(Scene& scene, const Rect& plot, Side side, double away, const std::string& text, const Theme& theme);

// The bar itself plus its ticks and label (with unit) as lines and texts. Vertical bars have both to their right,
// horizontal ones below.
void addColorBar(Scene& scene, const Rect& frame, const ColorScale& scale, const std::string& label,
                 const Theme& theme);

// Bold, cut to the width of the scene.
void addTitle(Scene& scene, Point at, const std::string& text, const Theme& theme);

} // namespace orrery::scene
