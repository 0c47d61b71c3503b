// SPDX-License-Identifier: MIT
// Scrubbing over the generation: the run as it was after so many tokens. GUI thread.
#pragma once
#include <QDockWidget>
#include <QLabel>
#include <QSlider>
#include <QTimer>
#include <QToolButton>

#include "app/window/desk.h"

namespace orrery::app {

class TimelineDock : public QDockWidget {
  Q_OBJECT
public:
  explicit TimelineDock(Desk& desk, QWidget* parent = nullptr);
  void play(); // from the start of the answer, or stops

private:
  void refresh();
  void advance();

  Desk& m_desk;
  QSlider* m_slider;
  QToolButton *m_play, *m_live;
  QLabel* m_label;
  QTimer m_timer;
  bool m_showing = false;
};

} // namespace orrery::app
