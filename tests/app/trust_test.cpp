// SPDX-License-Identifier: MIT
// The badge: measured by itself once a run stands still, never in the way of other work.
#include "app/window/trust_check.h"

#include <QClipboard>
#include <QDialog>
#include <QGuiApplication>
#include <QPushButton>
#include <QTableWidget>

#include "tests/app/bundled_desk.h"

namespace orrery::app {
namespace {

class Trust : public BundledDesk {
protected:
  bool measured(TrustCheck& check) {
    return QTest::qWaitFor([&] { return check.measured() && check.verdict() != TrustCheck::Verdict::Note; }, kWait);
  }
};

TEST_F(Trust, MeasuresByItselfAndShowsATable) {
  TrustCheck check(m_desk);
  check.setAutomatic(true);
  const auto before = m_desk.link().snapshot();
  ASSERT_TRUE(measured(check)) << check.text().toStdString();
  EXPECT_EQ(check.verdict(), TrustCheck::Verdict::Good) << check.text().toStdString();
  EXPECT_TRUE(check.text().contains(QLatin1String("float64"))) << check.text().toStdString();
  EXPECT_EQ(check.found()->tokens, before->promptTokens);
  EXPECT_EQ(m_desk.link().snapshot(), before) << "the run stays as it is";
  std::printf("  %s\n", qPrintable(check.text()));
  QWidget window;
  showTrustTable(check, scene::theme(scene::ThemeKind::Dark), &window);
  auto* table = window.findChild<QTableWidget*>(QStringLiteral("trust.table"));
  ASSERT_NE(table, nullptr);
  EXPECT_EQ(table->rowCount(), static_cast<int>(check.found()->rows.size()));
  EXPECT_EQ(table->item(0, 0)->text().toStdString(), check.found()->rows.front().name);
  window.findChild<QPushButton*>(QStringLiteral("trust.copy"))->click();
  EXPECT_EQ(QGuiApplication::clipboard()->text().count(QLatin1Char('\n')), table->rowCount() + 1);
}

TEST_F(Trust, OtherWorkComesFirst) {
  TrustCheck check(m_desk);
  check.setAutomatic(false);
  check.measure();
  m_desk.run().goOn(3);
  const auto length = m_desk.link().length();
  ASSERT_TRUE(QTest::qWaitFor([&] { return m_desk.link().length() == length + 3; }, kWait));
  check.measure();
  ASSERT_TRUE(measured(check));
}

TEST_F(Trust, ComparesLogitsWithAnotherCheckpoint) {
  TrustCheck check(m_desk);
  check.setAutomatic(false);
  const QString same = QString::fromStdString(assetPath("models/bundled"));
  check.compareWith(same);
  ASSERT_TRUE(QTest::qWaitFor([&] { return check.measured() && check.found()->logits; }, kWait));
  EXPECT_EQ(check.found()->logits->maxAbs(), 0);
  EXPECT_EQ(check.found()->logits->top1Changed(), 0);
}

TEST_F(Trust, ProcessingOpensTheModelAgain) {
  m_desk.run().setProcessing({true, false, true});
  m_desk.run().reopen();
  ASSERT_TRUE(QTest::qWaitFor(
      [&] { return idle() && m_desk.link().model()->processing.any() && m_desk.link().length() > 5; }, kWait));
  EXPECT_EQ(m_desk.link().model()->processing, (models::Processing{true, false, true}));
}

} // namespace
} // namespace orrery::app
