// SPDX-License-Identifier: MIT
// The actions of the window. Each has a stable object name ("action.run.step"), a tooltip that tells its keys, and is
// found by the command palette. GUI thread.
#pragma once
#include <QAction>
#include <QKeySequence>
#include <QWidget>
#include <functional>
#include <vector>

namespace orrery::app {

class ActionSet {
public:
  struct Entry {
    const char* id; // "run.step"
    QString text;   // "Step one token"
    QList<QKeySequence> keys = {};
    const char* icon = "";
    QString tip = {}; // more than the text says
  };

  explicit ActionSet(QWidget& window) : m_window(window) {}
  QAction* add(const Entry& entry, std::function<void()> run);
  QAction* addCheckable(const Entry& entry, std::function<void(bool)> toggled);
  QAction* find(const QString& id) const; // null if there is none

private:
  QAction* make(const Entry& entry);
  QWidget& m_window;
};

} // namespace orrery::app
