// SPDX-License-Identifier: MIT
// The spec of a map as verbs take it, and how they wait for a sweep.
#pragma once
#include <string>
#include <vector>

#include "app/verbs/verbs.h"
#include "core/sweep/sweep.h"

namespace orrery::app {

struct SpecInput {
  std::string name;             // a JSON file or a preset
  std::vector<std::string> set; // "steps=100", "axes.x.count=64", "fixed.lr.output=0.1"
  bool quick = false;           // a preset at the size that ends in a minute
};
// Files that the spec names are looked for in the working folder, then beside the spec. Errors: NotFound, BadInput.
Result<sweep::SweepSpec> sweepSpec(const SpecInput& input);

// Progress on stderr; Ctrl+C and SIGTERM close the sweep cleanly.
Status waitForSweep(sweep::Sweep& sweep, bool quiet);

// What a map holds, as `sweep`, `merge` and `info` print it.
OrderedJson mapCounts(const sweep::Map& map);

} // namespace orrery::app
