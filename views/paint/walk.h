// SPDX-License-Identifier: MIT
// The one loop over a Scene: draw order, panels to scene units, clipping, cropping of images, and the refusal of
// coordinates that no painter can take. A painter is a Surface. Pure; any thread.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "views/scene/scene.h"

namespace orrery::paint {

using Cameras = std::map<std::string, scene::Rect>; // data rectangle by panel name; others stay as they are

// The part of an image layer that is in view: cells [x, x + width) x [y, y + height), drawn on `target`.
struct Cells {
  const scene::ImageLayer* layer = nullptr; // drawable()
  std::int64_t x = 0, y = 0, width = 0, height = 0;
  scene::Rect target; // scene units, w > 0, h > 0
};

// Coordinates are scene units, finite, within +-1e6.
class Surface {
public:
  virtual ~Surface() = default;
  virtual void clip(const scene::Rect* frame) = 0; // nullptr: no clip; never nested
  virtual void fill(const scene::Rect& rect, scene::Color color) = 0;
  virtual void image(const Cells& cells) = 0;
  virtual void line(const std::vector<scene::Point>& points, scene::Color color, double width, bool closed) = 0;
  virtual void disc(scene::Point center, double radius, scene::Color color) = 0;
  virtual void bar(const scene::ColorBar& bar) = 0;
  // text.text is cleanText() already; text.at is not to be used.
  virtual void text(const scene::Text& text, scene::Point at) = 0;
};

void walk(const scene::Scene& scene, const Cameras& cameras, Surface& surface);

// Left end of the baseline and what must be added to it, shared by all painters.
double baselineOffset(const scene::Text& text); // units from the anchor to the baseline, downwards before rotation

// Colours of a bar from low to high at `stops` equal positions.
std::vector<scene::Color> barColors(const scene::ColorScale& scale, std::size_t stops = 65);

} // namespace orrery::paint
