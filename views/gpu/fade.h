// SPDX-License-Identifier: MIT
// New rows and columns of a map come in through a veil of the canvas' colour that is gone after kMilliseconds. Only the
// drawing is veiled: the data is there at once. Growth that follows faster than that is shown without. Pure: the caller
// brings the time.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "views/scene/scene.h"

namespace orrery::gpu {

class Fade {
public:
  static constexpr double kMilliseconds = 150;

  // A picture takes the place of another of the same view and run; `now` in ms.
  void replaced(const std::vector<scene::Panel>& before, const std::vector<scene::Panel>& after, double now);
  bool active(double now) const { return !m_known.empty() && now - m_began < kMilliseconds; }
  // Rectangles of the screen, inside the frames of `panels` (as they look now), and how opaque they are, 0..1.
  std::vector<scene::Rect> veils(const std::vector<scene::Panel>& panels, double now) const;
  double opacity(double now) const;

private:
  std::map<std::string, scene::Rect> m_known; // by panel that grew: its limits before
  double m_began = 0;                         // of the fade
  double m_grew = -kMilliseconds;             // the last time that anything did
};

} // namespace orrery::gpu
