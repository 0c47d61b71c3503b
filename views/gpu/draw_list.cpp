// SPDX-License-Identifier: MIT
#include "views/gpu/draw_list.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace orrery::gpu {

using scene::Color;
using scene::Point;
using scene::Rect;

void DrawList::clear() {
  vertices.clear();
  indices.clear();
  batches.clear();
}

namespace {

std::uint32_t transparent(std::uint32_t color) { return color & 0x00ffffffu; }

class Batcher : public paint::Surface {
public:
  Batcher(DrawList& list, const scene::Scene& scene, double ratio, TextureSource& textures)
      : m_list(list), m_ratio(ratio), m_textures(textures), m_whole{0, 0, scene.width, scene.height} {
    clip(nullptr);
  }

  void clip(const Rect* frame) override {
    const Rect& r = frame ? *frame : m_whole;
    const int x0 = std::max(0, static_cast<int>(std::lround(r.x * m_ratio)));
    const int y0 = std::max(0, static_cast<int>(std::lround(r.y * m_ratio)));
    const int x1 = std::max(x0, static_cast<int>(std::lround((r.x + r.w) * m_ratio)));
    const int y1 = std::max(y0, static_cast<int>(std::lround((r.y + r.h) * m_ratio)));
    m_clip = {x0, y0, x1 - x0, y1 - y0};
  }

  // Edges land on pixels; what is not empty stays visible.
  void fill(const Rect& rect, Color color) override {
    if (color.a == 0) return;
    const Point p = pixels({rect.x, rect.y}), q = pixels({rect.x + rect.w, rect.y + rect.h});
    const double x0 = std::round(std::min(p.x, q.x)), y0 = std::round(std::min(p.y, q.y));
    begin(Pipe::Shape, 0);
    plainRect(x0, y0, std::max(x0 + 1, std::round(std::max(p.x, q.x))),
              std::max(y0 + 1, std::round(std::max(p.y, q.y))), packed(color));
  }

  void image(const paint::Cells& cells) override {
    const std::int64_t side = m_textures.tileSide();
    for (std::int64_t row = cells.y / side; row * side < cells.y + cells.height; ++row)
      for (std::int64_t column = cells.x / side; column * side < cells.x + cells.width; ++column)
        imageTile(cells, column, row);
  }

  void line(const std::vector<Point>& points, Color color, double lineWidth, bool closed) override {
    if (points.size() < 2 || color.a == 0) return;
    begin(Pipe::Shape, 0);
    const double width = std::max(lineWidth * m_ratio, 1.0);
    const std::size_t segments = closed ? points.size() : points.size() - 1;
    for (std::size_t i = 0; i < segments; ++i) {
      const Point a = pixels(points[i]), b = pixels(points[(i + 1) % points.size()]);
      if (std::abs(a.x - b.x) < 1e-6 || std::abs(a.y - b.y) < 1e-6)
        straight(a, b, width, packed(color));
      else
        slanted(a, b, width, packed(color));
    }
  }

  void disc(Point center, double units, Color color) override;
  void bar(const scene::ColorBar& bar) override;
  void text(const scene::Text& text, Point at) override;

private:
  Point pixels(Point p) const { return {p.x * m_ratio, p.y * m_ratio}; }

  void begin(Pipe pipe, std::uint32_t texture) {
    if (!m_list.batches.empty()) {
      const Batch& last = m_list.batches.back();
      if (last.pipe == pipe && last.texture == texture && last.clip == m_clip) return;
    }
    m_list.batches.push_back({pipe, texture, m_clip, static_cast<std::uint32_t>(m_list.indices.size()), 0});
  }

  std::uint32_t vertex(double x, double y, double u, double v, std::uint32_t color) {
    m_list.vertices.push_back(
        {static_cast<float>(x), static_cast<float>(y), static_cast<float>(u), static_cast<float>(v), color});
    return static_cast<std::uint32_t>(m_list.vertices.size() - 1);
  }
  void triangle(std::uint32_t a, std::uint32_t b, std::uint32_t c) {
    m_list.indices.insert(m_list.indices.end(), {a, b, c});
    m_list.batches.back().count += 3;
  }
  // Corners in turn, with their own colours.
  void quad(std::uint32_t a, std::uint32_t b, std::uint32_t c, std::uint32_t d) {
    triangle(a, b, c);
    triangle(a, c, d);
  }
  void plainRect(double x0, double y0, double x1, double y1, std::uint32_t color) {
    const std::uint32_t a = vertex(x0, y0, 0, 0, color), b = vertex(x1, y0, 0, 0, color);
    quad(a, b, vertex(x1, y1, 0, 0, color), vertex(x0, y1, 0, 0, color));
  }

