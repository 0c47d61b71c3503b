// SPDX-License-Identifier: MIT
#include "app/actions/groups.h"
#include "app/window/main_window.h"

namespace orrery::app {

void addSelectionActions(ActionSet& actions, MainWindow& window, QMenu& menu) {
  Desk& desk = window.desk();
  SelectionModel& model = desk.selection();
  struct Move {
    ActionSet::Entry entry;
    views::Selection (SelectionModel::*moved)(std::int64_t) const;
    std::int64_t by;
  };
  const Move moves[] = {
      {{"select.nextToken", window.tr("Next token"), {QKeySequence(Qt::Key_Right)}}, &SelectionModel::tokenMoved, 1},
      {{"select.previousToken", window.tr("Previous token"), {QKeySequence(Qt::Key_Left)}},
       &SelectionModel::tokenMoved,
       -1},
      {{"select.nextLayer", window.tr("Next layer"), {QKeySequence(Qt::Key_Down)}}, &SelectionModel::layerMoved, 1},
      {{"select.previousLayer", window.tr("Previous layer"), {QKeySequence(Qt::Key_Up)}},
       &SelectionModel::layerMoved,
       -1},
      {{"select.nextHead", window.tr("Next head"), {QKeySequence(Qt::Key_BracketRight)}},
       &SelectionModel::headMoved,
       1},
      {{"select.previousHead", window.tr("Previous head"), {QKeySequence(Qt::Key_BracketLeft)}},
       &SelectionModel::headMoved,
       -1},
  };
  for (const Move& move : moves)
    menu.addAction(actions.add(move.entry,
                               [&desk, &model, moved = move.moved, by = move.by] { desk.select((model.*moved)(by)); }));
  menu.addSeparator();
  menu.addAction(actions.add(
      {"select.none", window.tr("Select no token"), {QKeySequence(QStringLiteral("Shift+Escape"))}}, [&desk, &model] {
        views::Selection next = model.selection();
        next.query = next.key = next.channel = views::kNone;
        desk.select(next);
      }));
  menu.addAction(actions.add({"select.live", window.tr("Follow the newest token"), {QKeySequence(Qt::Key_End)}},
                             [&desk] { desk.scrub(views::kNone); }));
  menu.addAction(actions.add({"select.play", window.tr("Play the generation again"), {QKeySequence(Qt::Key_P)}},
                             [&window] { window.playTimeline(); }));
}

} // namespace orrery::app
