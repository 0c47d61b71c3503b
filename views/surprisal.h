// SPDX-License-Identifier: MIT
// Surprisal of the shown tokens, for the views that colour or plot it. Pure.
#pragma once
#include <vector>

#include "views/api/view.h"

namespace orrery::views {

// -log p(token | those before it) in the unit of parameter "unit" (nat or bit); NaN for position 0 and for tokens the
// model has not scored yet. [T] of the shown tokens.
std::vector<double> surprisalOf(const Request& request);
Parameter unitParameter();

} // namespace orrery::views
