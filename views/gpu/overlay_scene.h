// SPDX-License-Identifier: MIT
// What a canvas draws over a view's picture, as a Scene of its own: cross-hair, tooltip, zoom rectangle, and the
// messages for the states that have no picture. Both backends draw it. Pure.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "views/scene/scene.h"
#include "views/scene/theme.h"

namespace orrery::gpu {

struct Message {
  std::string title, detail; // detail is wrapped
  double progress = -1;      // 0..1; below 0: no bar
  bool failed = false;
  bool empty() const { return title.empty() && detail.empty(); }
};

struct Overlay {
  double width = 0, height = 0; // units
  scene::ThemeKind theme = scene::ThemeKind::Dark;
  std::optional<scene::Point> pointer;
  std::optional<scene::Rect> crossHair; // frame of the panel under the pointer
  std::vector<std::string> tooltip;     // lines
  std::optional<scene::Rect> zoomRect;  // shift-drag
  Message message;
  bool overPicture = false;       // the message stands on a picture: it gets a ground
  std::vector<scene::Rect> veils; // over new data that fades in
  double veilOpacity = 0;
  std::vector<std::string> meter; // lines in the corner, where ImGui is not there to draw them
};

scene::Scene overlayScene(const Overlay& overlay);

// Lines no wider than `width`; breaks at spaces, words longer than a line are cut.
std::vector<std::string> wrapText(const std::string& text, double width, double size);

} // namespace orrery::gpu
