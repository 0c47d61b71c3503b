// SPDX-License-Identifier: MIT
#include "views/paint/painter.h"

#include <QFontMetricsF>
#include <QImage>
#include <QLinearGradient>
#include <QPaintDevice>
#include <QPainter>
#include <QPainterPath>

namespace orrery::paint {
namespace {

using scene::Point;

QColor colorOf(scene::Color c) { return {c.r, c.g, c.b, c.a}; }

// The cells in view as an image that shares the layer's memory.
QImage imageOf(const Cells& cells) {
  const auto& rgba = *cells.layer->rgba;
  const auto* first = rgba.data() + cells.y * cells.layer->width + cells.x;
  return {reinterpret_cast<const uchar*>(first), static_cast<int>(cells.width), static_cast<int>(cells.height),
          static_cast<qsizetype>(cells.layer->width) * 4, QImage::Format_RGBA8888};
}

class PainterSurface : public Surface {
public:
  PainterSurface(QPainter& painter, double scale) : m_painter(painter), m_scale(scale) {}

  void clip(const scene::Rect* frame) override {
    if (frame)
      m_painter.setClipRect(rectOf(*frame));
    else
      m_painter.setClipping(false);
  }

  void fill(const scene::Rect& rect, scene::Color color) override { m_painter.fillRect(rectOf(rect), colorOf(color)); }

  void image(const Cells& cells) override {
    constexpr std::int64_t kLargestSide = 32767;
    if (cells.width > kLargestSide || cells.height > kLargestSide) return tiles(cells);
    m_painter.drawImage(rectOf(cells.target), imageOf(cells));
  }

  void line(const std::vector<Point>& points, scene::Color color, double width, bool closed) override {
    QPainterPath path(pointOf(points[0]));
    for (std::size_t i = 1; i < points.size(); ++i) path.lineTo(pointOf(points[i]));
    if (closed) path.closeSubpath();
    m_painter.strokePath(path, QPen(colorOf(color), width * m_scale, Qt::SolidLine, Qt::FlatCap, Qt::MiterJoin));
  }

  void disc(Point center, double radius, scene::Color color) override {
    m_painter.setPen(Qt::NoPen);
    m_painter.setBrush(colorOf(color));
    m_painter.drawEllipse(pointOf(center), radius * m_scale, radius * m_scale);
  }

  void bar(const scene::ColorBar& bar) override {
    const QRectF rect = rectOf(bar.frame);
    const bool vertical = bar.frame.h > bar.frame.w;
    QLinearGradient gradient(vertical ? rect.bottomLeft() : rect.topLeft(),
                             vertical ? rect.topLeft() : rect.topRight());
    const auto colors = barColors(bar.scale);
    QGradientStops stops;
    for (std::size_t i = 0; i < colors.size(); ++i)
      stops.append({static_cast<double>(i) / static_cast<double>(colors.size() - 1), colorOf(colors[i])});
    gradient.setStops(stops);
    m_painter.fillRect(rect, gradient);
  }

  void text(const scene::Text& text, Point at) override {
    const QString string = QString::fromStdString(text.text);
    QFont font = text.mono ? monoFont() : interfaceFont(text.bold);
    // A point size may be fractional where a pixel size may not.
    font.setPointSizeF(text.size * m_scale * 72 / m_painter.device()->logicalDpiY());
    const double width = QFontMetricsF(font, m_painter.device()).horizontalAdvance(string);
    const double left = text.align == scene::Align::Left ? 0 : text.align == scene::Align::Center ? -width / 2 : -width;
    m_painter.setFont(font);
    m_painter.setPen(colorOf(text.color));
    m_painter.save();
    m_painter.translate(pointOf(at));
    if (text.rotation != 0) m_painter.rotate(-text.rotation);
    m_painter.drawText(QPointF(left, baselineOffset(text) * m_scale), string);
    m_painter.restore();
  }

private:
  QPointF pointOf(Point p) const { return {p.x * m_scale, p.y * m_scale}; }
  QRectF rectOf(const scene::Rect& r) const { return {r.x * m_scale, r.y * m_scale, r.w * m_scale, r.h * m_scale}; }

  // QPainter takes no image with a longer side: draw the parts.
  void tiles(const Cells& cells) {
    constexpr std::int64_t kTile = 16384;
    const double w = cells.target.w / static_cast<double>(cells.width);
    const double h = cells.target.h / static_cast<double>(cells.height);
    for (std::int64_t y = 0; y < cells.height; y += kTile)
      for (std::int64_t x = 0; x < cells.width; x += kTile) {
        Cells part = cells;
        part.x += x;
        part.y += y;
        part.width = std::min(kTile, cells.width - x);
        part.height = std::min(kTile, cells.height - y);
        part.target = {cells.target.x + w * static_cast<double>(x), cells.target.y + h * static_cast<double>(y),
                       w * static_cast<double>(part.width), h * static_cast<double>(part.height)};
        image(part);
      }
  }

  QPainter& m_painter;
  const double m_scale;
};

} // namespace

QFont interfaceFont(bool bold) {
  QFont font(QStringList{"Inter", "DejaVu Sans", "sans-serif"});
  font.setWeight(bold ? QFont::DemiBold : QFont::Normal);
  return font;
}

QFont monoFont() {
  QFont font(QStringList{"JetBrains Mono", "DejaVu Sans Mono", "monospace"});
  font.setStyleHint(QFont::Monospace);
  return font;
}

void paintScene(QPainter& painter, const scene::Scene& scene, const PaintOptions& options) {
  painter.save();
  painter.setRenderHint(QPainter::Antialiasing);
  painter.setRenderHint(QPainter::TextAntialiasing);
  painter.setRenderHint(QPainter::SmoothPixmapTransform, false);
  painter.setRenderHint(QPainter::LosslessImageRendering);
  const double s = options.scale;
  if (!options.transparent)
    painter.fillRect(QRectF(0, 0, scene.width * s, scene.height * s), colorOf(scene.background));
  PainterSurface surface(painter, s);
  walk(scene, options.cameras, surface);
  painter.restore();
}

} // namespace orrery::paint
