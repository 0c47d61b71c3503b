// SPDX-License-Identifier: MIT
// The colour range of a view as its parameters hold it: `low` and `high` (a number locks the end, "auto" leaves it to
// the view) and `scale` (linear, log) or `log` (a boolean). Pure.
#pragma once
#include <optional>

#include "views/api/view.h"
#include "views/gpu/frame.h"

namespace orrery::gpu {

bool hasRange(const views::ViewInfo& info); // parameters "low" and "high"
// What the picture shows now: numbers of the parameters, of the Scene's colour bar where they are "auto".
RangeState rangeOf(const views::ViewInfo& info, const views::Parameters& parameters, const scene::Scene& scene);

// `parameters` with what differs between `before` and `after` written into them.
views::Parameters withRange(const views::ViewInfo& info, views::Parameters parameters, const RangeState& before,
                            const RangeState& after);

// The end of a colour bar under the pointer.
struct BarEnd {
  scene::ColorBar bar; // as it is when the drag begins
  bool high = false;
};
std::optional<BarEnd> barEndAt(const scene::Scene& scene, scene::Point at);
bool onBar(const scene::Scene& scene, scene::Point at);
// The value that the bar's scale has at the pointer; beyond its ends it goes on.
double barValueAt(const scene::ColorBar& bar, scene::Point at);

} // namespace orrery::gpu
