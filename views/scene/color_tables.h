// SPDX-License-Identifier: MIT
// Published colour maps as text: 256 x RRGGBB.
#pragma once

namespace orrery::scene {

extern const char* const kViridisHex;
extern const char* const kCividisHex;

} // namespace orrery::scene
