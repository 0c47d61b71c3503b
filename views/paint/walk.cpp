// SPDX-License-Identifier: MIT
#include "views/paint/walk.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "views/scene/text_metrics.h"

namespace orrery::paint {
namespace {

using scene::kNoPanel;
using scene::Panel;
using scene::Point;
using scene::Rect;

constexpr double kFar = 1e6; // units; further away nothing can be seen, and painters overflow

bool finite(Point p) { return std::isfinite(p.x) && std::isfinite(p.y); }
bool finite(const Rect& r) {
  return std::isfinite(r.x) && std::isfinite(r.y) && std::isfinite(r.w) && std::isfinite(r.h);
}
double near(double v) { return std::clamp(v, -kFar, kFar); }
Point near(Point p) { return {near(p.x), near(p.y)}; }

// Positive sides, as panels whose data grows upwards give negative ones.
Rect upright(Rect r) {
  if (r.w < 0) r = {r.x + r.w, r.y, -r.w, r.h};
  if (r.h < 0) r = {r.x, r.y + r.h, r.w, -r.h};
  return r;
}
Rect near(const Rect& r) {
  const double x = near(r.x), y = near(r.y);
  return {x, y, near(r.x + r.w) - x, near(r.y + r.h) - y};
}

struct Range {
  std::int64_t begin = 0, end = 0;
};
// Cells of `count` over [at, at + size) that show in [low, high).
Range visible(double at, double size, std::int64_t count, double low, double high) {
  const double cell = size / static_cast<double>(count), n = static_cast<double>(count);
  return {static_cast<std::int64_t>(std::clamp(std::floor((low - at) / cell + 1e-6), 0.0, n)),
          static_cast<std::int64_t>(std::clamp(std::ceil((high - at) / cell - 1e-6), 0.0, n))};
}

class Walk {
public:
  Walk(const scene::Scene& scene, const Cameras& cameras, Surface& surface)
      : m_scene(scene), m_panels(scene::livePanels(scene, cameras)), m_surface(surface) {}

  void run() {
    for (const auto& rect : m_scene.below) fill(rect);
    for (const auto& layer : m_scene.images) image(layer);
    for (const auto& rect : m_scene.above) fill(rect);
    for (const auto& line : m_scene.lines) polyline(line);
    for (const auto& disc : m_scene.discs) point(disc);
    for (const auto& bar : m_scene.bars) colorBar(bar);
    for (const auto& text : m_scene.texts) label(text);
    use(nullptr);
  }

private:
  // Clips to the panel for what follows. False if the panel does not exist or has no area.
  bool enter(int panel) {
    if (panel == kNoPanel) return use(nullptr);
    if (panel < 0 || static_cast<std::size_t>(panel) >= m_panels.size()) return false;
    const Panel& p = m_panels[static_cast<std::size_t>(panel)];
    if (!finite(p.frame) || !finite(p.data) || !(p.frame.w > 0) || !(p.frame.h > 0)) return false;
    if (p.data.w == 0 || p.data.h == 0) return false;
    return use(p.clip ? &p.frame : nullptr);
  }
  bool use(const Rect* frame) {
    if (frame != m_clip) m_surface.clip(frame);
    m_clip = frame;
    return true;
  }
  const Panel* panelOf(int panel) const {
    return panel == kNoPanel ? nullptr : &m_panels[static_cast<std::size_t>(panel)];
  }
  Point toScene(int panel, Point p) const { return panelOf(panel) ? scene::toScene(*panelOf(panel), p) : p; }
  Rect toScene(int panel, const Rect& r) const { return panelOf(panel) ? scene::toScene(*panelOf(panel), r) : r; }
  // Panels that do not clip leave out what is anchored outside.
  bool shows(int panel, Point at) const {
    const Panel* p = panelOf(panel);
    if (!p || p->clip) return true;
    constexpr double kSlack = 1e-6;
    const Rect& f = p->frame;
    return at.x >= f.x - kSlack && at.x <= f.x + f.w + kSlack && at.y >= f.y - kSlack && at.y <= f.y + f.h + kSlack;
  }

