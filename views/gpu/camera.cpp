// SPDX-License-Identifier: MIT
#include "views/gpu/camera.h"

#include <algorithm>
#include <cmath>

namespace orrery::gpu {

using scene::Panel;
using scene::Point;
using scene::Rect;

namespace {

// One axis of a rectangle, kept inside the limits; what is wider than the limits is centred on them. A negative size
// means that the axis runs the other way; the limits may be given either way round.
void place(double& begin, double& size, double limitBegin, double limitSize) {
  if (limitSize < 0) {
    limitBegin += limitSize;
    limitSize = -limitSize;
  }
  const double extent = std::abs(size);
  double low = std::min(begin, begin + size);
  low = extent >= limitSize ? limitBegin + (limitSize - extent) / 2
                            : std::clamp(low, limitBegin, limitBegin + limitSize - extent);
  begin = size < 0 ? low + extent : low;
}

Rect placedIn(const Rect& limits, Rect view) {
  place(view.x, view.w, limits.x, limits.w);
  place(view.y, view.h, limits.y, limits.h);
  return view;
}

// The same for one axis alone.
double allowedAlong(double limit, double frame, double shown, double cell, double scale) {
  const double smallest = std::min(frame / std::max(cell, 1.0) / shown, 1.0);
  return std::clamp(scale, smallest, std::max(limit / shown, 1.0));
}

struct Scales {
  double x, y;
};

// How much the shown rectangle may grow (> 1) or shrink (< 1) at most.
double allowedScale(const Panel& panel, double scale) {
  const double w = std::abs(panel.data.w), h = std::abs(panel.data.h);
  const double largest = std::max({std::abs(panel.limits.w) / w, std::abs(panel.limits.h) / h, 1.0});
  const double cell = std::max(panel.maxZoomCell, 1.0);
  const double smallest = std::min(std::max(panel.frame.w / cell / w, panel.frame.h / cell / h), 1.0);
  return std::clamp(scale, smallest, largest);
}

Scales scalesFor(const Panel& panel, double scale) {
  if (!panel.stretch) return {allowedScale(panel, scale), allowedScale(panel, scale)};
  const double w = std::abs(panel.data.w), h = std::abs(panel.data.h);
  return {allowedAlong(std::abs(panel.limits.w), panel.frame.w, w, panel.maxZoomCell, scale),
          allowedAlong(std::abs(panel.limits.h), panel.frame.h, h, panel.maxZoomCell, scale)};
}

bool usable(const Panel& panel) {
  return panel.frame.w > 0 && panel.frame.h > 0 && panel.data.w != 0 && panel.data.h != 0;
}

bool close(double a, double b, double size) { return std::abs(a - b) <= 1e-9 * std::max(std::abs(size), 1e-30); }

} // namespace

Rect zoomedAt(const Panel& panel, Point at, double factor) {
  if (!usable(panel) || !(factor > 0)) return panel.data;
  const Scales scale = scalesFor(panel, 1 / factor);
  const Point data = scene::toData(panel, at);
  const Rect& d = panel.data;
  return placedIn(panel.limits,
                  {data.x - (data.x - d.x) * scale.x, data.y - (data.y - d.y) * scale.y, d.w * scale.x, d.h * scale.y});
}

Rect panned(const Panel& panel, double dx, double dy) {
  if (!usable(panel)) return panel.data;
  Rect view = panel.data;
  view.x -= dx * view.w / panel.frame.w;
  view.y -= dy * view.h / panel.frame.h;
  return placedIn(panel.limits, view);
}

Rect zoomedTo(const Panel& panel, Rect onScreen) {
  if (!usable(panel) || onScreen.w <= 0 || onScreen.h <= 0) return panel.data;
  const Point centre = scene::toData(panel, {onScreen.x + onScreen.w / 2, onScreen.y + onScreen.h / 2});
  const Scales scale = scalesFor(panel, std::max(onScreen.w / panel.frame.w, onScreen.h / panel.frame.h));
  const double w = panel.data.w * scale.x, h = panel.data.h * scale.y;
  return placedIn(panel.limits, {centre.x - w / 2, centre.y - h / 2, w, h});
}

bool sameRect(const Rect& a, const Rect& b) {
  return close(a.x, b.x, a.w) && close(a.y, b.y, a.h) && close(a.w, b.w, a.w) && close(a.h, b.h, a.h);
}

bool sameViewports(const views::Viewports& a, const views::Viewports& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const auto& x, const auto& y) { return x.first == y.first && sameRect(x.second, y.second); });
}

bool isFit(const Panel& panel) {
  return std::abs(panel.data.w) >= std::abs(panel.limits.w) * (1 - 1e-9) &&
         std::abs(panel.data.h) >= std::abs(panel.limits.h) * (1 - 1e-9);
}

int panelAt(const std::vector<Panel>& panels, Point at) {
  for (std::size_t i = panels.size(); i-- > 0;)
    if (panels[i].frame.contains(at)) return static_cast<int>(i);
  return -1;
}

} // namespace orrery::gpu