  // The part of one tile that is in view.
  void imageTile(const paint::Cells& cells, std::int64_t column, std::int64_t row) {
    const std::int64_t side = m_textures.tileSide();
    const std::int64_t c0 = std::max(cells.x, column * side), c1 = std::min(cells.x + cells.width, (column + 1) * side);
    const std::int64_t r0 = std::max(cells.y, row * side), r1 = std::min(cells.y + cells.height, (row + 1) * side);
    const auto texture = m_textures.tile(*cells.layer, column, row);
    if (!texture) return;
    const double sx = cells.target.w / static_cast<double>(cells.width);
    const double sy = cells.target.h / static_cast<double>(cells.height);
    const Point p = pixels({cells.target.x + static_cast<double>(c0 - cells.x) * sx,
                            cells.target.y + static_cast<double>(r0 - cells.y) * sy});
    const Point q = pixels({cells.target.x + static_cast<double>(c1 - cells.x) * sx,
                            cells.target.y + static_cast<double>(r1 - cells.y) * sy});
    const auto tileW = static_cast<double>(std::min(side, cells.layer->width - column * side));
    const auto tileH = static_cast<double>(std::min(side, cells.layer->height - row * side));
    const double u0 = static_cast<double>(c0 - column * side) / tileW;
    const double u1 = static_cast<double>(c1 - column * side) / tileW;
    const double v0 = static_cast<double>(r0 - row * side) / tileH, v1 = static_cast<double>(r1 - row * side) / tileH;
    begin(Pipe::Image, *texture);
    const std::uint32_t a = vertex(p.x, p.y, u0, v0, 0xffffffff), b = vertex(q.x, p.y, u1, v0, 0xffffffff);
    quad(a, b, vertex(q.x, q.y, u1, v1, 0xffffffff), vertex(p.x, q.y, u0, v1, 0xffffffff));
  }

  // Horizontal or vertical: whole pixels, crisp.
  void straight(Point a, Point b, double width, std::uint32_t color) {
    const double w = std::max(1.0, std::round(width));
    if (std::abs(a.y - b.y) < 1e-6 && std::abs(a.x - b.x) > 1e-6) {
      const double y = std::round(a.y - w / 2);
      plainRect(std::round(std::min(a.x, b.x) - w / 2), y, std::round(std::max(a.x, b.x) + w / 2), y + w, color);
    } else {
      const double x = std::round(a.x - w / 2);
      plainRect(x, std::round(std::min(a.y, b.y) - w / 2), x + w, std::round(std::max(a.y, b.y) + w / 2), color);
    }
  }

  // A core of full colour with an edge of one pixel that fades out on either side.
  void slanted(Point a, Point b, double width, std::uint32_t color) {
    const double length = std::hypot(b.x - a.x, b.y - a.y);
    const double nx = (a.y - b.y) / length, ny = (b.x - a.x) / length;
    const double tx = (b.x - a.x) / length * 0.25, ty = (b.y - a.y) / length * 0.25; // closes the seam at joints
    const double inner = std::max(width / 2 - 0.5, 0.0), outer = width / 2 + 0.5;
    const double offsets[4] = {-outer, -inner, inner, outer};
    std::uint32_t from[4], to[4];
    for (int i = 0; i < 4; ++i) {
      const std::uint32_t c = i == 0 || i == 3 ? transparent(color) : color;
      from[i] = vertex(a.x - tx + nx * offsets[i], a.y - ty + ny * offsets[i], 0, 0, c);
      to[i] = vertex(b.x + tx + nx * offsets[i], b.y + ty + ny * offsets[i], 0, 0, c);
    }
    for (int i = 0; i < 3; ++i) quad(from[i], to[i], to[i + 1], from[i + 1]);
  }

