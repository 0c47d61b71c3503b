// SPDX-License-Identifier: MIT
#include "app/window/command_palette.h"

#include <gtest/gtest.h>

#include <QTest>

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

} // namespace
} // namespace orrery::app
