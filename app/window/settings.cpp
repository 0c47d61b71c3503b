// SPDX-License-Identifier: MIT
#include "app/window/settings.h"

namespace orrery::app {

constexpr int kRecentFiles = 10;

std::unique_ptr<QSettings> openSettings() {
  const QString folder = qEnvironmentVariable("ORRERY_SETTINGS_DIR");
  if (!folder.isEmpty())
    return std::make_unique<QSettings>(folder + QStringLiteral("/orrery.ini"), QSettings::IniFormat);
  return std::make_unique<QSettings>(QStringLiteral("orrery"), QStringLiteral("orrery"));
}

QStringList recentFiles() { return openSettings()->value(QStringLiteral("recent")).toStringList(); }

void removeRecentFile(const QString& path) {
  QStringList files = recentFiles();
  files.removeAll(path);
  openSettings()->setValue(QStringLiteral("recent"), files);
}

void addRecentFile(const QString& path) {
  QStringList files = recentFiles();
  files.removeAll(path);
  files.prepend(path);
  openSettings()->setValue(QStringLiteral("recent"), QStringList(files.mid(0, kRecentFiles)));
}

} // namespace orrery::app