  // A quad of the run whose corner lies (along, down) from the anchor, in the frame of the text.
  void glyphs(const TextRun& run, Point at, double along, double down, const scene::Text& t) {
    const std::uint32_t color =
        run.colored ? (0x00ffffffu | static_cast<std::uint32_t>(t.color.a) << 24) : packed(t.color);
    const double w = run.width, h = run.height;
    if (std::abs(t.rotation) < 1) {
      const double x = std::round(at.x + along), y = std::round(at.y + down);
      const std::uint32_t a = vertex(x, y, run.u0, run.v0, color), b = vertex(x + w, y, run.u1, run.v0, color);
      quad(a, b, vertex(x + w, y + h, run.u1, run.v1, color), vertex(x, y + h, run.u0, run.v1, color));
      return;
    }
    // Counter-clockwise by 90 degrees: along the text is up, below the baseline is right.
    const double x = std::round(at.x + down), y = std::round(at.y - along);
    const std::uint32_t a = vertex(x, y, run.u0, run.v0, color), b = vertex(x, y - w, run.u1, run.v0, color);
    quad(a, b, vertex(x + h, y - w, run.u1, run.v1, color), vertex(x + h, y, run.u0, run.v1, color));
  }

  // Texts far outside of their clip rectangle need no run in the atlas.
  bool outOfSight(Point at, const scene::Text& t) const {
    const double reach = t.size * m_ratio * (2 + static_cast<double>(t.text.size()));
    return at.x < m_clip.x - reach || at.x > m_clip.x + m_clip.w + reach || at.y < m_clip.y - reach ||
           at.y > m_clip.y + m_clip.h + reach;
  }

  DrawList& m_list;
  double m_ratio;
  TextureSource& m_textures;
  Rect m_whole; // units
  PixelRect m_clip;
};

// A fan of full colour inside a ring of one pixel that fades out.
void Batcher::disc(Point center, double units, Color rgba) {
  if (rgba.a == 0) return;
  const Point c = pixels(center);
  begin(Pipe::Shape, 0);
  const double radius = std::max(units * m_ratio, 0.5);
  const int corners = std::clamp(static_cast<int>(radius * 3), 12, 96);
  const std::uint32_t color = packed(rgba);
  const std::uint32_t centre = vertex(c.x, c.y, 0, 0, color);
  std::uint32_t inner = 0, outer = 0;
  for (int i = 0; i <= corners; ++i) {
    const double angle = 2 * std::numbers::pi * i / corners;
    const double x = std::cos(angle), y = std::sin(angle), r = std::max(radius - 0.5, 0.0);
    const std::uint32_t in = vertex(c.x + r * x, c.y + r * y, 0, 0, color);
    const std::uint32_t out = vertex(c.x + (radius + 0.5) * x, c.y + (radius + 0.5) * y, 0, 0, transparent(color));
    if (i > 0) {
      triangle(centre, inner, in);
      quad(inner, outer, out, in);
    }
    inner = in;
    outer = out;
  }
}

// One strip per pixel along the bar.
void Batcher::bar(const scene::ColorBar& b) {
  const bool vertical = b.frame.h > b.frame.w;
  const double x0 = std::round(b.frame.x * m_ratio), x1 = std::round((b.frame.x + b.frame.w) * m_ratio);
  const double y0 = std::round(b.frame.y * m_ratio), y1 = std::round((b.frame.y + b.frame.h) * m_ratio);
  const double length = std::clamp(vertical ? y1 - y0 : x1 - x0, 0.0, 4096.0);
  if (length < 1) return;
  const auto strips = static_cast<std::size_t>(length);
  const std::vector<Color> colors = paint::barColors(b.scale, strips);
  begin(Pipe::Shape, 0);
  for (std::size_t i = 0; i < colors.size(); ++i) {
    const auto at = static_cast<double>(i);
    if (vertical)
      plainRect(x0, y1 - at - 1, x1, y1 - at, packed(colors[i]));
    else
      plainRect(x0 + at, y0, x0 + at + 1, y1, packed(colors[i]));
  }
}

void Batcher::text(const scene::Text& t, Point anchor) {
  if (t.text.empty() || t.color.a == 0 || t.size <= 0) return;
  const Point at = pixels(anchor);
  if (outOfSight(at, t)) return;
  const auto run = m_textures.run(t, m_ratio);
  if (!run) return;
  double along = 0; // from the anchor to the start of the baseline, pixels in the direction of the text
  if (t.align == scene::Align::Center) along = -run->advance / 2;
  if (t.align == scene::Align::Right) along = -run->advance;
  begin(Pipe::Text, m_textures.textTexture());
  glyphs(*run, at, along - run->left, paint::baselineOffset(t) * m_ratio - run->top, t);
}

} // namespace

void appendScene(DrawList& list, const scene::Scene& scene, const paint::Cameras& cameras, double pixelRatio,
                 TextureSource& textures) {
  Batcher batcher(list, scene, pixelRatio, textures);
  paint::walk(scene, cameras, batcher);
}

} // namespace orrery::gpu
