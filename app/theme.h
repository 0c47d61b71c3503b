// SPDX-License-Identifier: MIT
// The look of the desk: QPalette, fonts and one small style sheet, all made from views/scene/theme.h so that canvas and
// chrome agree. GUI thread.
#pragma once
#include <QColor>
#include <QString>

#include "views/scene/theme.h"

namespace orrery::app {

enum class ThemeChoice { System, Dark, Light };
QString themeWord(ThemeChoice choice); // "system", "dark", "light": as settings and workspaces have it
ThemeChoice themeFromWord(const QString& word);

QColor toQt(scene::Color color);
void applyTheme(scene::ThemeKind kind); // to the whole application

} // namespace orrery::app
