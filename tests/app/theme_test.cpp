// SPDX-License-Identifier: MIT
// "As the system" follows the platform while the program runs.
#include <gtest/gtest.h>

#include <QApplication>
#include <QTest>

#include "app/window/desk.h"

namespace orrery::app {
namespace {

QPalette platform(int lightness) {
  QPalette palette;
  palette.setColor(QPalette::Window, QColor(lightness, lightness, lightness));
  return palette;
}

// What a platform plugin does when the user switches the desktop: each window is told.
void tellWindows(QWidget& window) {
  QEvent event(QEvent::ThemeChange);
  QApplication::sendEvent(&window, &event);
}

class FollowTheSystem : public testing::Test {
protected:
  void SetUp() override {
    m_desk.systemTheme().setSource([this] { return platform(m_lightness); });
  }
  bool becomes(scene::ThemeKind kind) {
    return QTest::qWaitFor([&] { return m_desk.views().theme() == kind; }, 1000);
  }
  int m_lightness = 240;
  QWidget m_window;
  Desk m_desk;
};

TEST_F(FollowTheSystem, WhileItRuns) {
  m_desk.showTheme(ThemeChoice::System);
  EXPECT_EQ(m_desk.views().theme(), scene::ThemeKind::Light);
  m_lightness = 30;
  tellWindows(m_window);
  EXPECT_TRUE(becomes(scene::ThemeKind::Dark));
  EXPECT_LT(QApplication::palette().color(QPalette::Window).lightness(), 128);
  m_lightness = 240;
  tellWindows(m_window);
  EXPECT_TRUE(becomes(scene::ThemeKind::Light));
  EXPECT_EQ(m_desk.undo().count(), 0) << "nobody edited anything";
}

TEST_F(FollowTheSystem, ButNotAgainstAChoice) {
  m_desk.showTheme(ThemeChoice::Light);
  m_lightness = 30;
  tellWindows(m_window);
  QTest::qWait(50);
  EXPECT_EQ(m_desk.views().theme(), scene::ThemeKind::Light);
  m_desk.showTheme(ThemeChoice::System);
  EXPECT_EQ(m_desk.views().theme(), scene::ThemeKind::Dark);
}

TEST(PlatformPalette, IsNotTheOneThatTheApplicationSet) {
  QApplication::setPalette(QPalette());
  const QColor own = QApplication::palette().color(QPalette::Window);
  for (const scene::ThemeKind kind : {scene::ThemeKind::Dark, scene::ThemeKind::Light}) {
    applyTheme(kind);
    const QPalette mine = QApplication::palette();
    ASSERT_NE(mine.color(QPalette::Window), own);
    EXPECT_EQ(platformPalette().color(QPalette::Window), own);
    EXPECT_EQ(QApplication::palette(), mine) << "looking changed it";
  }
}

} // namespace
} // namespace orrery::app
