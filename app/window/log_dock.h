// SPDX-License-Identifier: MIT
// The jobs: progress, time left, errors, cancel. GUI thread.
#pragma once
#include <QAbstractTableModel>
#include <QDockWidget>
#include <QTableView>

#include "app/window/desk.h"

namespace orrery::app {

class JobTable : public QAbstractTableModel {
  Q_OBJECT
public:
  enum Column { Title, Progress, ColumnCount };
  static constexpr int kFractionRole = Qt::UserRole + 1, kIdRole = Qt::UserRole + 2, kOverRole = Qt::UserRole + 3;
  using QAbstractTableModel::QAbstractTableModel;
  void setJobs(const std::vector<session::JobInfo>& jobs); // newest first on screen

  int rowCount(const QModelIndex& parent = {}) const override;
  int columnCount(const QModelIndex& parent = {}) const override;
  QVariant data(const QModelIndex& index, int role) const override;

private:
  struct Row {
    session::JobInfo job; // the newest of them
    int count = 1;        // done one after the other under the same title
  };
  std::vector<Row> m_jobs; // newest first
};

class LogDock : public QDockWidget {
  Q_OBJECT
public:
  explicit LogDock(Desk& desk, QWidget* parent = nullptr);

private:
  void menu(const QPoint& at);

  Desk& m_desk;
  JobTable m_table;
  QTableView* m_view;
};

} // namespace orrery::app
