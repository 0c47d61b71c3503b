// SPDX-License-Identifier: MIT
// A workspace: the file, the prompt, the selection, how the views are set and how the window is laid out, as a small
// JSON file that people can read. Pure, but for the two functions that touch files. See docs/workspace.md.
#pragma once
#include <QByteArray>
#include <QString>
#include <map>
#include <string>

#include "app/window/run_control.h"
#include "core/base/json.h"
#include "core/base/result.h"
#include "views/api/view.h"

namespace orrery::app {

struct ViewState {
  views::Parameters parameters; // what differs from the defaults
  views::Viewports viewports;
  bool empty() const { return parameters.empty() && viewports.empty(); }
};

struct Workspace {
  QString file; // checkpoint or trace; empty: none
  Prompt prompt;
  models::Processing processing; // of the weights
  views::Selection selection;
  std::map<std::string, ViewState> views;
  QString mode = QStringLiteral("linked"), theme = QStringLiteral("system");
  QByteArray layout, splitters; // QMainWindow::saveState(), AttentionArea::saveSplitters()
};

std::string toJson(const Workspace& workspace);
// Errors: BadInput, naming an unknown key, a missing or wrong value, or another format.
Result<Workspace> workspaceFromJson(const Json& json, const std::string& where);
bool isWorkspace(const Json& json);

Status writeWorkspace(const Workspace& workspace, const std::string& path); // appears complete or not at all
Result<Workspace> readWorkspace(const std::string& path);

} // namespace orrery::app
