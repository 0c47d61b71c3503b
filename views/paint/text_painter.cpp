// SPDX-License-Identifier: MIT
#include "views/paint/text_painter.h"

#include <cmath>
#include <cstdio>

#include "core/base/text.h"

namespace orrery::paint {
namespace {

constexpr std::int64_t kShownCells = 16; // per side

std::string number(double value, const char* format = "%.2f") {
  char text[64];
  std::snprintf(text, sizeof text, format, value);
  std::string out = text;
  if (out.find('.') != std::string::npos && out.find('e') == std::string::npos) {
    out.erase(out.find_last_not_of('0') + 1);
    if (out.back() == '.') out.pop_back();
  }
  return out == "-0" ? "0" : out;
}
std::string pointText(scene::Point p) { return number(p.x) + "," + number(p.y); }
std::string rectText(const scene::Rect& r) { return pointText({r.x, r.y}) + " " + number(r.w) + "x" + number(r.h); }
std::string colorText(scene::Color c) { return toHex(c) + (c.a == 255 ? "" : std::string("/") + std::to_string(c.a)); }

std::string scaleText(const scene::ColorScale& s) {
  return s.map + " " + number(s.low, "%.6g") + ".." + number(s.high, "%.6g") + (s.log ? " log" : "");
}

// FNV-1a over the pixels in view.
std::string hashText(const Cells& cells) {
  std::uint32_t hash = 2166136261u;
  for (std::int64_t y = 0; y < cells.height; ++y)
    for (std::int64_t x = 0; x < cells.width; ++x) {
      const auto i = static_cast<std::size_t>((cells.y + y) * cells.layer->width + cells.x + x);
      for (int shift = 0; shift < 32; shift += 8) hash = (hash ^ ((*cells.layer->rgba)[i] >> shift & 255)) * 16777619u;
    }
  char text[16];
  std::snprintf(text, sizeof text, "%08x", hash);
  return text;
}

class TextSurface : public Surface {
public:
  std::string out;

  void clip(const scene::Rect* frame) override {
    out += frame ? std::string("clip ") + rectText(*frame) + "\n" : std::string("no clip\n");
  }
  void fill(const scene::Rect& rect, scene::Color color) override {
    out += std::string("fill ") + rectText(rect) + " " + colorText(color) + "\n";
  }
  void image(const Cells& cells) override {
    out += std::string("image ") + rectText(cells.target) + " cells " + std::to_string(cells.width) + "x" +
           std::to_string(cells.height) + " at " + std::to_string(cells.x) + "," + std::to_string(cells.y) + " " +
           scaleText(cells.layer->scale) + " pixels " + hashText(cells) + "\n";
    if (cells.layer->values && cells.width <= kShownCells && cells.height <= kShownCells) values(cells);
  }
  void line(const std::vector<scene::Point>& points, scene::Color color, double width, bool closed) override {
    out += std::string(closed ? "polygon " : "line ") + number(width) + " " + colorText(color);
    for (const scene::Point& p : points) out += " " + pointText(p);
    out += "\n";
  }
  void disc(scene::Point center, double radius, scene::Color color) override {
    out += std::string("disc ") + pointText(center) + " " + number(radius) + " " + colorText(color) + "\n";
  }
  void bar(const scene::ColorBar& bar) override {
    out += std::string("bar ") + rectText(bar.frame) + " " + scaleText(bar.scale) + " " + inQuotes(bar.label) + "\n";
  }
  void text(const scene::Text& text, scene::Point at) override {
    constexpr const char* kAlign[] = {"left", "center", "right"};
    constexpr const char* kVertical[] = {"top", "middle", "baseline", "bottom"};
    out += std::string("text ") + pointText(at) + " " + kAlign[static_cast<int>(text.align)] + " " +
           kVertical[static_cast<int>(text.vertical)] + " " + number(text.size) + " " + colorText(text.color) +
           (text.mono ? " mono" : "") + (text.bold ? " bold" : "") +
           (text.rotation == 0 ? "" : std::string(" turned ") + number(text.rotation)) + " " + inQuotes(text.text) +
           "\n";
  }

private:
  void values(const Cells& cells) {
    for (std::int64_t y = 0; y < cells.height; ++y) {
      out += " ";
      for (std::int64_t x = 0; x < cells.width; ++x) {
        const auto i = static_cast<std::size_t>((cells.y + y) * cells.layer->width + cells.x + x);
        const bool masked = cells.layer->mask && (*cells.layer->mask)[i] == 1;
        out += std::string(" ") + (masked ? std::string("-") : number((*cells.layer->values)[i], "%.4g"));
      }
      out += "\n";
    }
  }
};

} // namespace

std::string toText(const scene::Scene& scene, const Cameras& cameras) {
  TextSurface surface;
  surface.out =
      std::string("scene ") + number(scene.width) + "x" + number(scene.height) + " " + colorText(scene.background);
  if (scene.nonFinite != 0) surface.out += std::string(" non-finite ") + std::to_string(scene.nonFinite);
  surface.out += "\n";
  for (const scene::Panel& p : scene::livePanels(scene, cameras))
    surface.out += std::string("panel ") + inQuotes(p.name) + " " + rectText(p.frame) + " shows " + rectText(p.data) +
                   (p.zoomable ? " zoomable" : "") + "\n";
  walk(scene, cameras, surface);
  for (const scene::Link& link : scene.links)
    surface.out += std::string("link ") + std::to_string(link.panel) + " " + rectText(link.rect) + " " +
                   inQuotes(link.action) + " " + inQuotes(link.tooltip) + "\n";
  return surface.out;
}

} // namespace orrery::paint
