// SPDX-License-Identifier: MIT
// The desk without a window: selection, settings and theme go back and forth; runs on the bundled model do as well.
#include <gtest/gtest.h>

#include "tests/app/bundled_desk.h"

namespace orrery::app {
namespace {

std::vector<std::int32_t> tokensOf(Desk& desk) {
  const store::SnapshotPtr snapshot = desk.link().snapshot();
  return snapshot ? snapshot->tokens.toVector() : std::vector<std::int32_t>();
}

TEST(Undo, SettingsAndTheme) {
  Desk desk;
  desk.showTheme(ThemeChoice::Dark);
  desk.setTheme(ThemeChoice::Light);
  EXPECT_EQ(desk.views().theme(), scene::ThemeKind::Light);
  desk.setParameters("head", {{"scale", "log"}});
  desk.setParameters("head", {{"scale", "linear"}});
  desk.undo().undo(); // edits of one view that follow each other are one step
  EXPECT_TRUE(desk.views().parameters("head").empty());
  desk.undo().undo();
  EXPECT_EQ(desk.views().theme(), scene::ThemeKind::Dark);
  desk.undo().redo();
  desk.undo().redo();
  EXPECT_EQ(desk.views().parameters("head").at("scale"), "linear");
}

TEST(Undo, Sampler) {
  Desk desk;
  session::Sampler hot;
  hot.temperature = 1.5;
  desk.run().editSampler(hot, 12, 0);
  EXPECT_EQ(desk.run().prompt().generate, 12);
  desk.undo().undo();
  EXPECT_EQ(desk.run().prompt(), Prompt());
}

using UndoOfRuns = BundledDesk;

TEST_F(UndoOfRuns, StepAndStepBack) {
  const auto start = tokensOf(m_desk);
  const auto n = static_cast<std::int64_t>(start.size());
  m_desk.run().step();
  ASSERT_TRUE(settled(n + 1));
  const auto longer = tokensOf(m_desk);
  m_desk.run().stepBack();
  ASSERT_TRUE(settled(n));
  EXPECT_EQ(tokensOf(m_desk), start);
  m_desk.undo().undo();
  ASSERT_TRUE(settled(n + 1));
  EXPECT_EQ(tokensOf(m_desk), longer);
  m_desk.undo().undo();
  ASSERT_TRUE(settled(n));
  m_desk.undo().redo();
  ASSERT_TRUE(settled(n + 1));
  EXPECT_EQ(tokensOf(m_desk), longer);
}

TEST_F(UndoOfRuns, ANewRunGoesBackToTheOldOne) {
  const auto first = tokensOf(m_desk);
  const std::uint64_t firstRun = m_desk.link().snapshot()->run;
  Prompt other = m_desk.run().prompt();
  other.text = QStringLiteral("Say: lo mika");
  m_desk.run().setPrompt(other);
  m_desk.run().start();
  ASSERT_TRUE(QTest::qWaitFor([&] { return idle() && m_desk.link().snapshot()->run != firstRun; }, kWait));
  const auto second = tokensOf(m_desk);
  EXPECT_NE(first, second);
  m_desk.undo().undo();
  ASSERT_TRUE(QTest::qWaitFor([&] { return idle() && m_desk.link().snapshot()->run == firstRun; }, kWait));
  EXPECT_EQ(tokensOf(m_desk), first);
  m_desk.undo().redo();
  ASSERT_TRUE(QTest::qWaitFor([&] { return idle() && m_desk.link().snapshot()->run != firstRun; }, kWait));
  EXPECT_EQ(tokensOf(m_desk), second);
}

TEST_F(UndoOfRuns, SelectionsThatFollowEachOtherAreOneStep) {
  views::Selection wish = m_desk.selection().selection();
  wish.layer = 1;
  m_desk.select(wish);
  wish.head = 2;
  m_desk.select(wish);
  m_desk.undo().undo();
  EXPECT_EQ(m_desk.selection().selection().layer, 0);
  EXPECT_EQ(m_desk.selection().selection().head, 0);
  m_desk.undo().redo();
  EXPECT_EQ(m_desk.selection().selection().head, 2);
}

TEST_F(UndoOfRuns, EvictionsComeAndGo) {
  const auto study = [this] { return m_desk.link().engine().snapshot()->eviction; };
  const auto there = [&](bool wanted) {
    return QTest::qWaitFor([&] { return idle() && (study() != nullptr) == wanted; }, kWait);
  };
  m_desk.run().evict({{hooks::EvictionPolicy::Window, 3, {}}});
  ASSERT_TRUE(there(true));
  const auto first = study();
  EXPECT_GT(first->results[0].klMean(), 0);
  m_desk.run().evict({{hooks::EvictionPolicy::Own, 0, {1, 2}}});
  ASSERT_TRUE(QTest::qWaitFor([&] { return idle() && study() != first; }, kWait));
  m_desk.undo().undo();
  ASSERT_TRUE(QTest::qWaitFor([&] { return idle() && study() == first; }, kWait));
  m_desk.undo().undo();
  ASSERT_TRUE(there(false));
  m_desk.undo().redo();
  ASSERT_TRUE(QTest::qWaitFor([&] { return idle() && study() == first; }, kWait)); // kept, not computed again
}

} // namespace
} // namespace orrery::app
