// SPDX-License-Identifier: MIT
// The eviction what-if: which policies and budgets to try on the current run, and which tokens to drop by hand. GUI
// thread.
#pragma once
#include <QCheckBox>
#include <QDockWidget>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <array>

#include "app/window/desk.h"

namespace orrery::app {

class EvictDock : public QDockWidget {
  Q_OBJECT
public:
  explicit EvictDock(Desk& desk, QWidget* parent = nullptr);

Q_SIGNALS:
  void viewWanted(const QString& view); // one that shows the results

private:
  QWidget* makeBody();
  Result<std::vector<hooks::Eviction>> wanted() const;
  void refresh();
  QString summary(const hooks::EvictionStudy& study) const;
  QString whatToDo() const; // while there are no results
  void run();               // or cancels what runs
  void pick(std::int64_t token);

  Desk& m_desk;
  std::array<QCheckBox*, 4> m_policies{};
  QLineEdit *m_budgets, *m_dropped;
  QCheckBox* m_picking;
  QPushButton *m_run, *m_show;
  QLabel* m_summary;
};

} // namespace orrery::app
