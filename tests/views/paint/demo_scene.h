// SPDX-License-Identifier: MIT
// One map with token labels, colour bar and titles: what a head view looks like, from a closed form.
#pragma once
#include "views/scene/scene.h"
#include "views/scene/theme.h"

namespace orrery::paint {

// Attention-like values P[i, j] for j <= i, `tokens` x `tokens`; [1, 0] and [2, 2] are not finite. Labels hold <, &,
// control characters, emoji, right-to-left text and bytes that are not UTF-8.
scene::Scene demoScene(scene::ThemeKind kind, double width, double height, std::int64_t tokens);
float demoValue(std::int64_t row, std::int64_t column);

} // namespace orrery::paint
