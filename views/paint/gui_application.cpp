// SPDX-License-Identifier: MIT
#include "views/paint/gui_application.h"

#include <QGuiApplication>
#include <cstdio>

namespace orrery::paint {
namespace {

// No verb needs the folder that Qt misses on machines without a login session.
void printAllBut(QtMsgType, const QMessageLogContext&, const QString& message) {
  if (!message.contains(QLatin1String("XDG_RUNTIME_DIR"))) std::fprintf(stderr, "%s\n", qPrintable(message));
}

} // namespace

Status ensureGuiApplication() {
  if (QCoreApplication::instance()) {
    if (qobject_cast<QGuiApplication*>(QCoreApplication::instance())) return Done{};
    return Error{Code::Internal, "figures need a QGuiApplication, and a QCoreApplication stands in its place", {}, {}};
  }
  // A verb never opens a window, so no display is asked for even where there is one.
  if (!qEnvironmentVariableIsSet("QT_QPA_PLATFORM")) qputenv("QT_QPA_PLATFORM", "offscreen");
  static int count = 1;
  static char name[] = "orrery";
  static char* arguments[] = {name, nullptr};
  const QtMessageHandler before = qInstallMessageHandler(printAllBut);
  new QGuiApplication(count, arguments); // never deleted: static objects of Qt may outlive main()
  qInstallMessageHandler(before);
  return Done{};
}

} // namespace orrery::paint
