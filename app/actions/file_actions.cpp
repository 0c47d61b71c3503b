// SPDX-License-Identifier: MIT
#include <QCoreApplication>
#include <QFileDialog>
#include <QFileInfo>

#include "app/actions/groups.h"
#include "app/assets.h"
#include "app/window/main_window.h"
#include "app/window/settings.h"

namespace orrery::app {
namespace {

void openFolder(MainWindow& window) {
  auto* dialog = new QFileDialog(&window, MainWindow::tr("Open a checkpoint folder"));
  dialog->setObjectName(QStringLiteral("dialog.openFolder"));
  dialog->setAttribute(Qt::WA_DeleteOnClose);
  dialog->setFileMode(QFileDialog::Directory);
  QObject::connect(dialog, &QFileDialog::fileSelected, &window,
                   [&window](const QString& path) { window.openPath(path); });
  dialog->open();
}

void openFile(MainWindow& window) {
  auto* dialog = new QFileDialog(&window, MainWindow::tr("Open"));
  dialog->setObjectName(QStringLiteral("dialog.openFile"));
  dialog->setAttribute(Qt::WA_DeleteOnClose);
  dialog->setFileMode(QFileDialog::ExistingFile);
  dialog->setNameFilters(
      {MainWindow::tr("Checkpoints, traces, workspaces, recipes (*.safetensors *.gguf *.pt *.pth *.bin *.h5 *.json)"),
       MainWindow::tr("All files (*)")});
  QObject::connect(dialog, &QFileDialog::fileSelected, &window,
                   [&window](const QString& path) { window.openPath(path); });
  dialog->open();
}

// A checkpoint, or a folder of checkpoints: either way a folder is chosen, or the file in it.
void compareWith(MainWindow& window, QFileDialog::FileMode mode) {
  auto* dialog = new QFileDialog(&window, MainWindow::tr("Compare the weights with"));
  dialog->setObjectName(QStringLiteral("dialog.compare"));
  dialog->setAttribute(Qt::WA_DeleteOnClose);
  dialog->setFileMode(mode);
  QObject::connect(dialog, &QFileDialog::fileSelected, &window,
                   [&window](const QString& path) { window.compareWith(path); });
  dialog->open();
}

void saveWorkspace(MainWindow& window) {
  auto* dialog = new QFileDialog(&window, MainWindow::tr("Save the workspace"));
  dialog->setObjectName(QStringLiteral("dialog.saveWorkspace"));
  dialog->setAttribute(Qt::WA_DeleteOnClose);
  dialog->setAcceptMode(QFileDialog::AcceptSave);
  dialog->setDefaultSuffix(QStringLiteral("json"));
  dialog->setNameFilter(MainWindow::tr("Workspace (*.json)"));
  QObject::connect(dialog, &QFileDialog::fileSelected, &window,
                   [&window](const QString& path) { window.saveWorkspace(path); });
  dialog->open();
}

void saveTrace(MainWindow& window) {
  auto* dialog = new QFileDialog(&window, MainWindow::tr("Save the run as a trace"));
  dialog->setObjectName(QStringLiteral("dialog.saveTrace"));
  dialog->setAttribute(Qt::WA_DeleteOnClose);
  dialog->setAcceptMode(QFileDialog::AcceptSave);
  dialog->setDefaultSuffix(QStringLiteral("h5"));
  dialog->setNameFilter(MainWindow::tr("Trace (*.h5)"));
  QObject::connect(dialog, &QFileDialog::fileSelected, &window, [&window](const QString& path) {
    SessionLink& link = window.desk().link();
    link.follow(link.engine().runWriteTrace(path.toStdString()));
  });
  dialog->open();
}

void compareLogits(MainWindow& window) {
  auto* dialog = new QFileDialog(&window, MainWindow::tr("Compare the logits of this prompt with another checkpoint"));
  dialog->setObjectName(QStringLiteral("dialog.compareLogits"));
  dialog->setAttribute(Qt::WA_DeleteOnClose);
  dialog->setFileMode(QFileDialog::ExistingFile);
  dialog->setNameFilters({MainWindow::tr("Checkpoints (*.safetensors *.index.json *.gguf *.pt *.pth *.bin)")});
  QObject::connect(dialog, &QFileDialog::fileSelected, &window,
                   [&window](const QString& path) { window.trust().compareWith(path); });
  dialog->open();
}

// Changes the weights themselves, so the model is opened again.
void addProcessing(ActionSet& actions, MainWindow& window, QMenu& menu) {
  QMenu* choices = menu.addMenu(window.tr("Weight processing"));
  choices->setObjectName(QStringLiteral("menu.processing"));
  choices->setToolTipsVisible(true);
  struct Choice {
    const char* id;
    QString text, tip;
    bool models::Processing::*flag;
  };
  const Choice all[] = {{"file.foldLn", window.tr("Fold layer norm into the weights"),
                         window.tr("Weight and bias of the norms go into the matrices behind them"),
                         &models::Processing::foldLn},
                        {"file.centerWriting", window.tr("Centre what writes to the residual stream"),
                         window.tr("Embeddings, W_O and W_out write vectors of mean 0; LayerNorm only"),
                         &models::Processing::centerWriting},
                        {"file.centerUnembed", window.tr("Centre the unembedding"),
                         window.tr("Logits of every position have mean 0"), &models::Processing::centerUnembed}};
  RunControl& run = window.desk().run();
  for (const Choice& choice : all) {
    QAction* action =
        actions.addCheckable({choice.id, choice.text, {}, "", choice.tip}, [&run, flag = choice.flag](bool on) {
          models::Processing next = run.processing();
          next.*flag = on;
          run.setProcessing(next);
          run.reopen();
        });
    choices->addAction(action);
    const auto check = [action, &run, flag = choice.flag] { action->setChecked(run.processing().*flag); };
    QObject::connect(&run, &RunControl::processingChanged, action, check);
    check();
  }
}

// Whether the files are still there is found out when one is opened.
void fillRecent(QMenu& menu, MainWindow& window) {
  menu.clear();
  for (const QString& path : recentFiles()) menu.addAction(path, &window, [&window, path] { window.openPath(path); });
  menu.setEnabled(!menu.isEmpty());
}

} // namespace

void addFileActions(ActionSet& actions, MainWindow& window, QMenu& menu) {
  menu.addAction(actions.add({"file.open", window.tr("Open a checkpoint folder\u2026"), {QKeySequence::Open}, "open"},
                             [&window] { openFolder(window); }));
  menu.addAction(
      actions.add({"file.openFile", window.tr("Open a file\u2026"), {QKeySequence(QStringLiteral("Ctrl+Shift+O"))}},
                  [&window] { openFile(window); }));
  menu.addAction(actions.add({"file.bundled", window.tr("Open the bundled model"), {}, "model"},
                             [&window] { window.openPath(QString::fromStdString(assetPath("models/bundled"))); }));
  menu.addAction(actions.add({"file.compare", window.tr("Compare weights with a file\u2026"), {}},
                             [&window] { compareWith(window, QFileDialog::ExistingFile); }));
  menu.addAction(actions.add({"file.compareFolder", window.tr("Compare weights with a folder\u2026"), {}},
                             [&window] { compareWith(window, QFileDialog::Directory); }));
  QMenu* recent = menu.addMenu(window.tr("Open recent"));
  recent->setObjectName(QStringLiteral("menu.recent"));
  QObject::connect(&menu, &QMenu::aboutToShow, recent, [recent, &window] { fillRecent(*recent, window); });
  menu.addAction(actions.add({"file.compareLogits", window.tr("Compare logits with another checkpoint\u2026"), {}},
                             [&window] { compareLogits(window); }));
  addProcessing(actions, window, menu);
  menu.addSeparator();
  menu.addAction(actions.add({"file.save", window.tr("Save the workspace\u2026"), {QKeySequence::Save}, "save"},
                             [&window] { saveWorkspace(window); }));
  menu.addAction(actions.add({"file.saveTrace", window.tr("Save the run as a trace\u2026"), {}},
                             [&window] { saveTrace(window); }));
  menu.addAction(actions.add({"file.export",
                              window.tr("Export the figure\u2026"),
                              {QKeySequence(Qt::Key_E)},
                              "export",
                              window.tr("Export the figure with its data and recipe")},
                             [&window] { window.exportFigure(); }));
  menu.addSeparator();
  menu.addAction(actions.add({"file.quit", window.tr("Quit"), {QKeySequence(QStringLiteral("Ctrl+Q"))}},
                             [&window] { window.close(); }));
}

} // namespace orrery::app
