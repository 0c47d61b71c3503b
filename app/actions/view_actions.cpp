// SPDX-License-Identifier: MIT
#include <QActionGroup>

#include "app/actions/groups.h"
#include "app/window/main_window.h"

namespace orrery::app {
namespace {

void addModes(ActionSet& actions, MainWindow& window, QMenu& menu) {
  const QStringList titles = {window.tr("Linked view"), window.tr("All heads"), window.tr("One head"),
                              window.tr("Text"), window.tr("Boundary map")};
  const char* ids[] = {"view.linked", "view.heads", "view.head", "view.text", "view.map"};
  for (int i = 0; i < titles.size(); ++i) {
    const QString mode = AttentionArea::modes()[static_cast<std::size_t>(i)];
    menu.addAction(actions.add({ids[i], titles[i], {QKeySequence(Qt::Key_1 + i)}},
                               [&window, mode] { window.attention().setMode(mode); }));
  }
}

void addCanvasActions(ActionSet& actions, MainWindow& window, QMenu& menu) {
  menu.addAction(
      actions.add({"view.fit", window.tr("Fit"), {QKeySequence(Qt::Key_F)}, "fit", window.tr("Show the whole map")},
                  [&window] { window.activeCanvas().fit(); }));
  menu.addAction(
      actions.add({"view.zoomIn", window.tr("Zoom in"), {QKeySequence(Qt::Key_Plus), QKeySequence(Qt::Key_Equal)}},
                  [&window] { window.activeCanvas().zoomBy(1.5); }));
  menu.addAction(actions.add({"view.zoomOut", window.tr("Zoom out"), {QKeySequence(Qt::Key_Minus)}},
                             [&window] { window.activeCanvas().zoomBy(1 / 1.5); }));
  menu.addAction(actions.add({"view.range", window.tr("Colour range"), {QKeySequence(Qt::Key_R)}}, [&window] {
    window.activeCanvas().setRangeEditorVisible(!window.activeCanvas().rangeEditorVisible());
  }));
  menu.addAction(actions.add({"view.meter", window.tr("Frame and memory meter"), {QKeySequence(Qt::Key_M)}}, [&window] {
    window.activeCanvas().setMeterVisible(!window.activeCanvas().meterVisible());
  }));
}

void addThemes(ActionSet& actions, MainWindow& window, QMenu& menu) {
  QMenu* themes = menu.addMenu(window.tr("Theme"));
  themes->setObjectName(QStringLiteral("menu.theme"));
  auto* group = new QActionGroup(&window);
  const std::pair<const char*, ThemeChoice> choices[] = {
      {"theme.system", ThemeChoice::System}, {"theme.dark", ThemeChoice::Dark}, {"theme.light", ThemeChoice::Light}};
  const QStringList titles = {window.tr("As the system"), window.tr("Dark"), window.tr("Light")};
  for (int i = 0; i < 3; ++i) {
    const ThemeChoice choice = choices[i].second;
    QAction* action = actions.addCheckable({choices[i].first, titles[i]},
                                           [&window, choice](bool) { window.desk().setTheme(choice); });
    group->addAction(action);
    themes->addAction(action);
    const auto check = [action, choice, &window] { action->setChecked(window.desk().theme() == choice); };
    QObject::connect(&window.desk(), &Desk::themeChanged, action, check);
    check();
  }
  menu.addAction(actions.add({"view.theme",
                              window.tr("Dark or light"),
                              {QKeySequence(Qt::Key_T)},
                              "theme",
                              window.tr("Switch between dark and light")},
                             [&window] {
                               const bool dark = window.desk().views().theme() == scene::ThemeKind::Dark;
                               window.desk().setTheme(dark ? ThemeChoice::Light : ThemeChoice::Dark);
                             }));
}

} // namespace

void addViewActions(ActionSet& actions, MainWindow& window, QMenu& menu) {
  addModes(actions, window, menu);
  menu.addSeparator();
  addCanvasActions(actions, window, menu);
  menu.addSeparator();
  addThemes(actions, window, menu);
  menu.addSeparator();
  QMenu* panels = menu.addMenu(window.tr("Panels"));
  panels->setObjectName(QStringLiteral("menu.panels"));
  window.fillPanelMenu(*panels);
  QMenu* more = menu.addMenu(window.tr("More views"));
  more->setObjectName(QStringLiteral("menu.views"));
  for (const std::string& name : window.extraViews()) {
    const std::string title = window.desk().views().registry().find(name)->info().title;
    const std::string id = "view.extra." + name;
    more->addAction(
        actions.add({id.c_str(), QString::fromStdString(title)}, [&window, name] { window.showExtraView(name); }));
  }
  menu.addAction(
      actions.add({"view.resetLayout", window.tr("Reset the layout"), {}}, [&window] { window.resetLayout(); }));
}

} // namespace orrery::app
