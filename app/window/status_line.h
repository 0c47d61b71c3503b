// SPDX-License-Identifier: MIT
// The status bar: model, device, what draws, speed, captured bytes, GUI-thread time, warnings. GUI thread.
#pragma once
#include <QLabel>
#include <QStatusBar>
#include <QTimer>
#include <QToolButton>

#include "app/window/desk.h"
#include "app/window/trust_check.h"

namespace orrery::app {

class StatusLine : public QStatusBar {
  Q_OBJECT
public:
  explicit StatusLine(Desk& desk, QWidget* parent = nullptr);
  TrustCheck& trust() { return m_trust; }
  void setBackend(const QString& name); // "Vulkan: ..." or "QPainter: ..."
  void addWarning(const QString& sentence);

private:
  QLabel* field(const char* name, const QString& tip);
  void refresh();
  void refreshMeter();
  void refreshTrust();
  QStringList warnings() const;
  void showWarnings();

  Desk& m_desk;
  QLabel *m_model, *m_device, *m_processed, *m_backend, *m_speed, *m_bytes, *m_meter;
  QToolButton *m_badge, *m_warnings;
  TrustCheck m_trust;
  QStringList m_own; // warnings that do not come from the model
  QTimer m_timer;
};

} // namespace orrery::app
