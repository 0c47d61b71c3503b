// SPDX-License-Identifier: MIT
// Where the files that come with the program are: beside the installed program, else in the source tree.
#pragma once
#include <string>

namespace orrery::app {

// Full path of "models/bundled", "presets" ... under assets/. ORRERY_ASSETS overrides.
std::string assetPath(const std::string& relative);

} // namespace orrery::app
