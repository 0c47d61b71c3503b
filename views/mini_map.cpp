// SPDX-License-Identifier: MIT
#include "views/mini_map.h"

#include <algorithm>

namespace orrery::views {

using scene::Rect;

bool zoomedIn(const Rect& shown, const Rect& all) { return shown.w < 0.999 * all.w || shown.h < 0.999 * all.h; }

void drawMiniMap(Figure& figure, MiniMap map) {
  const Rect& all = map.all;
  const int panel = figure.panel("minimap", map.frame, all, all, false);
  map.image.panel = panel;
  figure.scene.images.push_back(std::move(map.image));
  figure.outline(scene::kNoPanel, map.frame, figure.theme.hairline, 1);
  // The frame stays visible however far one zooms in.
  const double w = std::max(map.shown.w, 4 * all.w / map.frame.w), h = std::max(map.shown.h, 4 * all.h / map.frame.h);
  figure.outline(panel, {map.shown.x + (map.shown.w - w) / 2, map.shown.y + (map.shown.h - h) / 2, w, h},
                 figure.theme.text, 1.5);
}

} // namespace orrery::views
