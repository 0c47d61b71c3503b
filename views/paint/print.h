// SPDX-License-Identifier: MIT
// A Scene as the bytes of a PNG or PDF file. Needs ensureGuiApplication(). Any thread.
#pragma once
#include <string>

#include "core/base/result.h"
#include "views/scene/scene.h"

namespace orrery::paint {

struct PrintOptions {
  double widthMm = 85; // height follows from the Scene
  double dpi = 300;    // PNG only; written into the file
  bool transparent = false;
  std::string title = {};
};

inline constexpr double kMostPixels = 100e6;  // of one PNG
inline constexpr double kLongestSide = 32000; // pixels; QPainter counts in 16 bits
inline constexpr double kWidestMm = 5000;

// Errors: BadInput (no size, or not a number), TooLarge (with the number), Internal (no QGuiApplication).
Result<std::string> toPng(const scene::Scene& scene, const PrintOptions& options = {});
// Text as text with embedded fonts, lines as vectors, each map one lossless image of its cells.
Result<std::string> toPdf(const scene::Scene& scene, const PrintOptions& options = {});

} // namespace orrery::paint
