// SPDX-License-Identifier: MIT
// The panel Eviction on a run of the bundled model: picking tokens, wrong numbers, trying and going back.
#include "app/window/evict_dock.h"

#include <QSignalSpy>

#include "tests/app/bundled_desk.h"

namespace orrery::app {
namespace {

class EvictDockTest : public BundledDesk {
protected:
  void SetUp() override {
    BundledDesk::SetUp();
    m_dock = std::make_unique<EvictDock>(m_desk);
    m_dock->show();
  }
  template <class T> T& part(const char* name) { return *m_dock->findChild<T*>(QLatin1String(name)); }
  QString dropped() { return part<QLineEdit>("evict.dropped").text(); }
  void choose(const char* only) {
    for (const char* name : {"evict.window", "evict.sink-window", "evict.heavy-hitter", "evict.key-norm"})
      part<QCheckBox>(name).setChecked(qstrcmp(name, only) == 0);
  }
  std::unique_ptr<EvictDock> m_dock;
};

TEST_F(EvictDockTest, AClickDropsAndTheSameClickKeepsAgain) {
  Q_EMIT m_desk.tokenClicked(3);
  EXPECT_EQ(dropped(), ""); // picking is off
  part<QCheckBox>("evict.picking").setChecked(true);
  Q_EMIT m_desk.tokenClicked(3);
  Q_EMIT m_desk.tokenClicked(1);
  EXPECT_EQ(dropped(), "1, 3");
  Q_EMIT m_desk.tokenClicked(3);
  Q_EMIT m_desk.tokenClicked(3);
  Q_EMIT m_desk.tokenClicked(3);
  EXPECT_EQ(dropped(), "1");
  m_desk.undo().undo();
  EXPECT_EQ(dropped(), "1, 3");
  m_desk.undo().redo();
  EXPECT_EQ(dropped(), "1");
}

TEST_F(EvictDockTest, TriesWhatIsChosenAndOffersToShowIt) {
  EXPECT_FALSE(part<QPushButton>("evict.show").isEnabled());
  choose("evict.sink-window");
  part<QLineEdit>("evict.budgets").setText("4, 6");
  part<QLineEdit>("evict.dropped").setText("2");
  part<QPushButton>("evict.run").click();
  ASSERT_TRUE(QTest::qWaitFor([&] { return idle() && part<QPushButton>("evict.show").isEnabled(); }, kWait));
  const auto study = m_desk.link().snapshot()->eviction;
  ASSERT_EQ(study->results.size(), 3U);
  EXPECT_EQ(study->results[0].eviction.policy, hooks::EvictionPolicy::SinkWindow);
  EXPECT_EQ(study->results[1].eviction.budget, 6);
  EXPECT_EQ(study->results[2].eviction.dropped, std::vector<std::int64_t>{2});
  QSignalSpy shown(m_dock.get(), &EvictDock::viewWanted);
  part<QPushButton>("evict.show").click();
  EXPECT_EQ(shown.count(), 2);
}

TEST_F(EvictDockTest, WrongInputIsToldAndNothingRuns) {
  QSignalSpy told(&m_desk, &Desk::message);
  part<QLineEdit>("evict.budgets").setText("4, half");
  part<QPushButton>("evict.run").click();
  ASSERT_EQ(told.count(), 1);
  EXPECT_TRUE(told[0][0].toString().contains("\"half\""));
  part<QLineEdit>("evict.budgets").clear();
  choose("");
  part<QPushButton>("evict.run").click();
  ASSERT_EQ(told.count(), 2);
  EXPECT_TRUE(told[1][0].toString().contains("choose a policy"));
  EXPECT_EQ(m_desk.undo().count(), 0);
  EXPECT_EQ(m_desk.link().snapshot()->eviction, nullptr);
}

TEST_F(EvictDockTest, ABudgetOfNothingFailsWithASentence) {
  QSignalSpy told(&m_desk, &Desk::message);
  part<QLineEdit>("evict.budgets").setText("0");
  part<QPushButton>("evict.run").click();
  ASSERT_TRUE(QTest::qWaitFor([&] { return told.count() == 1 && idle(); }, kWait));
  EXPECT_TRUE(told[0][0].toString().contains("budget"));
}

} // namespace
} // namespace orrery::app
