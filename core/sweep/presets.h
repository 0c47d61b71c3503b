// SPDX-License-Identifier: MIT
// Named maps.
#pragma once
#include <string>
#include <vector>

#include "core/sweep/spec.h"

namespace orrery::sweep {

std::vector<std::string> presetNames();
// quick: a size that two cores finish in a minute. Errors: NotFound, with the names that exist.
Result<SweepSpec> presetSpec(const std::string& name, bool quick);

} // namespace orrery::sweep
