// SPDX-License-Identifier: MIT
#include "app/window/main_window.h"

#include <QDragEnterEvent>
#include <QFileInfo>
#include <QMenuBar>
#include <QMimeData>
#include <QTabBar>
#include <QToolBar>
#include <QVBoxLayout>
#include <algorithm>
#include <utility>

#include "app/actions/groups.h"
#include "app/icons.h"
#include "app/window/command_palette.h"
#include "app/window/evict_dock.h"
#include "app/window/export_dialog.h"
#include "app/window/inspector_dock.h"
#include "app/window/log_dock.h"
#include "app/window/map_dock.h"
#include "app/window/model_dock.h"
#include "app/window/prompt_dock.h"
#include "app/window/settings.h"
#include "app/window/settings_dock.h"
#include "app/window/timeline_dock.h"

namespace orrery::app {

namespace {
constexpr int kWide = 1200; // units from which three columns of docks have room

bool inFront(const QDockWidget& dock) { return dock.isVisible() && !dock.visibleRegion().isEmpty(); }
} // namespace

MainWindow::MainWindow(Desk& desk) : m_desk(desk), m_actions(*this) {
  setObjectName(QStringLiteral("window"));
  setAcceptDrops(true);
  setDockNestingEnabled(true);
  setMinimumSize(800, 520);
  auto* centre = new QWidget;
  auto* column = new QVBoxLayout(centre);
  column->setContentsMargins(0, 0, 0, 0);
  column->setSpacing(0);
  m_messages = new MessageBar;
  m_attention = new AttentionArea(desk);
  column->addWidget(m_messages);
  column->addWidget(m_attention, 1);
  setCentralWidget(centre);
  m_status = new StatusLine(desk);
  setStatusBar(m_status);
  makeDocks();
  makeMenus();
  makeToolBar();
  placeDocks();
  m_defaultState = saveState(kLayoutVersion);
  connectDesk();
  restoreLayout();
  updateTitle();
  m_attention->pane(QStringLiteral("head")).canvas().setFocus();
}

void MainWindow::makeDocks() {
  auto* model = new ModelDock(m_desk, this);
  connect(model, &ModelDock::tensorOpened, this, [this](const QString&, bool alone) {
    if (alone || !weightsOnScreen()) showExtraView("weight");
  });
  m_prompt = new PromptDock(m_desk, this);
  m_inspector = new InspectorDock(m_desk, this);
  auto* settings = new SettingsDock(m_desk, this);
  auto* log = new LogDock(m_desk, this);
  m_timeline = new TimelineDock(m_desk, this);
  auto* tokens = new QDockWidget(tr("Tokens"), this);
  tokens->setObjectName(QStringLiteral("dock.tokens"));
  m_tokens = new ViewPane(m_desk, "tokens", false);
  tokens->setWidget(m_tokens);
  auto* evict = new EvictDock(m_desk, this);
  connect(evict, &EvictDock::viewWanted, this, [this](const QString& view) { showExtraView(view.toStdString()); });
  auto* map = new MapDock(
      m_desk, [this] { return shownOfMap(); }, [this](const std::string& view) { showMap(view); }, this);
  m_docks = {model, m_prompt, tokens, m_timeline, m_inspector, settings, log, evict, map};
  for (QDockWidget* dock : m_docks)
    dock->setFeatures(QDockWidget::DockWidgetMovable | QDockWidget::DockWidgetClosable |
                      QDockWidget::DockWidgetFloatable);
}

// Model and prompt on the left, inspector over settings, log and eviction on the right, tokens over the timeline below.
void MainWindow::placeDocks() {
  const auto& d = m_docks;
  setCorner(Qt::BottomLeftCorner, Qt::LeftDockWidgetArea);
  setCorner(Qt::BottomRightCorner, Qt::RightDockWidgetArea);
  addDockWidget(Qt::LeftDockWidgetArea, d[0]);
  splitDockWidget(d[0], d[1], Qt::Vertical);
  addDockWidget(Qt::RightDockWidgetArea, d[4]);
  splitDockWidget(d[4], d[5], Qt::Vertical);
  tabifyDockWidget(d[5], d[6]);
  tabifyDockWidget(d[5], d[7]);
  tabifyDockWidget(d[0], d[8]);
  addDockWidget(Qt::BottomDockWidgetArea, d[2]);
  splitDockWidget(d[2], d[3], Qt::Vertical);
  for (QDockWidget* dock : d) {
    dock->setFloating(false);
    dock->show();
  }
  d[5]->raise();
  d[0]->raise();
  sizeDocks();
}

void MainWindow::sizeDocks() {
  const auto& d = m_docks;
  const bool narrow = width() < kWide, low = height() < 760;
  resizeDocks({d[0], d[4]}, {narrow ? 200 : 280, narrow ? 190 : 260}, Qt::Horizontal);
  resizeDocks({d[0], d[1]}, {low ? 220 : 420, low ? 260 : 340}, Qt::Vertical);
  resizeDocks({d[4], d[5]}, {low ? 320 : 520, low ? 180 : 300}, Qt::Vertical);
  resizeDocks({d[2], d[3]}, {low ? 90 : 170, 56}, Qt::Vertical);
}

// Only now the real size is known.
void MainWindow::showEvent(QShowEvent* event) {
  QMainWindow::showEvent(event);
  if (std::exchange(m_fresh, false)) sizeDocks();
}

void MainWindow::makeMenus() {
  const auto menu = [this](const char* name, const QString& title) -> QMenu& {
    QMenu* made = menuBar()->addMenu(title);
    made->setObjectName(QStringLiteral("menu.") + QLatin1String(name));
    made->setToolTipsVisible(true);
    return *made;
  };
  menuBar()->setObjectName(QStringLiteral("menuBar"));
  addFileActions(m_actions, *this, menu("file", tr("&File")));
  addEditActions(m_actions, *this, menu("edit", tr("&Edit")));
  addRunActions(m_actions, *this, menu("run", tr("&Run")));
  addSelectionActions(m_actions, *this, menu("selection", tr("&Selection")));
  addViewActions(m_actions, *this, menu("view", tr("&View")));
  addHelpActions(m_actions, *this, menu("help", tr("&Help")));
}

void MainWindow::makeToolBar() {
  QToolBar* bar = addToolBar(tr("Actions"));
  bar->setObjectName(QStringLiteral("toolBar"));
  bar->setMovable(false);
  bar->setIconSize(QSize(16, 16));
  const char* ids[] = {"file.open", "file.save",   "",           "run.start",   "run.back",  "run.toggle",
                       "run.step",  "run.branch",  "",           "edit.undo",   "edit.redo", "",
                       "view.fit",  "file.export", "view.theme", "edit.palette"};
  for (const char* id : ids) {
    if (*id)
      bar->addAction(m_actions.find(QLatin1String(id)));
    else
      bar->addSeparator();
  }
  for (QAction* action : bar->actions())
    if (QWidget* button = bar->widgetForAction(action); button && !action->isSeparator())
      button->setObjectName(QStringLiteral("button.") + action->objectName().mid(7));
}

void MainWindow::connectDesk() {
  connect(&m_desk, &Desk::message, this, [this](const QString& sentence, bool failed) {
    m_messages->show(sentence, failed, scene::theme(m_desk.views().theme()));
  });
  connect(&m_desk, &Desk::themeChanged, this, [this] { retintIcons(*this, scene::theme(m_desk.views().theme())); });
  connect(&m_desk.map(), &MapControl::opened, this, [this] {
    for (ViewPane* pane : allPanes()) // another window: its zoom is gone
      if (pane->viewName() == "map") pane->canvas().setViewports({});
  });
  connect(&m_attention->pane(QStringLiteral("map")).canvas(), &gpu::Canvas::viewportsEdited, this,
          [this] { m_desk.map().lookAt(shownOfMap()); });
  connect(&m_desk.selection(), &SelectionModel::changed, &m_desk.map(),
          [this](const views::Selection& now) { m_desk.map().selectionChanged(now); });
  connect(&m_desk.link(), &SessionLink::modelChanged, this, &MainWindow::updateTitle);
  connect(&m_desk.link(), &SessionLink::stateChanged, this, &MainWindow::applyPending);
  connect(&m_desk.link(), &SessionLink::jobEnded, this, [this](const session::JobInfo& job) {
    if (job.state == session::JobState::Done && job.title.starts_with("Open") && !m_desk.run().openPath().isEmpty())
      addRecentFile(m_desk.run().openPath());
  });
  for (ViewPane* pane : allPanes()) {
    connect(pane, &ViewPane::menuRequested, this, &MainWindow::showCanvasMenu);
    connect(&pane->canvas(), &gpu::Canvas::backendChanged, this, [this](const QString& name) {
      m_status->setBackend(name);
      m_status->addWarning(name);
    });
  }
  for (ViewPane* pane : allPanes())
    if (pane->viewName() != "head") pane->canvas().setEmptyMessage(QString(), QString());
  m_attention->pane(QStringLiteral("map"))
      .canvas()
      .setEmptyMessage(tr("No map yet"), tr("Start one in the panel Boundary map, or drop a map file here."));
  connect(&m_desk.link(), &SessionLink::stateChanged, this, &MainWindow::showStateOnCanvas);
  showStateOnCanvas();
  m_status->setBackend(m_attention->pane(QStringLiteral("head")).canvas().backendName());
  retintIcons(*this, scene::theme(m_desk.views().theme()));
}

// A view of the map: in the middle of the window, or a panel of its own.
void MainWindow::showMap(const std::string& view) {
  m_attention->setMode(QStringLiteral("map"));
  if (view == "map-profile") return showExtraView(view);
  m_desk.views().setActive(view);
}

// What of the map is in view, in pixels from its top left corner.
scene::Rect MainWindow::shownOfMap() {
  const auto& input = m_desk.map().input();
  if (!input) return {};
  const views::Viewports shown = viewportsOf("map");
  if (const auto found = shown.find("map"); found != shown.end()) return found->second;
  const sweep::Map& map = *input->snapshot->map;
  return {0, 0, static_cast<double>(map.width()), static_cast<double>(map.height())};
}

std::vector<ViewPane*> MainWindow::allPanes() {
  std::vector<ViewPane*> panes = m_attention->panes();
  panes.push_back(m_tokens);
  panes.push_back(&m_inspector->next());
  for (const auto& [name, pane] : m_extra) panes.push_back(pane);
  return panes;
}

gpu::Canvas& MainWindow::activeCanvas() {
  for (ViewPane* pane : allPanes())
    if (pane->viewName() == m_desk.views().active() && pane->isVisible()) return pane->canvas();
  for (ViewPane* pane : m_attention->panes())
    if (pane->isVisible() && pane->viewName() != "heads") return pane->canvas();
  return m_attention->pane(QStringLiteral("heads")).canvas();
}

views::Viewports MainWindow::viewportsOf(const std::string& view) {
  for (ViewPane* pane : allPanes())
    if (pane->viewName() == view) return pane->canvas().viewports();
  return {};
}

// The states without a picture: nothing open, loading, no run yet. One canvas says it, the others stay quiet.
void MainWindow::showStateOnCanvas() {
  gpu::Canvas& canvas = m_attention->pane(QStringLiteral("head")).canvas();
  const auto model = m_desk.link().model();
  if (!model)
    canvas.setEmptyMessage(tr("Drop a checkpoint here"), tr("or open one with Ctrl+O. File > Open the bundled model."));
  else if (!m_desk.run().canRun())
    canvas.setEmptyMessage(tr("Weights only"), model->warnings.empty()
                                                   ? tr("This file has no model that can be run.")
                                                   : QString::fromStdString(model->warnings.front()));
  else
    canvas.setEmptyMessage(tr("No run yet"), tr("Type a prompt, then Ctrl+Return."));
  for (const session::JobInfo& job : m_desk.link().state().jobs)
    if (!job.over() && job.title.starts_with("Open"))
      return canvas.setLoading(QString::fromStdString(job.title),
                               tr("%1 \u2013 Escape cancels").arg(QString::fromStdString(job.detail)), job.fraction);
  canvas.clearLoading();
}

void MainWindow::updateTitle() {
  const auto model = m_desk.link().model();
  setWindowTitle(model ? tr("%1 \u2013 Orrery").arg(QString::fromStdString(model->name)) : tr("Orrery"));
}

// --- panels ---------------------------------------------------------------------------------------------------------

void MainWindow::fillPanelMenu(QMenu& menu) {
  for (QDockWidget* dock : m_docks) {
    auto* action = new QAction(dock->windowTitle(), this);
    action->setCheckable(true);
    connect(&menu, &QMenu::aboutToShow, action, [action, dock] { action->setChecked(inFront(*dock)); });
    connect(action, &QAction::triggered, dock, [dock] {
      const bool wanted = !inFront(*dock); // one behind another tab comes forward
      dock->setVisible(wanted);
      if (wanted) dock->raise();
    });
    action->setObjectName(QStringLiteral("action.panel.") + dock->objectName().mid(5));
    menu.addAction(action);
    addAction(action);
  }
}

std::vector<std::string> MainWindow::extraViews() const {
  static const std::vector<std::string> kPlaced = {"heads", "head", "cell",      "text",         "tokens",
                                                   "next",  "map",  "map-curve", "map-dimension"};
  std::vector<std::string> names;
  for (const auto& view : m_desk.views().registry().all())
    if (std::find(kPlaced.begin(), kPlaced.end(), view->info().name) == kPlaced.end())
      names.push_back(view->info().name);
  return names;
}

void MainWindow::compareWith(const QString& path) {
  m_desk.link().follow(m_desk.link().engine().runCompare(path.toStdString()));
  showExtraView("changes");
}

bool MainWindow::isOfWeights(const std::string& view) const {
  const views::View* found = m_desk.views().registry().find(view);
  return found && ofWeights(found->info());
}

bool MainWindow::weightsOnScreen() const {
  return std::ranges::any_of(m_extra, [&](const auto& extra) {
    return extra.second && isOfWeights(extra.first) && extra.second->isVisible();
  });
}

// Pictures want room and share one place; they stand beside the inspector.
void MainWindow::placeExtra(QDockWidget& dock, const std::string& view) {
  for (const auto& [name, pane] : m_extra)
    if (name != view && pane) return tabifyDockWidget(static_cast<QDockWidget*>(pane->parentWidget()), &dock);
  if (width() < kWide) return tabifyDockWidget(m_inspector, &dock); // no room for one more column
  addDockWidget(Qt::RightDockWidgetArea, &dock, Qt::Horizontal);
}

void MainWindow::showExtraView(const std::string& view) {
  ViewPane*& pane = m_extra[view];
  const bool fresh = !pane && std::ranges::none_of(
                                  m_extra, [](const auto& extra) { return extra.second && extra.second->isVisible(); });
  if (!pane) {
    pane = new ViewPane(m_desk, view, false);
    const views::ViewInfo& info = m_desk.views().registry().find(view)->info();
    auto* dock = new QDockWidget(QString::fromStdString(info.title), this);
    dock->setObjectName(QStringLiteral("dock.view.") + QString::fromStdString(view));
    dock->setWidget(pane);
    placeExtra(*dock, view);
    if (info.input == "trace") pane->canvas().setEmptyMessage(tr("No run yet"), tr("Type a prompt, then Ctrl+Return."));
    connect(pane, &ViewPane::menuRequested, this, &MainWindow::showCanvasMenu);
  }
  auto* dock = static_cast<QDockWidget*>(pane->parentWidget());
  dock->show();
  dock->raise();
  for (QTabBar* tabs : findChildren<QTabBar*>(QString(), Qt::FindDirectChildrenOnly))
    tabs->setElideMode(Qt::ElideNone); // many tabs scroll: names cut to a letter say nothing
  if (fresh && width() < kWide) resizeDocks({dock}, {width() / 2}, Qt::Horizontal);
  if (fresh && width() >= kWide) resizeDocks({m_inspector, dock}, {220, width() * 2 / 5}, Qt::Horizontal);
  m_desk.views().setActive(view);
}

void MainWindow::restoreLayout() {
  const auto settings = openSettings();
  resize(1440, 900);
  m_fresh = !settings->contains(QStringLiteral("layout"));
  if (settings->contains(QStringLiteral("geometry")))
    restoreGeometry(settings->value(QStringLiteral("geometry")).toByteArray());
  if (settings->contains(QStringLiteral("layout")) &&
      !restoreState(settings->value(QStringLiteral("layout")).toByteArray(), kLayoutVersion))
    restoreState(m_defaultState, kLayoutVersion);
  m_attention->restoreSplitters(settings->value(QStringLiteral("splitters")).toByteArray());
}

void MainWindow::resetLayout() {
  placeDocks();
  m_attention->resetSplitters();
  m_attention->setMode(AttentionArea::modes().front());
}

void MainWindow::closeEvent(QCloseEvent* event) {
  const auto settings = openSettings();
  settings->setValue(QStringLiteral("geometry"), saveGeometry());
  settings->setValue(QStringLiteral("layout"), saveState(kLayoutVersion));
  settings->setValue(QStringLiteral("splitters"), m_attention->saveSplitters());
  settings->setValue(QStringLiteral("theme"), themeWord(m_desk.theme()));
  QMainWindow::closeEvent(event);
}

// --- dialogs --------------------------------------------------------------------------------------------------------

void MainWindow::exportFigure() {
  auto* dialog = new ExportDialog(
      m_desk, [this](const std::string& view) { return viewportsOf(view); }, this);
  dialog->open();
}

void MainWindow::showPalette() {
  QList<QAction*> actions = findChildren<QAction*>();
  // A dock's own one would close a panel that stands behind another.
  actions.removeIf([](const QAction* action) { return qobject_cast<QDockWidget*>(action->parent()) != nullptr; });
  auto* palette = new CommandPalette(actions, this);
  palette->move(mapToGlobal(QPoint((width() - palette->width()) / 2, 64)));
  palette->show();
}

void MainWindow::playTimeline() { m_timeline->play(); }

void MainWindow::showCanvasMenu(const QPoint& at) {
  auto* menu = new QMenu(this);
  menu->setObjectName(QStringLiteral("menu.canvas"));
  menu->setAttribute(Qt::WA_DeleteOnClose);
  for (const char* id :
       {"view.fit", "view.zoomIn", "view.zoomOut", "view.range", "view.meter", "run.branch", "file.export"})
    menu->addAction(m_actions.find(QLatin1String(id)));
  menu->popup(at);
}

// --- drag-in --------------------------------------------------------------------------------------------------------

void MainWindow::dragEnterEvent(QDragEnterEvent* event) {
  if (event->mimeData()->hasUrls() && event->mimeData()->urls().front().isLocalFile()) event->acceptProposedAction();
}

void MainWindow::dropEvent(QDropEvent* event) {
  event->acceptProposedAction();
  openPath(event->mimeData()->urls().front().toLocalFile());
}

} // namespace orrery::app
