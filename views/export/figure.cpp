// SPDX-License-Identifier: MIT
#include "views/export/figure.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <filesystem>

#include "core/base/file.h"
#include "core/base/text.h"
#include "views/paint/print.h"
#include "views/paint/svg.h"
#include "views/scene/text_metrics.h"
#include "views/scene/theme.h"
#include "views/scene/ticks.h"

namespace orrery::exports {
namespace {

constexpr double kPointsPerMm = 72 / 25.4;
constexpr double kSmallestMm = 5; // below it there is no room for any text

bool hasHeading(const FigureOptions& options) { return !options.title.empty() || !options.panelLetter.empty(); }

// Units that title and panel letter take at the top.
double headingHeight(const FigureOptions& options) {
  return hasHeading(options) ? 1.6 * scene::theme(options.theme).headingSize : 0;
}

double heightMm(const FigureOptions& options) {
  return options.heightMm == 0 ? options.widthMm * kDefaultAspect : options.heightMm;
}

Status checkSide(const char* name, double mm) {
  if (mm >= kSmallestMm && mm <= paint::kWidestMm) return Done{};
  return badInput(std::string("the ") + name + " of a figure is between " + scene::numberText(kSmallestMm, 6) +
                  " and " + scene::numberText(paint::kWidestMm, 6) + " mm, found " + scene::numberText(mm, 6));
}

void moveDown(scene::Scene& s, double by) {
  for (scene::Panel& p : s.panels) p.frame.y += by;
  const auto rects = [&](std::vector<scene::FilledRect>& list) {
    for (scene::FilledRect& r : list)
      if (r.panel == scene::kNoPanel) r.rect.y += by;
  };
  rects(s.below);
  rects(s.above);
  for (scene::Polyline& line : s.lines)
    if (line.panel == scene::kNoPanel)
      for (scene::Point& p : line.points) p.y += by;
  for (scene::Disc& d : s.discs)
    if (d.panel == scene::kNoPanel) d.center.y += by;
  for (scene::ColorBar& b : s.bars) b.frame.y += by;
  for (scene::Text& t : s.texts)
    if (t.panel == scene::kNoPanel) t.at.y += by;
}

scene::Text headingText(std::string utf8, double x, double baseline, const scene::Theme& theme) {
  scene::Text text;
  text.at = {x, baseline};
  text.text = std::move(utf8);
  text.size = theme.headingSize;
  text.color = theme.text;
  text.bold = true;
  return text;
}

// The scene with title and panel letter in a band above it.
scene::Scene withHeading(const scene::Scene& original, const FigureOptions& options) {
  const scene::Theme& theme = scene::theme(options.theme);
  const double size = theme.headingSize, pad = size / 2, band = headingHeight(options);
  scene::Scene s = original;
  s.height += band;
  moveDown(s, band);
  double x = pad;
  if (!options.panelLetter.empty()) {
    s.texts.push_back(headingText(options.panelLetter, x, 1.2 * size, theme));
    x += scene::textWidth(options.panelLetter, size, false, true) + size;
  }
  if (!options.title.empty())
    s.texts.push_back(
        headingText(scene::elide(options.title, s.width - x - pad, size, false, true), x, 1.2 * size, theme));
  return s;
}

} // namespace

Result<Format> formatOf(const std::string& path) {
  std::string extension = std::filesystem::path(path).extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (extension == ".png") return Format::Png;
  if (extension == ".svg") return Format::Svg;
  if (extension == ".pdf") return Format::Pdf;
  return unsupported("a figure is written as .png, .svg or .pdf, found extension " + inQuotes(extension), path);
}

Status checkFigure(const FigureOptions& options, Format format) {
  if (Status status = checkSide("width", options.widthMm); !status) return status;
  if (Status status = checkSide("height", heightMm(options)); !status) return status;
  if (format != Format::Png) return Done{};
  if (!(options.dpi >= 1)) return badInput("dpi is at least 1, found " + scene::numberText(options.dpi, 6));
  const double w = options.widthMm / 25.4 * options.dpi, h = heightMm(options) / 25.4 * options.dpi;
  if (w <= paint::kLongestSide && h <= paint::kLongestSide && w * h <= paint::kMostPixels) return Done{};
  return tooLarge("a PNG of " + scene::numberText(w, 6) + " x " + scene::numberText(h, 6) +
                  " pixels is too large, at most " + scene::numberText(paint::kMostPixels, 9) + " pixels and " +
                  scene::numberText(paint::kLongestSide, 6) + " on a side are drawn");
}

Status applyTo(views::Request& request, const FigureOptions& options) {
  if (Status status = checkFigure(options, Format::Svg); !status) return status;
  request.width = options.widthMm * kPointsPerMm;
  request.height = std::max(10.0, heightMm(options) * kPointsPerMm - headingHeight(options));
  request.theme = options.theme;
  request.pixelRatio = std::clamp(options.dpi / 72, 1.0, 16.0);
  return Done{};
}

Result<std::string> renderFigure(const scene::Scene& original, const FigureOptions& options, Format format) {
  if (Status status = checkFigure(options, format); !status) return status.error();
  const scene::Scene scene = hasHeading(options) ? withHeading(original, options) : original;
  if (format == Format::Svg)
    return paint::toSvg(scene,
                        {.widthMm = options.widthMm, .transparent = options.transparent, .title = options.title});
  const paint::PrintOptions print{.widthMm = options.widthMm,
                                  .dpi = options.dpi,
                                  .transparent = options.transparent,
                                  .title = scene::cleanText(options.title)};
  return format == Format::Png ? paint::toPng(scene, print) : paint::toPdf(scene, print);
}

Status exportFigure(const views::Built& built, const FigureOptions& options, const std::string& path) {
  const auto format = formatOf(path);
  if (!format) return format.error();
  const auto bytes = renderFigure(built.scene, options, *format);
  if (!bytes) {
    Error error = bytes.error();
    error.where = path;
    return error;
  }
  return writeFileAtomically(path, *bytes);
}

} // namespace orrery::exports
