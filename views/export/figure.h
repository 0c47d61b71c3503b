// SPDX-License-Identifier: MIT
// A view's Scene as a file for a paper: PNG, SVG or PDF, whole or not at all.
//   FigureOptions options;                                   // 85 mm wide, 300 dpi, for print
//   Request request; applyTo(request, options);              // lays the view out for that size and theme
//   exportFigure(*view.build(request, {}), options, "fig.svg");
// Needs paint::ensureGuiApplication() for PNG and PDF. Any thread.
#pragma once
#include <string>

#include "core/base/result.h"
#include "views/api/view.h"

namespace orrery::exports {

enum class Format { Png, Svg, Pdf };

struct FigureOptions {
  double widthMm = 85; // 85: one column, 174: two
  double heightMm = 0; // of the whole figure; 0: widthMm * kDefaultAspect
  double dpi = 300;    // PNG only
  scene::ThemeKind theme = scene::ThemeKind::Print;
  bool transparent = false;     // no ground
  std::string title = {};       // a line above the picture; empty: none
  std::string panelLetter = {}; // bold, in the upper left corner: "a"
};
inline constexpr double kDefaultAspect = 0.85; // height : width

// By extension, in any case. Errors: Unsupported, naming the extension and those that are known.
Result<Format> formatOf(const std::string& path);
// Errors: BadInput or TooLarge with the number: sizes that are not positive, not numbers or absurd.
Status checkFigure(const FigureOptions& options, Format format);

// Size (1 unit = 1 point), theme and pixel ratio of a Request whose Scene fills such a figure below its title.
Status applyTo(views::Request& request, const FigureOptions& options);

// The bytes of the file. The width of the scene is drawn as widthMm; title and panel letter stand above it.
Result<std::string> renderFigure(const scene::Scene& scene, const FigureOptions& options, Format format);
// Errors: as above, and Io (nothing is left behind).
Status exportFigure(const views::Built& built, const FigureOptions& options, const std::string& path);

} // namespace orrery::exports
