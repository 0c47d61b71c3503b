// SPDX-License-Identifier: MIT
// The model tree with its filter. GUI thread.
#pragma once
#include <QDockWidget>
#include <QLabel>
#include <QTreeView>

#include "app/window/desk.h"
#include "app/window/tensor_tree.h"

namespace orrery::app {

class ModelDock : public QDockWidget {
  Q_OBJECT
public:
  explicit ModelDock(Desk& desk, QWidget* parent = nullptr);

Q_SIGNALS:
  // Clicked; `alone`: Return or a double click, it wants to be seen by itself.
  void tensorOpened(const QString& name, bool alone);

private:
  void showModel();

  Desk& m_desk;
  TensorTree m_tree;
  QSortFilterProxyModel m_filter;
  QTreeView* m_view;
  QLabel* m_summary;
};

} // namespace orrery::app