  void fill(const scene::FilledRect& rect) {
    if (!enter(rect.panel)) return;
    const Rect r = upright(toScene(rect.panel, rect.rect));
    if (finite(r) && rect.color.a != 0 && shows(rect.panel, {r.x + r.w / 2, r.y + r.h / 2}))
      m_surface.fill(near(r), rect.color);
  }

  void image(const scene::ImageLayer& layer) {
    if (!drawable(layer) || layer.panel == kNoPanel || !enter(layer.panel)) return;
    const Rect whole = upright(toScene(layer.panel, layer.data));
    if (!finite(whole) || !(whole.w > 0) || !(whole.h > 0)) return;
    const Rect& frame = panelOf(layer.panel)->frame;
    const Range columns = visible(whole.x, whole.w, layer.width, frame.x, frame.x + frame.w);
    const Range rows = visible(whole.y, whole.h, layer.height, frame.y, frame.y + frame.h);
    Cells cells{&layer, columns.begin, rows.begin, columns.end - columns.begin, rows.end - rows.begin, {}};
    if (cells.width <= 0 || cells.height <= 0) return;
    const double w = whole.w / static_cast<double>(layer.width), h = whole.h / static_cast<double>(layer.height);
    cells.target = {whole.x + w * static_cast<double>(cells.x), whole.y + h * static_cast<double>(cells.y),
                    w * static_cast<double>(cells.width), h * static_cast<double>(cells.height)};
    m_surface.image(cells);
  }

  // A point that is not finite is a gap in the line.
  void polyline(const scene::Polyline& line) {
    if (!enter(line.panel) || line.color.a == 0 || !(line.width > 0) || !std::isfinite(line.width)) return;
    std::vector<Point> part;
    bool whole = true;
    const auto flush = [&] {
      if (part.size() > 1) m_surface.line(part, line.color, line.width, line.closed && whole);
      part.clear();
    };
    for (const Point& data : line.points) {
      const Point p = toScene(line.panel, data);
      if (finite(p) && shows(line.panel, p)) {
        part.push_back(near(p));
      } else {
        whole = false;
        flush();
      }
    }
    flush();
  }

  void point(const scene::Disc& disc) {
    if (!enter(disc.panel)) return;
    const Point p = toScene(disc.panel, disc.center);
    if (finite(p) && disc.radius > 0 && disc.radius < kFar && shows(disc.panel, p))
      m_surface.disc(near(p), disc.radius, disc.color);
  }

  void colorBar(const scene::ColorBar& bar) {
    use(nullptr);
    if (finite(bar.frame) && bar.frame.w > 0 && bar.frame.h > 0) m_surface.bar(bar);
  }

  void label(const scene::Text& text) {
    if (!enter(text.panel) || !(text.size > 0) || !(text.size < kFar)) return;
    const Point p = toScene(text.panel, text.at);
    if (!finite(p) || !shows(text.panel, p)) return;
    scene::Text clean = text;
    clean.text = scene::cleanText(text.text);
    if (!clean.text.empty()) m_surface.text(clean, near(p));
  }

  const scene::Scene& m_scene;
  const std::vector<Panel> m_panels;
  Surface& m_surface;
  const Rect* m_clip = nullptr;
};

} // namespace

void walk(const scene::Scene& scene, const Cameras& cameras, Surface& surface) { Walk(scene, cameras, surface).run(); }

double baselineOffset(const scene::Text& text) {
  if (text.vertical == scene::VAlign::Top) return scene::kAscent * text.size;
  if (text.vertical == scene::VAlign::Middle) return (scene::kAscent - scene::kDescent) / 2 * text.size;
  return text.vertical == scene::VAlign::Bottom ? -scene::kDescent * text.size : 0;
}

std::vector<scene::Color> barColors(const scene::ColorScale& scale, std::size_t stops) {
  const scene::ColorTable* table = scene::colorTable(scale.map);
  if (!table) table = scene::colorTable("grey");
  std::vector<scene::Color> colors;
  for (std::size_t i = 0; i < stops; ++i) colors.push_back((*table)[i * 255 / (stops - 1)]);
  return colors;
}

} // namespace orrery::paint
