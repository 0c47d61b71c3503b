// SPDX-License-Identifier: MIT
// A Scene as SVG 1.1: real text, vector lines, each map one PNG of its exact cells with image-rendering: pixelated.
// The same Scene and options give the same bytes, whatever the locale. Pure; any thread.
#pragma once
#include <string>

#include "core/base/result.h"
#include "views/paint/walk.h"

namespace orrery::paint {

struct SvgOptions {
  double widthMm = 85;      // height follows from the Scene
  bool transparent = false; // no background
  std::string title = {};   // <title>, for screen readers; empty: none
};
// Errors: BadInput (a Scene or a width without size), TooLarge (an image).
Result<std::string> toSvg(const scene::Scene& scene, const SvgOptions& options = {});

std::string xmlEscaped(std::string_view text); // & < > " and what cleanText() takes out

} // namespace orrery::paint
