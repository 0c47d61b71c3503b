// SPDX-License-Identifier: MIT
// Scene: a display list in plain C++, laid out for one size. One unit is one logical pixel on screen and one point
// (1/72 inch) in a printed figure; x to the right, y down. The same Scene goes to the Vulkan canvas, to QPainter
// (widget, PNG, SVG, PDF) and to the text painter of the golden tests.
#pragma once
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "views/scene/color_map.h"

namespace orrery::scene {

struct Point {
  double x = 0, y = 0;
};
struct Rect {
  double x = 0, y = 0, w = 0, h = 0;
  bool contains(Point p) const { return p.x >= x && p.x < x + w && p.y >= y && p.y < y + h; }
};

// A panel maps data coordinates to a rectangle of the scene. While a newer Scene is being built, a painter may draw the
// layers of this one through a moved camera: everything that names a panel moves, the rest stays.
struct Panel {
  std::string name;        // "head", "grid" ...
  Rect frame;              // scene units; contents are clipped to it
  Rect data;               // the data rectangle shown in `frame`; y grows downwards as rows do (h < 0: upwards)
  Rect limits;             // the whole data rectangle: fit shows this
  bool zoomable = false;   // wheel and drag act on it
  double maxZoomCell = 64; // units one data cell may grow to
  bool stretch = false;    // each axis zooms to its own end: maps whose cells are not square
  // Axis strips and profiles beside a map: while a painter moves the camera of panel `followX` (or `followY`), this
  // panel takes over its x (or y) range of data, so that labels move with the cells.
  int followX = -1, followY = -1;
  bool clip = true; // false: nothing is cut, but what is anchored outside `frame` is left out (axis strips)
};

// Cells as an image. Row-major, row 0 on top. Never interpolated.
struct ImageLayer {
  int panel = 0;
  Rect data; // where the cells lie, in data coordinates of the panel
  std::int64_t width = 0, height = 0;
  std::shared_ptr<const std::vector<float>> values; // [height, width]; NaN and infinities are drawn in their own colour
  std::shared_ptr<const std::vector<std::uint8_t>>
      mask; // [height, width] or null: 0 value, 1 masked (hatched), 2 guessed
  ColorScale scale;
  std::shared_ptr<const std::vector<std::uint32_t>> rgba; // [height, width] filled by finish(): 0xAABBGGRR
  std::uint64_t id = 0;                                   // equal ids mean equal pixels: a texture can be kept
};

inline constexpr int kNoPanel = -1; // coordinates are scene units

struct Polyline {
  int panel = kNoPanel;
  std::vector<Point> points; // data coordinates if panel >= 0
  Color color;
  double width = 1; // units
  bool closed = false;
};
struct FilledRect {
  int panel = kNoPanel;
  Rect rect;
  Color color;
};
struct Disc {
  int panel = kNoPanel;
  Point center;
  double radius = 2; // units
  Color color;
};
enum class Align { Left, Center, Right };
enum class VAlign { Top, Middle, Baseline, Bottom };
struct Text {
  int panel = kNoPanel; // with a panel: anchored at data coordinates, size in units all the same
  Point at;
  std::string text; // UTF-8
  double size = 12; // units
  Color color;
  bool mono = false, bold = false;
  Align align = Align::Left;
  VAlign vertical = VAlign::Baseline;
  double rotation = 0; // degrees, counter-clockwise; 0 or 90
};

// A region that answers the pointer: the change of the selection that a click makes, and a tooltip.
struct Link {
  int panel = kNoPanel;
  Rect rect;
  std::string action; // view-defined, e.g. "head 3 5"; the view's onLink() turns it into a Selection
  std::string tooltip;
};

// A colour bar; the ends can be dragged on screen. Painters draw the colours only: addColorBar() (axes.h) writes ticks
// and label as lines and texts. High values at the top of a vertical bar, at the right of a horizontal one.
struct ColorBar {
  Rect frame; // vertical if h > w
  ColorScale scale;
  std::string label; // with unit: "attention probability"
};

// Draw order: rects below, images, rects above, lines, discs, bars, texts.
struct Scene {
  double width = 0, height = 0;
  Color background;
  std::vector<Panel> panels;
  std::vector<FilledRect> below;
  std::vector<ImageLayer> images;
  std::vector<FilledRect> above;
  std::vector<Polyline> lines;
  std::vector<Disc> discs;
  std::vector<ColorBar> bars;
  std::vector<Text> texts;
  std::vector<Link> links;
  std::int64_t nonFinite = 0; // cells drawn in the non-finite colour
};

// Fills rgba of every image layer (call it where the Scene is built, not on the GUI thread), gives a layer without id
// the hash of its pixels, and counts the non-finite cells that are not masked. A layer whose values do not have
// width * height cells stays without rgba and is not drawn.
void finish(Scene& scene);
bool drawable(const ImageLayer& layer); // rgba is there and has width * height pixels

// The panels as they stand under live cameras (data rectangle by panel name), followers included.
std::vector<Panel> livePanels(const Scene& scene, const std::map<std::string, Rect>& cameras);

Point toScene(const Panel& panel, Point data);
Point toData(const Panel& panel, Point scene);
Rect toScene(const Panel& panel, const Rect& data);

} // namespace orrery::scene
