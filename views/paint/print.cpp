// SPDX-License-Identifier: MIT
#include "views/paint/print.h"

#include <QBuffer>
#include <QGuiApplication>
#include <QImage>
#include <QPageSize>
#include <QPainter>
#include <QPdfWriter>
#include <cmath>
#include <cstdio>

#include "views/paint/painter.h"

namespace orrery::paint {
namespace {

constexpr double kMmPerInch = 25.4;
constexpr int kPdfDpi = 1200; // positions in a PDF are multiples of 1/1200 inch

std::string shown(double value) {
  char text[64];
  std::snprintf(text, sizeof text, "%.6g", value);
  return text;
}

Status checkSize(const scene::Scene& scene, const PrintOptions& options) {
  if (!qobject_cast<QGuiApplication*>(QCoreApplication::instance()))
    return Error{Code::Internal, "figures need a QGuiApplication: call ensureGuiApplication() first", {}, {}};
  if (!(scene.width > 0) || !(scene.height > 0) || !std::isfinite(scene.width) || !std::isfinite(scene.height))
    return badInput("a figure needs a width and a height above 0, found a scene of " + shown(scene.width) + " x " +
                    shown(scene.height) + " units");
  if (!(options.widthMm > 0) || !(options.widthMm <= kWidestMm))
    return badInput("a figure is wider than 0 and at most " + shown(kWidestMm) + " mm wide, found " +
                    shown(options.widthMm) + " mm");
  return Done{};
}

std::string bytesOf(const QByteArray& bytes) { return {bytes.constData(), static_cast<std::size_t>(bytes.size())}; }

} // namespace

Result<std::string> toPng(const scene::Scene& scene, const PrintOptions& options) {
  if (Status status = checkSize(scene, options); !status) return status.error();
  const double w = std::round(options.widthMm / kMmPerInch * options.dpi);
  const double h = std::round(options.widthMm / kMmPerInch * options.dpi * scene.height / scene.width);
  if (!(w >= 1) || !(h >= 1))
    return badInput("a PNG has at least 1 x 1 pixels, found " + shown(w) + " x " + shown(h) + " at " +
                    shown(options.dpi) + " dpi");
  if (!(w <= kLongestSide) || !(h <= kLongestSide) || !(w * h <= kMostPixels))
    return tooLarge("a PNG of " + shown(w) + " x " + shown(h) + " pixels is too large, at most " + shown(kMostPixels) +
                    " pixels and " + shown(kLongestSide) + " on a side are drawn");
  QImage image(static_cast<int>(w), static_cast<int>(h), QImage::Format_ARGB32_Premultiplied);
  if (image.isNull()) return tooLarge("no memory for a PNG of " + shown(w) + " x " + shown(h) + " pixels");
  image.fill(Qt::transparent);
  image.setDotsPerMeterX(static_cast<int>(std::lround(options.dpi / kMmPerInch * 1000)));
  image.setDotsPerMeterY(image.dotsPerMeterX());
  {
    QPainter painter(&image);
    paintScene(painter, scene, {.scale = w / scene.width, .transparent = options.transparent, .cameras = {}});
  }
  if (!options.transparent) image = image.convertToFormat(QImage::Format_RGB32);
  if (!options.title.empty()) image.setText("Title", QString::fromStdString(options.title));
  QBuffer buffer;
  buffer.open(QIODevice::WriteOnly);
  if (!image.save(&buffer, "PNG")) return Error{Code::Internal, "Qt could not encode the PNG", {}, {}};
  return bytesOf(buffer.data());
}

Result<std::string> toPdf(const scene::Scene& scene, const PrintOptions& options) {
  if (Status status = checkSize(scene, options); !status) return status.error();
  const double heightMm = options.widthMm * scene.height / scene.width;
  if (!(heightMm <= kWidestMm)) return tooLarge("a PDF page of " + shown(heightMm) + " mm height is too large");
  QBuffer buffer;
  buffer.open(QIODevice::WriteOnly);
  QPdfWriter writer(&buffer);
  writer.setCreator("Orrery");
  writer.setTitle(QString::fromStdString(options.title));
  writer.setResolution(kPdfDpi);
  writer.setPageSize(QPageSize(QSizeF(options.widthMm, heightMm), QPageSize::Millimeter, {}, QPageSize::ExactMatch));
  writer.setPageMargins(QMarginsF());
  QPainter painter;
  if (!painter.begin(&writer)) return Error{Code::Internal, "Qt could not begin the PDF", {}, {}};
  const double pixels = options.widthMm / kMmPerInch * kPdfDpi;
  paintScene(painter, scene, {.scale = pixels / scene.width, .transparent = options.transparent, .cameras = {}});
  painter.end();
  return bytesOf(buffer.data());
}

} // namespace orrery::paint
