// SPDX-License-Identifier: MIT
#include "views/gpu/painter_canvas.h"

#include <QEvent>
#include <QPainter>

#include "views/paint/painter.h"

namespace orrery::gpu {

PainterCanvas::PainterCanvas(std::function<bool(QEvent*)> input, FrameMeter& meter, QWidget* parent)
    : QWidget(parent), m_input(std::move(input)), m_meter(meter) {
  setMouseTracking(true);
  setAttribute(Qt::WA_OpaquePaintEvent);
}

void PainterCanvas::draw(Frame frame) {
  m_frame = std::move(frame);
  update();
}

QImage PainterCanvas::grabImage() { return grab().toImage(); }

void PainterCanvas::paintEvent(QPaintEvent*) {
  const FrameMeter::Scope timed(m_meter);
  QPainter painter(this);
  const scene::Color ground = m_frame.scene ? m_frame.scene->background : m_frame.overlay.background;
  painter.fillRect(rect(), QColor(ground.r, ground.g, ground.b));
  paint::PaintOptions options;
  options.transparent = true;
  options.cameras = m_frame.cameras;
  if (m_frame.scene) paint::paintScene(painter, *m_frame.scene, options);
  options.cameras.clear();
  paint::paintScene(painter, m_frame.overlay, options);
}

bool PainterCanvas::event(QEvent* event) {
  switch (event->type()) {
  case QEvent::MouseButtonPress:
  case QEvent::MouseButtonRelease:
  case QEvent::MouseButtonDblClick:
  case QEvent::MouseMove:
  case QEvent::Wheel:
  case QEvent::Leave:
    if (m_input(event)) {
      event->accept();
      return true;
    }
    break;
  default:
    break;
  }
  return QWidget::event(event);
}

} // namespace orrery::gpu
