// SPDX-License-Identifier: MIT
// A Scene as text, for golden tests: one line per thing drawn, in draw order, in scene units with at most two decimals,
// the same bytes on every machine. Images say their size, scale, a hash of their pixels, and up to 16 x 16 cells the
// values themselves.
#pragma once
#include <string>

#include "views/paint/walk.h"

namespace orrery::paint {

std::string toText(const scene::Scene& scene, const Cameras& cameras = {});

} // namespace orrery::paint
