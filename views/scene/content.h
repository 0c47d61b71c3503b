// SPDX-License-Identifier: MIT
// How much of a Scene is used: views lay out from the top, so a figure whose height nobody asked for ends below its
// last mark. Pure; any thread.
#pragma once
#include "views/scene/scene.h"

namespace orrery::scene {

// Scene units: the lower edge of the lowest mark or label, what lies outside its panel or the scene not counted.
double contentBottom(const Scene& scene);

} // namespace orrery::scene
