// SPDX-License-Identifier: MIT
#include "app/actions/groups.h"
#include "app/icons.h"
#include "app/window/main_window.h"

namespace orrery::app {
namespace {

struct RunActions {
  QAction *start, *toggle, *step, *back, *branch;
};

void refresh(const RunActions& a, MainWindow& window) {
  RunControl& run = window.desk().run();
  const bool running = run.isRunning();
  a.start->setEnabled(run.canRun());
  a.toggle->setEnabled(run.canRun());
  a.step->setEnabled(run.hasRun() && !running);
  a.back->setEnabled(run.hasRun());
  a.branch->setEnabled(run.hasRun());
  const QString icon = running ? QStringLiteral("pause") : QStringLiteral("run");
  if (a.toggle->property("iconName").toString() == icon) return;
  setIconName(*a.toggle, icon);
  a.toggle->setText(running ? MainWindow::tr("Pause") : MainWindow::tr("Run"));
  a.toggle->setIcon(themedIcon(icon, scene::theme(window.desk().views().theme())));
}

void fillBranches(QMenu& menu, MainWindow& window) {
  menu.clear();
  const auto& snapshot = window.desk().link().snapshot();
  for (const std::uint64_t run : window.desk().link().state().runs) {
    QAction* action =
        menu.addAction(MainWindow::tr("Run %1").arg(run), &window, [&window, run] { window.desk().run().select(run); });
    action->setCheckable(true);
    action->setChecked(snapshot && snapshot->run == run);
  }
  if (menu.isEmpty()) menu.addAction(MainWindow::tr("No run yet"))->setEnabled(false);
}

} // namespace

void addRunActions(ActionSet& actions, MainWindow& window, QMenu& menu) {
  RunControl& run = window.desk().run();
  RunActions a{};
  a.start = actions.add({"run.start",
                         window.tr("Run the prompt"),
                         {QKeySequence(QStringLiteral("Ctrl+Return")), QKeySequence(QStringLiteral("Ctrl+Enter"))},
                         "restart",
                         window.tr("Start a new run with this prompt")},
                        [&run] { run.start(); });
  a.toggle = actions.add({"run.toggle", window.tr("Run"), {QKeySequence(Qt::Key_Space)}, "", window.tr("Run or pause")},
                         [&run] { run.runOrPause(); });
  a.back = actions.add({"run.back",
                        window.tr("Step back"),
                        {QKeySequence(Qt::Key_Backspace)},
                        "step_back",
                        window.tr("Forget the last token")},
                       [&run] { run.stepBack(); });
  a.step = actions.add(
      {"run.step", window.tr("Step"), {QKeySequence(Qt::Key_Period)}, "step", window.tr("Generate one token")},
      [&run] { run.step(); });
  a.branch = actions.add({"run.branch",
                          window.tr("Branch here"),
                          {QKeySequence(Qt::Key_B)},
                          "branch",
                          window.tr("A new run that shares the tokens up to the selected one")},
                         [&window, &run] {
                           const std::int64_t query = window.desk().selection().selection().query;
                           run.branch(query < 0 ? window.desk().selection().shownTokens() : query + 1);
                         });
  for (QAction* action : {a.start, a.toggle, a.back, a.step, a.branch}) menu.addAction(action);
  QMenu* branches = menu.addMenu(window.tr("Runs"));
  branches->setObjectName(QStringLiteral("menu.runs"));
  QObject::connect(branches, &QMenu::aboutToShow, &window, [branches, &window] { fillBranches(*branches, window); });
  menu.addSeparator();
  menu.addAction(actions.add({"run.cancel", window.tr("Cancel all jobs"), {QKeySequence(Qt::Key_Escape)}, "cancel"},
                             [&window] { window.desk().link().cancelAll(); }));
  menu.addSeparator();
  menu.addAction(actions.add({"run.measure",
                              window.tr("Measure exactness"),
                              {},
                              "",
                              window.tr("Against a reference beside the checkpoint, or float32 against float64")},
                             [&window] { window.trust().measure(); }));
  QAction* automatic = actions.addCheckable({"run.measureAlways", window.tr("Measure exactness by itself")},
                                            [&window](bool on) { window.trust().setAutomatic(on); });
  automatic->setChecked(window.trust().automatic());
  menu.addAction(automatic);
  SessionLink& link = window.desk().link();
  for (auto signal : {&SessionLink::stateChanged, &SessionLink::modelChanged, &SessionLink::snapshotChanged})
    QObject::connect(&link, signal, &window, [a, &window] { refresh(a, window); });
  QObject::connect(&run, &RunControl::pacingChanged, &window, [a, &window] { refresh(a, window); });
  refresh(a, window);
}

} // namespace orrery::app
