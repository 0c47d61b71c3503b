// SPDX-License-Identifier: MIT
// Numbers in files: the same text in every locale.
#pragma once
#include <string>

namespace orrery::paint {

// Fixed point, at most `decimals` of them, trailing zeros dropped, never "-0". `value` is finite.
std::string fixedNumber(double value, int decimals = 3);

} // namespace orrery::paint
