// SPDX-License-Identifier: MIT
#include "views/paint/svg.h"

#include <cmath>
#include <optional>

#include "views/paint/number.h"
#include "views/paint/png.h"
#include "views/scene/text_metrics.h"

namespace orrery::paint {
namespace {

using scene::Color;
using scene::Point;
using scene::Rect;

constexpr const char* kSans = "Inter, 'DejaVu Sans', Helvetica, Arial, sans-serif";
constexpr const char* kMono = "'JetBrains Mono', 'DejaVu Sans Mono', Consolas, monospace";

std::string attribute(const char* name, double value) {
  return std::string(" ") + name + "=\"" + fixedNumber(value) + "\"";
}
std::string box(const Rect& r) {
  return attribute("x", r.x) + attribute("y", r.y) + attribute("width", r.w) + attribute("height", r.h);
}
std::string paintOf(const char* what, Color c) {
  std::string out = std::string(" ") + what + "=\"" + toHex(c) + "\"";
  if (c.a != 255) out += std::string(" ") + what + "-opacity=\"" + fixedNumber(c.a / 255.0) + "\"";
  return out;
}

class SvgSurface : public Surface {
public:
  std::string defs, body;
  std::optional<Error> error;

  void finish() { clip(nullptr); }

  void clip(const Rect* frame) override {
    if (m_open) body += "</g>\n";
    m_open = frame != nullptr;
    if (!frame) return;
    const std::string id = std::string("clip") + std::to_string(m_clips++);
    defs += std::string("<clipPath id=\"") + id + "\"><rect" + box(*frame) + "/></clipPath>\n";
    body += std::string("<g clip-path=\"url(#") + id + ")\">\n";
  }

  void fill(const Rect& rect, Color color) override {
    body += std::string("<rect") + box(rect) + paintOf("fill", color) + "/>\n";
  }

  void image(const Cells& cells) override {
    auto png = encodePng(pixelsOf(cells), cells.width, cells.height);
    if (!png) {
      error = png.error();
      return;
    }
    body += std::string("<image") + box(cells.target) +
            " preserveAspectRatio=\"none\" style=\"image-rendering:optimizeSpeed;image-rendering:pixelated\" "
            "xlink:href=\"data:image/png;base64," +
            base64(*png) + "\"/>\n";
  }

  void line(const std::vector<Point>& points, Color color, double width, bool closed) override {
    body += std::string(closed ? "<polygon" : "<polyline") + " fill=\"none\"" + paintOf("stroke", color) +
            attribute("stroke-width", width) + " points=\"";
    for (std::size_t i = 0; i < points.size(); ++i)
      body += std::string(i > 0 ? " " : "") + fixedNumber(points[i].x) + "," + fixedNumber(points[i].y);
    body += "\"/>\n";
  }

  void disc(Point center, double radius, Color color) override {
    body += std::string("<circle") + attribute("cx", center.x) + attribute("cy", center.y) + attribute("r", radius) +
            paintOf("fill", color) + "/>\n";
  }

  void bar(const scene::ColorBar& bar) override {
    const std::string id = std::string("bar") + std::to_string(m_bars++);
    const bool vertical = bar.frame.h > bar.frame.w;
    const auto colors = barColors(bar.scale);
    defs += std::string("<linearGradient id=\"") + id + "\" x1=\"0\" y1=\"" + (vertical ? "1" : "0") + "\" x2=\"" +
            (vertical ? "0" : "1") + "\" y2=\"0\">\n";
    for (std::size_t i = 0; i < colors.size(); ++i)
      defs += std::string("<stop") +
              attribute("offset", static_cast<double>(i) / static_cast<double>(colors.size() - 1)) +
              paintOf("stop-color", colors[i]) + "/>\n";
    defs += "</linearGradient>\n";
    body += std::string("<rect") + box(bar.frame) + " fill=\"url(#" + id + ")\"/>\n";
  }

  void text(const scene::Text& text, Point at) override {
    const double down = baselineOffset(text);
    // Turned counter-clockwise, "down" of the text points to the right.
    const bool turned = text.rotation != 0;
    const Point p = turned ? Point{at.x + down, at.y} : Point{at.x, at.y + down};
    body += std::string("<text") + attribute("x", p.x) + attribute("y", p.y) + attribute("font-size", text.size) +
            paintOf("fill", text.color);
    if (text.mono) body += std::string(" font-family=\"") + kMono + "\"";
    if (text.bold) body += " font-weight=\"600\"";
    if (text.align != scene::Align::Left)
      body += text.align == scene::Align::Center ? " text-anchor=\"middle\"" : " text-anchor=\"end\"";
    if (turned)
      body += std::string(" transform=\"rotate(") + fixedNumber(-text.rotation) + " " + fixedNumber(p.x) + " " +
              fixedNumber(p.y) + ")\"";
    body += std::string(" xml:space=\"preserve\">") + xmlEscaped(text.text) + "</text>\n";
  }

private:
  static std::vector<std::uint32_t> pixelsOf(const Cells& cells) {
    std::vector<std::uint32_t> pixels;
    pixels.reserve(static_cast<std::size_t>(cells.width * cells.height));
    for (std::int64_t y = cells.y; y < cells.y + cells.height; ++y) {
      const auto row = cells.layer->rgba->begin() + y * cells.layer->width + cells.x;
      pixels.insert(pixels.end(), row, row + cells.width);
    }
    return pixels;
  }

  bool m_open = false;
  int m_clips = 0, m_bars = 0;
};

} // namespace

std::string xmlEscaped(std::string_view text) {
  std::string out;
  for (const char c : scene::cleanText(text)) {
    if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else if (c == '"')
      out += "&quot;";
    else
      out += c;
  }
  return out;
}

Result<std::string> toSvg(const scene::Scene& scene, const SvgOptions& options) {
  const double height = options.widthMm * scene.height / scene.width;
  if (!(scene.width > 0) || !(scene.height > 0) || !(options.widthMm > 0) || !std::isfinite(height) || !(height > 0))
    return badInput("a figure needs a width and a height above 0, found a scene of " + std::to_string(scene.width) +
                    " x " + std::to_string(scene.height) + " units at " + std::to_string(options.widthMm) + " mm");
  SvgSurface surface;
  walk(scene, {}, surface);
  surface.finish();
  if (surface.error) return *surface.error;
  std::string svg = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                    "<svg xmlns=\"http://www.w3.org/2000/svg\" xmlns:xlink=\"http://www.w3.org/1999/xlink\" "
                    "version=\"1.1\" width=\"" +
                    fixedNumber(options.widthMm) + "mm\" height=\"" + fixedNumber(height) + "mm\" viewBox=\"0 0 " +
                    fixedNumber(scene.width) + " " + fixedNumber(scene.height) + "\" font-family=\"" + kSans + "\">\n";
  if (!options.title.empty()) svg += "<title>" + xmlEscaped(options.title) + "</title>\n";
  if (!surface.defs.empty()) svg += "<defs>\n" + surface.defs + "</defs>\n";
  if (!options.transparent)
    svg += "<rect" + box({0, 0, scene.width, scene.height}) + paintOf("fill", scene.background) + "/>\n";
  return svg + surface.body + "</svg>\n";
}

} // namespace orrery::paint
