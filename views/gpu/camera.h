// SPDX-License-Identifier: MIT
// Where a zoomable panel looks: pure arithmetic on its data rectangle. All points of the screen are scene units.
#pragma once
#include <vector>

#include "views/api/view.h"

namespace orrery::gpu {

// `panel.data` is what is shown now. Each returns the data rectangle to show next, within the limits of the panel:
// from the whole (`limits`) to one cell of `maxZoomCell` units.
scene::Rect zoomedAt(const scene::Panel& panel, scene::Point at, double factor); // factor > 1: closer
scene::Rect panned(const scene::Panel& panel, double dx, double dy);             // content follows the pointer
scene::Rect zoomedTo(const scene::Panel& panel, scene::Rect onScreen);           // keeps the aspect

bool sameRect(const scene::Rect& a, const scene::Rect& b); // to 1e-9 of the size
bool sameViewports(const views::Viewports& a, const views::Viewports& b);
bool isFit(const scene::Panel& panel); // shows all of its limits

// Index of the last panel with the point in its frame, or -1.
int panelAt(const std::vector<scene::Panel>& panels, scene::Point at);

} // namespace orrery::gpu
