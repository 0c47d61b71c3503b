// SPDX-License-Identifier: MIT
// Line icons of the project (assets/icons), drawn in one colour of the theme. GUI thread.
#pragma once
#include <QIcon>
#include <QString>
#include <QWidget>

#include "views/scene/theme.h"

namespace orrery::app {

QIcon themedIcon(const QString& name, const scene::Theme& theme); // empty if there is no such icon
// Remembers the name on an action or button; retintIcons() draws it.
void setIconName(QObject& target, const QString& name);
// Draws the icons of every action and button below `root` in the colours of the theme.
void retintIcons(QWidget& root, const scene::Theme& theme);

} // namespace orrery::app
