// SPDX-License-Identifier: MIT
// The picture that all maps of weights share: a zoomable panel with diverging colours centred at 0, numbers in large
// cells, profiles at its sides, colour bar and axes. Pure; any thread.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "views/built_in.h"
#include "views/figure.h"
#include "views/weight_heads.h"
#include "views/weight_map.h"

namespace orrery::views {

std::vector<Parameter> mapParameters(); // reduce, minimap, low, high, title

struct WeightPicture {
  const Request& request;
  Figure& figure;
  MapSource source;
  const Shared& shared;
  Missing& missing;
  std::string panelName = {}, label = {};             // label: of the colour bar
  std::string rowName = "row", columnName = "column"; // of the axes
  scene::Rect limits = {};                            // what of the source is shown when all is
  double reach = 4;                                   // colours end at about so many root mean squares
  bool profiles = false;                              // room for them beside the map
  std::vector<HeadBand> bands = {};                   // heads that the matrix belongs to, with room for their names
  // From here on filled by drawWeightMap().
  scene::Rect plot = {}, data = {};
  WeightMap map = {};
  std::vector<float> values = {}; // [height, width] what is drawn
  scene::ColorScale scale = {};
  double profile = 0;                             // thickness of a strip
  double bandRoom = 0;                            // of the strip with the names of heads, between map and profile
  std::optional<WeightMap> ground = std::nullopt; // all of it, coarse, once zoomed in
  int panel = 0;
};

// Errors: those of reading, BadInput for a range the wrong way round, Cancelled.
Status drawWeightMap(WeightPicture& picture, const std::stop_token& stop);
// Strips: one value for every row of the source at the right, for every column on top.
void drawNorms(WeightPicture& picture, const std::vector<double>& rows, const std::vector<double>& columns);
// Lines between heads, their names in a strip, links to them, a frame around the chosen one.
void drawBands(WeightPicture& picture, const HeadBand* chosen, const weights::Weight& weight);
void drawTitle(WeightPicture& picture, const std::string& text);

// Scene, cells as data, whether something is missing. Takes the scene out of the figure: nothing is drawn after it.
Built finished(WeightPicture& picture);
std::string captionOfMap(const WeightPicture& picture);

} // namespace orrery::views
