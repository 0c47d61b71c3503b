// SPDX-License-Identifier: MIT
#include "app/window/command_palette.h"

#include <gtest/gtest.h>

#include <QDockWidget>
#include <QTemporaryDir>
#include <QTest>

#include "app/window/main_window.h"

namespace orrery::app {
namespace {

TEST(Palette, LettersInOrderFitOthersDoNot) {
  EXPECT_GE(fuzzyScore("exfig", "Export the figure"), 0);
  EXPECT_LT(fuzzyScore("gif", "fig"), 0);
  EXPECT_LT(fuzzyScore("exportx", "Export"), 0);
  EXPECT_GE(fuzzyScore("", "anything"), -15);
}

TEST(Palette, BeginningsOfWordsWin) {
  EXPECT_GT(fuzzyScore("sb", "Step back"), fuzzyScore("sb", "Subtle bubble of absorption"));
  EXPECT_GT(fuzzyScore("step", "Step"), fuzzyScore("step", "Step back"));
  EXPECT_GT(fuzzyScore("run", "Run the prompt"), fuzzyScore("run", "Return none"));
}

TEST(Palette, ReturnRunsTheBestFit) {
  QWidget window;
  QAction open("Open a file", &window), back("Step back", &window);
  int ran = 0;
  QObject::connect(&back, &QAction::triggered, [&] { ++ran; });
  auto* palette = new CommandPalette({&open, &back}, &window);
  palette->show();
  auto* query = palette->findChild<QLineEdit*>("palette.query");
  ASSERT_NE(query, nullptr);
  QTest::keyClicks(query, "stba");
  QTest::keyClick(query, Qt::Key_Return);
  QTest::qWait(20);
  EXPECT_EQ(ran, 1);
}

TEST(Palette, APanelBehindAnotherComesForward) {
  QTemporaryDir folder;
  qputenv("ORRERY_SETTINGS_DIR", folder.path().toLocal8Bit());
  Desk desk;
  MainWindow window(desk);
  window.resize(1200, 800);
  window.show();
  auto* dock = window.findChild<QDockWidget*>("dock.evict");
  ASSERT_NE(dock, nullptr);
  const auto seen = [&] { return dock->isVisible() && !dock->visibleRegion().isEmpty(); };
  ASSERT_TRUE(QTest::qWaitFor([&] { return !seen(); }));
  window.showPalette();
  auto* palette = window.findChild<CommandPalette*>();
  ASSERT_NE(palette, nullptr);
  QTest::keyClicks(palette->findChild<QLineEdit*>("palette.query"), "eviction");
  int rows = 0;
  const auto* list = palette->findChild<QListWidget*>("palette.list");
  for (int row = 0; row < list->count(); ++row) rows += list->item(row)->text() == "Eviction";
  EXPECT_EQ(rows, 1);
  QTest::keyClick(palette->findChild<QLineEdit*>("palette.query"), Qt::Key_Return);
  EXPECT_TRUE(QTest::qWaitFor(seen));
  window.findChild<QAction*>("action.panel.evict")->trigger();
  EXPECT_FALSE(dock->isVisible());
  qunsetenv("ORRERY_SETTINGS_DIR");
}

TEST(Palette, ViewsAreFoundByTheirShortNames) {
  QWidget window;
  QAction view("KV in two dimensions (PCA)", &window);
  view.setObjectName("action.view.extra.kv-pca");
  auto* palette = new CommandPalette({&view}, &window);
  palette->show();
  palette->findChild<QLineEdit*>("palette.query")->setText("kv-pca");
  EXPECT_EQ(palette->findChild<QListWidget*>("palette.list")->count(), 1);
}

} // namespace
} // namespace orrery::app
