// SPDX-License-Identifier: MIT
// The window: docks around the attention canvases, menus, and what opens and saves. It owns no state of the work; that
// is the Desk's, which outlives it. GUI thread.
#pragma once
#include <QMainWindow>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "app/actions/action_set.h"
#include "app/window/attention_area.h"
#include "app/window/desk.h"
#include "app/window/message_bar.h"
#include "app/window/status_line.h"
#include "app/window/workspace.h"
#include "views/export/recipe.h"

namespace orrery::app {

class InspectorDock;
class PromptDock;
class TimelineDock;

class MainWindow : public QMainWindow {
  Q_OBJECT
public:
  explicit MainWindow(Desk& desk);

  Desk& desk() { return m_desk; }
  AttentionArea& attention() { return *m_attention; }
  TrustCheck& trust() { return m_status->trust(); }
  gpu::Canvas& activeCanvas(); // of the view that was used last, if it is on screen

  // Checkpoint folder, .safetensors, trace, workspace or recipe: looked at on the pool, then opened.
  void openPath(const QString& path);
  void compareWith(const QString& path); // weights, with a checkpoint or a folder of them
  void openDemo(const QString& bundled); // the bundled model, already thinking
  void saveWorkspace(const QString& path);
  void exportFigure();
  void showPalette();
  void playTimeline();

  void fillPanelMenu(QMenu& menu);
  std::vector<std::string> extraViews() const; // those that have no place in the layout
  void showExtraView(const std::string& view);
  void showMap(const std::string& view);
  void resetLayout();

protected:
  void dragEnterEvent(QDragEnterEvent* event) override;
  void dropEvent(QDropEvent* event) override;
  void closeEvent(QCloseEvent* event) override;
  void showEvent(QShowEvent* event) override;

private:
  void makeDocks();
  bool isOfWeights(const std::string& view) const;
  bool weightsOnScreen() const;
  void placeExtra(QDockWidget& dock, const std::string& view);
  void makeMenus();
  void makeToolBar();
  void placeDocks();
  void sizeDocks();
  void connectDesk();
  void restoreLayout();
  void showCanvasMenu(const QPoint& at);
  std::vector<ViewPane*> allPanes();
  views::Viewports viewportsOf(const std::string& view);
  scene::Rect shownOfMap();
  Workspace workspace();
  void apply(const Workspace& workspace);
  void apply(const exports::Recipe& recipe);
  void applyPending();
  void openModel(const QString& path);
  void updateTitle();
  void showStateOnCanvas();

  Desk& m_desk;
  ActionSet m_actions;
  AttentionArea* m_attention = nullptr;
  MessageBar* m_messages = nullptr;
  StatusLine* m_status = nullptr;
  PromptDock* m_prompt = nullptr;
  InspectorDock* m_inspector = nullptr;
  TimelineDock* m_timeline = nullptr;
  ViewPane* m_tokens = nullptr;
  std::vector<QDockWidget*> m_docks; // in the order of the menu
  std::map<std::string, ViewPane*> m_extra;
  QByteArray m_defaultState;
  bool m_fresh = false;                      // no layout was remembered
  std::optional<views::Selection> m_pending; // of a workspace or recipe that is being opened
  std::map<std::string, views::Viewports> m_pendingViewports;
  static constexpr int kLayoutVersion = 1;
};

} // namespace orrery::app
