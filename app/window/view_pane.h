// SPDX-License-Identifier: MIT
// One view on one canvas, linked to the desk: snapshots, selection, settings and theme come in, selections and settings
// go out. A pane that is not visible asks for nothing. GUI thread.
#pragma once
#include <QLabel>
#include <QWidget>

#include "app/window/desk.h"
#include "views/gpu/canvas.h"

namespace orrery::app {

class ViewPane : public QWidget {
  Q_OBJECT
public:
  // `titled`: a line with the view's title above the canvas.
  ViewPane(Desk& desk, const std::string& view, bool titled, QWidget* parent = nullptr);

  gpu::Canvas& canvas() { return *m_canvas; }
  const std::string& viewName() const { return m_name; }

Q_SIGNALS:
  void menuRequested(const QPoint& globalPosition);

protected:
  void showEvent(QShowEvent* event) override;
  bool eventFilter(QObject* watched, QEvent* event) override;

private:
  void connectCanvas();
  void sync(); // everything, after having been hidden

  Desk& m_desk;
  std::string m_name;
  const views::View* m_view;
  gpu::Canvas* m_canvas;
};

} // namespace orrery::app
