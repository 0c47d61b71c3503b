// SPDX-License-Identifier: MIT
// The groups of actions: one file each. Every function adds its actions and, where it has one, fills its menu.
#pragma once
#include <QMenu>

#include "app/actions/action_set.h"

namespace orrery::app {

class MainWindow;

void addFileActions(ActionSet& actions, MainWindow& window, QMenu& menu);
void addEditActions(ActionSet& actions, MainWindow& window, QMenu& menu);
void addRunActions(ActionSet& actions, MainWindow& window, QMenu& menu);
void addSelectionActions(ActionSet& actions, MainWindow& window, QMenu& menu);
void addViewActions(ActionSet& actions, MainWindow& window, QMenu& menu);
void addHelpActions(ActionSet& actions, MainWindow& window, QMenu& menu);

} // namespace orrery::app
