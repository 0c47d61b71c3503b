// SPDX-License-Identifier: MIT
// Joining the parts of a map that several machines computed.
#pragma once
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/sweep/map.h"
#include "core/sweep/spec.h"

namespace orrery::sweep {

struct Merged {
  SweepSpec spec;
  Map map;
  bool allParts = false; // every part is there and complete: what is still missing lies where two parts meet
};
// Errors: BadInput naming file and pixel where two files disagree, or the key in which their specs differ.
Result<Merged> mergeMaps(const std::vector<std::string>& paths);

} // namespace orrery::sweep
