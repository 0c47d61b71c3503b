// SPDX-License-Identifier: MIT
// What the window remembers between starts. ORRERY_SETTINGS_DIR puts it into a folder of its own (tests). GUI thread.
#pragma once
#include <QSettings>
#include <QStringList>
#include <memory>

namespace orrery::app {

std::unique_ptr<QSettings> openSettings();

QStringList recentFiles();               // newest first
void addRecentFile(const QString& path); // keeps ten
void removeRecentFile(const QString& path);

} // namespace orrery::app
