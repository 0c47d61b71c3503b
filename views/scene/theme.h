// SPDX-License-Identifier: MIT
// Every colour, size and font of the window and of printed figures, in one place. The Qt palette (app/theme) is made
// from this too, so that canvas and chrome agree.
#pragma once
#include <string>

#include "views/scene/color_map.h"

namespace orrery::scene {

enum class ThemeKind { Dark, Light, Print };

struct Theme {
  ThemeKind kind = ThemeKind::Dark;
  Color canvas, panel, raised, hairline, text, secondary, disabled, accent, info, good, warn, bad;
  std::string sequential, diverging; // names of colour maps
  double textSize = 12, denseSize = 11, headingSize = 14, lineWidth = 1;
};

const Theme& theme(ThemeKind kind); // Print: white ground, 7.5 pt text, 0.6 pt lines

} // namespace orrery::scene
