// SPDX-License-Identifier: MIT
// Figure: what every view needs while it lays out a Scene: the theme, text in its sizes, ranges, captions. Pure.
#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "views/api/view.h"

namespace orrery::views {

struct Figure {
  explicit Figure(const Request& request);

  const scene::Theme& theme;
  scene::Scene scene;
  const bool print;
  double width() const { return scene.width; }
  double height() const { return scene.height; }
  double gap() const { return print ? 3 : 4; } // the grid everything stands on

  // Returns the index of the text in scene.texts.
  std::size_t text(scene::Point at, std::string utf8, double size, scene::Color color,
                   scene::Align align = scene::Align::Left, scene::VAlign vertical = scene::VAlign::Middle,
                   bool mono = false, int panel = scene::kNoPanel);
  void heading(const std::string& utf8, double x, double y, double room); // one line, cut to `room`
  int panel(std::string name, scene::Rect frame, scene::Rect data, scene::Rect limits, bool zoomable);
  void line(int panel, std::vector<scene::Point> points, scene::Color color, double width);
  void outline(int panel, scene::Rect rect, scene::Color color, double width);
  // Lines between the cells [x0, x1) x [y0, y1) of a map whose cells are units of its panel.
  void cellBorders(int panel, std::int64_t x0, std::int64_t x1, std::int64_t y0, std::int64_t y1);
  // A vertical colour bar right of a picture that ends at x, with its numbers and label; it takes barWidth().
  void bar(double x, double y, double h, const scene::ColorScale& scale, const std::string& label);
  // Numbers under the cells of a panel with fixed view, thinned to what has room; cell `highlight` in the accent
  // colour.
  void numberAxis(int panel, std::int64_t count, const std::function<std::int64_t(std::int64_t)>& number,
                  std::int64_t highlight);
  double barWidth() const { return 7.0 * theme.denseSize; }
};

// Colours.
scene::Color mix(scene::Color from, scene::Color to, double amount); // amount 0..1; opaque
scene::Color withAlpha(scene::Color color, double alpha);
scene::Color inkOn(scene::Color ground); // near-black or near-white, whichever reads better

// Ranges. The smallest 1, 2 or 5 times a power of ten that is not below value; 1 if value is not positive and finite.
double niceCeil(double value);
// Value at a quantile (0..1) of the finite, unmasked values; nullopt if there are none. `mask` may be empty.
std::optional<double> quantile(const std::vector<float>& values, const std::vector<std::uint8_t>& mask, double at);

// A viewport as it may come from a workspace file: finite, not empty, inside the limits.
scene::Rect saneViewport(const Request& request, const std::string& panel, const scene::Rect& limits);

// Reads parameters "low", "high" ("auto" or a number) and "scale" (linear or log) if the view has them. BadInput if low
// is not below high, or is negative on a log scale. `autoHigh` stands for "auto".
Result<scene::ColorScale> rangeOf(const Request& request, const scene::Theme& theme, double autoLow, double autoHigh);

// Text. "0.375", ".37", "6e-5": at most `decimals` places, as many as fit into `chars` characters; "" if none does.
std::string numberIn(double value, int chars, int decimals);
// The first that fits, else the last cut short.
std::string firstFitting(const std::vector<std::string>& candidates, double room, double size);
std::string tokenText(const store::Snapshot& snapshot, std::int64_t position); // white space visible
std::string tokenName(const store::Snapshot& snapshot, std::int64_t position); // "12 '·the'"
std::string modelName(const store::Snapshot& snapshot);                        // last part of the checkpoint's path
// "Model bundled, layer 3, head 5; 120 tokens." as a caption begins; head < 0: all heads, layer < 0: all layers.
std::string captionStart(const Request& request, std::int64_t layer, std::int64_t head, std::int64_t tokens);
std::string rangeSentence(const scene::ColorScale& scale, const std::string& quantity);

// Parameters that several views share.
Parameter scaleParameter();
Parameter lowParameter();
Parameter highParameter(const std::string& unit);
Parameter titleParameter();
bool showsTitle(const Request& request); // title = auto: on screen yes, in print no

} // namespace orrery::views
