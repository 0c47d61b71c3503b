// SPDX-License-Identifier: MIT
// Ctrl+K: any action of the window by a few letters of its name. GUI thread.
#pragma once
#include <QAction>
#include <QDialog>
#include <QLineEdit>
#include <QListWidget>

namespace orrery::app {

// How well `query` (letters in this order, any case) fits `text`; larger is better, below 0: not at all. Beginnings of
// words and letters side by side count more.
int fuzzyScore(const QString& query, const QString& text);

class CommandPalette : public QDialog {
  Q_OBJECT
public:
  CommandPalette(const QList<QAction*>& actions, QWidget* parent);

protected:
  bool eventFilter(QObject* watched, QEvent* event) override;

private:
  void refill(const QString& query);
  void run();

  QList<QAction*> m_actions;
  QLineEdit* m_query;
  QListWidget* m_list;
};

} // namespace orrery::app
