// SPDX-License-Identifier: MIT
// The backend of a Canvas where no Vulkan device exists: a plain widget painted by QPainter on the GUI thread.
#pragma once
#include <QImage>
#include <QWidget>
#include <functional>

#include "views/gpu/frame.h"

namespace orrery::gpu {

class PainterCanvas : public QWidget {
public:
  PainterCanvas(std::function<bool(QEvent*)> input, FrameMeter& meter, QWidget* parent);
  void draw(Frame frame);
  QImage grabImage(); // device pixels

protected:
  bool event(QEvent* event) override;
  void paintEvent(QPaintEvent* event) override;

private:
  std::function<bool(QEvent*)> m_input;
  FrameMeter& m_meter;
  Frame m_frame;
};

} // namespace orrery::gpu
