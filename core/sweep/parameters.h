// SPDX-License-Identifier: MIT
// The scalars that an axis of a map can be, or that `fixed` can set: one table.
#pragma once
#include <span>
#include <string>

#include "core/sweep/trainer.h"

namespace orrery::sweep {

struct AxisParameter {
  const char* name;
  bool mlp2, transformer;     // which models have it
  double low, high;           // what makes sense, both included
  bool rateFirst, rateSecond; // which of the two rates it sets
  void (*set)(RunParameters& run, double value);
};

std::span<const AxisParameter> axisParameters();
const AxisParameter* findAxisParameter(const std::string& name); // null if there is none

} // namespace orrery::sweep
