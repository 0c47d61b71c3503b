// SPDX-License-Identifier: MIT
#include "app/actions/groups.h"
#include "app/window/main_window.h"

namespace orrery::app {

void addEditActions(ActionSet& actions, MainWindow& window, QMenu& menu) {
  QUndoStack& stack = window.desk().undo();
  QAction* undo = actions.add({"edit.undo", window.tr("Undo"), {QKeySequence(QStringLiteral("Ctrl+Z"))}, "undo"},
                              [&stack] { stack.undo(); });
  QAction* redo = actions.add({"edit.redo", window.tr("Redo"), {QKeySequence(QStringLiteral("Ctrl+Shift+Z"))}, "redo"},
                              [&stack] { stack.redo(); });
  const auto refresh = [&stack, undo, redo] {
    undo->setEnabled(stack.canUndo());
    redo->setEnabled(stack.canRedo());
    undo->setText(MainWindow::tr("Undo %1").arg(stack.undoText()).trimmed());
    redo->setText(MainWindow::tr("Redo %1").arg(stack.redoText()).trimmed());
  };
  QObject::connect(&stack, &QUndoStack::indexChanged, &window, refresh);
  refresh();
  menu.addAction(undo);
  menu.addAction(redo);
  menu.addSeparator();
  menu.addAction(actions.add({"edit.palette",
                              window.tr("Find an action\u2026"),
                              {QKeySequence(QStringLiteral("Ctrl+K"))},
                              "search",
                              window.tr("Find any action by name")},
                             [&window] { window.showPalette(); }));
}

} // namespace orrery::app
