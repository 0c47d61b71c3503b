// SPDX-License-Identifier: MIT
#include "views/scene/scene.h"

#include <cmath>

namespace orrery::scene {
namespace {

constexpr std::int64_t kHatchPeriod = 4; // cells

// Half of the masked cells' second colour, so that a guessed cell still shows its value.
Color blend(Color under, Color over) {
  const auto half = [](std::uint8_t p, std::uint8_t q) { return static_cast<std::uint8_t>((p + q) / 2); };
  return {half(under.r, over.r), half(under.g, over.g), half(under.b, over.b), 255};
}

bool onHatch(std::int64_t row, std::int64_t column) { return (row + column) % kHatchPeriod == 0; }

// Colours of one layer: the table is fetched once, cells are independent.
class Painter {
public:
  explicit Painter(const ColorScale& scale) : m_scale(scale), m_table(colorTable(scale.map)) {
    if (!m_table) m_table = colorTable("grey");
  }

  Color value(float v) const {
    if (!std::isfinite(v)) return m_scale.nonFinite;
    return (*m_table)[m_scale.tableIndex(v)];
  }

  Color cell(float v, std::uint8_t mask, std::int64_t row, std::int64_t column) const {
    const bool hatched = mask != 0 && m_scale.hatch.a != 0 && onHatch(row, column);
    if (mask == 1) return hatched ? m_scale.hatch : m_scale.masked;
    return hatched ? blend(value(v), m_scale.hatch) : value(v);
  }

private:
  const ColorScale& m_scale;
  const ColorTable* m_table;
};

bool consistent(const ImageLayer& layer) {
  if (!layer.values || layer.width <= 0 || layer.height <= 0) return false;
  const auto width = static_cast<std::size_t>(layer.width), height = static_cast<std::size_t>(layer.height);
  const std::size_t cells = layer.values->size();
  if (cells % width != 0 || cells / width != height) return false;
  return !layer.mask || layer.mask->size() == cells;
}

// FNV-1a over words instead of bytes: fast, and enough to tell one picture from the next.
std::uint64_t hashOf(const ImageLayer& layer) {
  std::uint64_t hash = 14695981039346656037u ^ static_cast<std::uint64_t>(layer.width);
  for (const std::uint32_t pixel : *layer.rgba) hash = (hash ^ pixel) * 1099511628211u;
  return hash | 1; // never 0, which means "none"
}

std::int64_t colour(ImageLayer& layer) {
  const Painter painter(layer.scale);
  const auto width = layer.width, height = layer.height;
  auto pixels = std::make_shared<std::vector<std::uint32_t>>(layer.values->size());
  std::int64_t nonFinite = 0;
  std::size_t i = 0;
  for (std::int64_t row = 0; row < height; ++row) {
    for (std::int64_t column = 0; column < width; ++column, ++i) {
      const float v = (*layer.values)[i];
      const std::uint8_t mask = layer.mask ? (*layer.mask)[i] : std::uint8_t{0};
      nonFinite += mask != 1 && !std::isfinite(v);
      (*pixels)[i] = packed(painter.cell(v, mask, row, column));
    }
  }
  layer.rgba = std::move(pixels);
  if (layer.id == 0) layer.id = hashOf(layer);
  return nonFinite;
}

} // namespace

void finish(Scene& scene) {
  scene.nonFinite = 0;
  for (ImageLayer& layer : scene.images)
    if (consistent(layer)) scene.nonFinite += colour(layer);
}

bool drawable(const ImageLayer& layer) {
  if (!layer.rgba || layer.width <= 0 || layer.height <= 0) return false;
  const auto width = static_cast<std::size_t>(layer.width);
  return layer.rgba->size() % width == 0 && layer.rgba->size() / width == static_cast<std::size_t>(layer.height);
}

Point toScene(const Panel& panel, Point data) {
  return {panel.frame.x + (data.x - panel.data.x) * panel.frame.w / panel.data.w,
          panel.frame.y + (data.y - panel.data.y) * panel.frame.h / panel.data.h};
}

Point toData(const Panel& panel, Point scene) {
  return {panel.data.x + (scene.x - panel.frame.x) * panel.data.w / panel.frame.w,
          panel.data.y + (scene.y - panel.frame.y) * panel.data.h / panel.frame.h};
}

Rect toScene(const Panel& panel, const Rect& data) {
  const Point a = toScene(panel, Point{data.x, data.y});
  const Point b = toScene(panel, Point{data.x + data.w, data.y + data.h});
  return {a.x, a.y, b.x - a.x, b.y - a.y};
}

std::vector<Panel> livePanels(const Scene& scene, const std::map<std::string, Rect>& cameras) {
  std::vector<Panel> panels = scene.panels;
  for (Panel& panel : panels)
    if (const auto camera = cameras.find(panel.name); camera != cameras.end()) panel.data = camera->second;
  const auto known = [&](int i) { return i >= 0 && static_cast<std::size_t>(i) < panels.size(); };
  for (Panel& panel : panels) {
    if (known(panel.followX)) {
      const Rect& other = panels[static_cast<std::size_t>(panel.followX)].data;
      panel.data.x = other.x;
      panel.data.w = other.w;
    }
    if (known(panel.followY)) {
      const Rect& other = panels[static_cast<std::size_t>(panel.followY)].data;
      panel.data.y = other.y;
      panel.data.h = other.h;
    }
  }
  return panels;
}

} // namespace orrery::scene
