// SPDX-License-Identifier: MIT
// The whole of a map in a corner, with a frame around what is shown: for maps that one zooms into. Pure.
#pragma once
#include "views/figure.h"

namespace orrery::views {

struct MiniMap {
  scene::Rect frame = {};       // where it stands
  scene::Rect all = {};         // of the map, in its data
  scene::Rect shown = {};       // of it, in view
  scene::ImageLayer image = {}; // coarse cells of all of it; its panel is set here
};

bool zoomedIn(const scene::Rect& shown, const scene::Rect& all);
void drawMiniMap(Figure& figure, MiniMap map);

} // namespace orrery::views
