// SPDX-License-Identifier: MIT
#include "views/gpu/text_atlas.h"

#include <QFont>
#include <QFontMetricsF>
#include <QImage>
#include <QPainter>
#include <QString>
#include <algorithm>
#include <cmath>
#include <cstring>

#include "views/paint/painter.h"

namespace orrery::gpu {

namespace {

constexpr int kPadding = 1; // pixels around each run, so that neighbours never bleed

// Characters that fonts may draw in colours: everything from the symbol blocks on.
bool mayBeColored(const QString& text) {
  return std::any_of(text.begin(), text.end(), [](QChar c) { return c.isSurrogate() || c.unicode() >= 0x2600; });
}

std::string keyOf(const scene::Text& text, double ratio, bool colored) {
  std::string key = text.text;
  key += '\0';
  key += std::to_string(std::lround(text.size * ratio * 8));
  key += text.mono ? 'm' : 'p';
  key += text.bold ? 'b' : 'r';
  if (colored) key += scene::toHex(text.color);
  return key;
}

} // namespace

TextAtlas::TextAtlas(int side) : m_side(side) {}

void TextAtlas::clear() {
  m_runs.clear();
  m_uploads.clear();
  m_shelfX = m_shelfY = m_shelfHeight = 0;
  m_overflowed = false;
}

std::vector<TextAtlas::Upload> TextAtlas::takeUploads() {
  std::vector<Upload> uploads;
  uploads.swap(m_uploads);
  return uploads;
}

std::optional<TextAtlas::Place> TextAtlas::allocate(int w, int h) {
  if (w > m_side || h > m_side) return std::nullopt;
  if (m_shelfX + w > m_side || h > m_shelfHeight) {
    // A taller run opens a new shelf unless this one is still empty.
    if (m_shelfX > 0) {
      m_shelfY += m_shelfHeight;
      m_shelfX = 0;
    }
    m_shelfHeight = h;
  }
  if (m_shelfY + m_shelfHeight > m_side) {
    m_overflowed = true;
    return std::nullopt;
  }
  const Place place{m_shelfX, m_shelfY};
  m_shelfX += w;
  return place;
}

std::optional<TextRun> TextAtlas::run(const scene::Text& text, double pixelRatio) {
  const bool colored = mayBeColored(QString::fromStdString(text.text));
  const std::string key = keyOf(text, pixelRatio, colored);
  if (const auto found = m_runs.find(key); found != m_runs.end()) return found->second;
  if (m_overflowed) return std::nullopt;
  const TextRun made = rasterise(text, pixelRatio, colored);
  if (made.width == 0) return std::nullopt;
  m_runs.emplace(key, made);
  return made;
}

// Shelves are rounded up to multiples of 4 pixels, so that sizes share them.
TextRun TextAtlas::rasterise(const scene::Text& text, double pixelRatio, bool colored) {
  const QString string = QString::fromStdString(text.text);
  // A point size may be fractional where a pixel size may not; the device says how many pixels a point is.
  QImage device(1, 1, QImage::Format_RGBA8888_Premultiplied);
  QFont font = text.mono ? paint::monoFont() : paint::interfaceFont(text.bold);
  font.setPointSizeF(text.size * pixelRatio * 72 / device.logicalDpiY());
  const QFontMetricsF metrics(font, &device);
  const QRectF ink = metrics.boundingRect(string).united(QRectF(0, -metrics.ascent(), 1, metrics.height()));
  TextRun run;
  run.advance = metrics.horizontalAdvance(string);
  run.left = std::ceil(std::max(0.0, -ink.left())) + kPadding;
  const double above = std::ceil(std::max(metrics.ascent(), -ink.top()));
  run.width = static_cast<int>(std::ceil(run.left + std::max(run.advance, ink.right()))) + kPadding + 1;
  run.height = static_cast<int>(std::ceil(above + std::max(metrics.descent(), ink.bottom()))) + 2 * kPadding;
  run.width = std::min(run.width, m_side);
  run.colored = colored;
  const auto place = allocate(run.width, (run.height + 3) / 4 * 4);
  if (!place) return {};

  QImage image(run.width, run.height, QImage::Format_RGBA8888_Premultiplied);
  image.fill(Qt::transparent);
  QPainter painter(&image);
  painter.setRenderHint(QPainter::TextAntialiasing);
  painter.setFont(font);
  painter.setPen(colored ? QColor(text.color.r, text.color.g, text.color.b) : QColor(Qt::white));
  painter.drawText(QPointF(run.left, above + kPadding), string);
  painter.end();

  Upload upload{place->x, place->y, run.width, run.height, {}};
  upload.pixels.resize(static_cast<std::size_t>(run.width) * static_cast<std::size_t>(run.height));
  for (int y = 0; y < run.height; ++y)
    std::memcpy(upload.pixels.data() + static_cast<std::ptrdiff_t>(y) * run.width, image.constScanLine(y),
                static_cast<std::size_t>(run.width) * 4);
  m_uploads.push_back(std::move(upload));

  const double side = m_side;
  run.u0 = static_cast<float>(place->x / side);
  run.v0 = static_cast<float>(place->y / side);
  run.u1 = static_cast<float>((place->x + run.width) / side);
  run.v1 = static_cast<float>((place->y + run.height) / side);
  run.top = above + kPadding;
  return run;
}

} // namespace orrery::gpu
