// SPDX-License-Identifier: MIT
// Keys without Ctrl or Alt belong to the field that has the focus: shortcuts such as Space or [ stay silent while one
// types, and arrows move in lists, combo boxes and sliders. Install on the application. GUI thread.
#pragma once
#include <QObject>

class QKeyEvent;

namespace orrery::app {

class TypingGuard : public QObject {
  Q_OBJECT
public:
  using QObject::QObject;
  bool eventFilter(QObject* watched, QEvent* event) override;
};

} // namespace orrery::app
