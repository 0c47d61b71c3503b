// SPDX-License-Identifier: MIT
// The status bar: model, device, what draws, speed, captured bytes, GUI-thread time, warnings. GUI thread.
#pragma once
#include <QLabel>
#include <QStatusBar>
#include <QTimer>
#include <QToolButton>

#include "app/window/desk.h"

namespace orrery::app {

class StatusLine : public QStatusBar {
  Q_OBJECT
public:
  explicit StatusLine(Desk& desk, QWidget* parent = nullptr);
  void setBackend(const QString& name); // "Vulkan: ..." or "QPainter: ..."
  void addWarning(const QString& sentence);

private:
  QLabel* field(const char* name, const QString& tip);
  void refresh();
  void refreshMeter();
  QStringList warnings() const;
  void showWarnings();

  Desk& m_desk;
  QLabel *m_model, *m_device, *m_backend, *m_speed, *m_bytes, *m_meter;
  QToolButton* m_warnings;
  QStringList m_own; // warnings that do not come from the model
  QTimer m_timer;
};

} // namespace orrery::app
