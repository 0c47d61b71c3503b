// SPDX-License-Identifier: MIT
// The numbers of the selection, and the next tokens. GUI thread.
#pragma once
#include <QDockWidget>
#include <QLabel>
#include <map>

#include "app/window/view_pane.h"

namespace orrery::app {

// What is known of one cell of the attention map. Full precision; NaN: not known.
struct CellNumbers {
  double probability = 0, score = 0, lse = 0;
};
// Errors: NotFound if the snapshot has no attention there; the rest as attentionTile64.
Result<CellNumbers> cellNumbers(const store::Snapshot& snapshot, const views::Selection& selection);

class InspectorDock : public QDockWidget {
  Q_OBJECT
public:
  explicit InspectorDock(Desk& desk, QWidget* parent = nullptr);
  ViewPane& next() { return *m_next; }

private:
  void addRow(class QGridLayout& grid, const char* key, const QString& title, const QString& tip);
  void show(const char* key, const QString& text, const QString& full = {});
  void refresh();
  void showCell();

  Desk& m_desk;
  std::map<std::string, QLabel*> m_values;
  ViewPane* m_next;
};

} // namespace orrery::app
