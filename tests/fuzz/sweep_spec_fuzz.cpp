// SPDX-License-Identifier: MIT
// Whatever the text: no crash, and an accepted spec is read back from what it is written as, with finite axis values.
#include <cmath>
#include <cstdlib>

#include "core/sweep/spec.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace orrery;
  const auto json = parseJson({reinterpret_cast<const char*>(data), size}, "fuzz");
  if (!json) return 0;
  const auto spec = sweep::parseSweepSpec(*json, "fuzz");
  if (!spec) return spec.error().what.empty() ? std::abort(), 0 : 0;
  for (const sweep::AxisSpec* axis : {&spec->x, &spec->y})
    if (!std::isfinite(axis->value(0)) || !std::isfinite(axis->value(axis->size() - 1))) std::abort();
  const Json written = sweep::sweepSpecJson(*spec);
  const auto again = sweep::parseSweepSpec(written, "written");
  if (!again || sweep::sweepSpecJson(*again) != written) std::abort();
  return 0;
}
