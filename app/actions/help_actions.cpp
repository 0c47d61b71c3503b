// SPDX-License-Identifier: MIT
#include <QMessageBox>

#include "app/actions/groups.h"
#include "app/window/main_window.h"

namespace orrery::app {
namespace {

void about(MainWindow& window) {
  auto* box = new QMessageBox(&window);
  box->setObjectName(QStringLiteral("dialog.about"));
  box->setAttribute(Qt::WA_DeleteOnClose);
  box->setWindowTitle(MainWindow::tr("About Orrery"));
  box->setText(MainWindow::tr("Orrery\nA workbench to look inside transformers.\nMIT licence."));
  box->setModal(false);
  box->show();
}

} // namespace

void addHelpActions(ActionSet& actions, MainWindow& window, QMenu& menu) {
  menu.addAction(actions.add({"help.keys", window.tr("Keys and actions"), {QKeySequence(Qt::Key_F1)}},
                             [&window] { window.showPalette(); }));
  menu.addAction(actions.add({"help.about", window.tr("About Orrery"), {}}, [&window] { about(window); }));
}

} // namespace orrery::app
