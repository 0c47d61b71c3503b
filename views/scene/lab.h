// SPDX-License-Identifier: MIT
// sRGB <-> CIELAB (D65, 2 degrees). Source: IEC 61966-2-1 (sRGB), CIE 15 (L*a*b*).
#pragma once
#include "views/scene/color_map.h"

namespace orrery::scene {

struct Lab {
  double L = 0, a = 0, b = 0; // L 0..100
};
Lab toLab(Color color);
Color fromLab(Lab lab); // out of gamut: each channel is clamped

} // namespace orrery::scene
