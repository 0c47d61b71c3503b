// SPDX-License-Identifier: MIT
// orrery [CHECKPOINT, TRACE, WORKSPACE or RECIPE] opens the window; orrery VERB ... works without one.
#include <QCommandLineParser>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <iostream>

#include "app/assets.h"
#include "app/verbs/verbs.h"
#include "app/window/main_window.h"
#include "app/window/settings.h"
#include "app/window/test_report.h"
#include "app/window/typing_guard.h"
#include "app/window/work_meter.h"

namespace orrery::app {
namespace {

int runVerb(int argc, char** argv) {
  CommandLine line;
  declareVerbs(line);
  try {
    line.app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return line.app.exit(error) == 0 ? 0 : 2;
  }
  if (!line.action) return 2;
  const Status done = line.action();
  if (done) return 0;
  std::cerr << "orrery: " << done.error().message() << '\n';
  for (const std::string& note : done.error().notes) std::cerr << "  " << note << '\n';
  return 1;
}

// Options of the window, for tests; see docs/testing.md.
struct WindowOptions {
  QString path, testReport, geometry;
};

WindowOptions windowOptions(const QStringList& arguments) {
  WindowOptions options;
  for (int i = 1; i < arguments.size(); ++i) {
    const bool more = i + 1 < arguments.size();
    if (arguments[i] == QLatin1String("--test-report") && more)
      options.testReport = arguments[++i];
    else if (arguments[i] == QLatin1String("--geometry") && more)
      options.geometry = arguments[++i];
    else
      options.path = arguments[i];
  }
  return options;
}

// "1600x1000": the size, at the upper left corner of the screen.
void place(MainWindow& window, const QString& geometry) {
  const QStringList sides = geometry.split(QLatin1Char('x'));
  if (sides.size() != 2) return;
  window.move(0, 0);
  window.resize(sides[0].toInt(), sides[1].toInt());
}

bool hasDisplay() { return std::getenv("DISPLAY") || std::getenv("WAYLAND_DISPLAY") || std::getenv("QT_QPA_PLATFORM"); }

int runWindow(int argc, char** argv) {
  if (!hasDisplay()) {
    std::cerr
        << "orrery: there is no display for the window (DISPLAY is not set); orrery --help lists what works without\n";
    return 1;
  }
  Application application(argc, argv);
  QApplication::setApplicationName(QStringLiteral("orrery"));
  QApplication::setAttribute(Qt::AA_DontShowIconsInMenus, false);
  const WindowOptions options = windowOptions(QApplication::arguments());
  TypingGuard guard;
  application.installEventFilter(&guard);
  Desk desk;
  desk.showTheme(themeFromWord(openSettings()->value(QStringLiteral("theme"), QStringLiteral("system")).toString()));
  int code = 0;
  {
    MainWindow window(desk);
    place(window, options.geometry);
    window.show();
    if (options.path.isEmpty())
      window.openDemo(QString::fromStdString(assetPath("models/bundled")));
    else
      window.openPath(options.path);
    code = QApplication::exec();
    if (!options.testReport.isEmpty()) writeTestReport(options.testReport.toStdString(), application.meter(), window);
  }
  return code;
}

bool wantsWindow(int argc, char** argv) {
  if (argc < 2) return true;
  if (isVerb(argv[1])) return false;
  if (argv[1][0] != '-') return std::filesystem::exists(argv[1]); // else a mistyped verb or file: wrong usage
  return std::strcmp(argv[1], "--test-report") == 0 || std::strcmp(argv[1], "--geometry") == 0;
}

} // namespace
} // namespace orrery::app

int main(int argc, char** argv) {
  return orrery::app::wantsWindow(argc, argv) ? orrery::app::runWindow(argc, argv) : orrery::app::runVerb(argc, argv);
}
