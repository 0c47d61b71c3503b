// SPDX-License-Identifier: MIT
#include "core/sweep/map.h"

namespace orrery::sweep {

MapCounts countStates(const std::vector<std::uint8_t>& state) {
  MapCounts counts;
  for (const std::uint8_t one : state) {
    if (one == kNone) ++counts.none;
    if (one == kGuessed) ++counts.guessed;
    if (one >= kComputed) ++counts.computed;
    if (one == kAudited) ++counts.audited;
  }
  return counts;
}

} // namespace orrery::sweep
