// SPDX-License-Identifier: MIT
// The colour range is typed, locked and reset in the settings panel, and the picture follows; a slider goes through a
// series of checkpoints.
#include <QLineEdit>
#include <QSignalSpy>
#include <QSlider>
#include <QTemporaryDir>
#include <filesystem>

#include "app/window/settings_dock.h"
#include "app/window/view_pane.h"
#include "tests/app/bundled_desk.h"

namespace orrery::app {
namespace {

class ColourRange : public BundledDesk {
protected:
  void SetUp() override {
    BundledDesk::SetUp();
    m_desk.views().setActive("head");
    m_pane = std::make_unique<ViewPane>(m_desk, "head", false);
    m_pane->resize(640, 480);
    m_pane->show();
    m_dock = std::make_unique<SettingsDock>(m_desk);
    m_dock->resize(240, 400);
    m_dock->show();
    ASSERT_TRUE(QTest::qWaitFor([&] { return m_pane->canvas().built() != nullptr; }, kWait));
    low = m_dock->findChild<QLineEdit*>(QStringLiteral("settings.low"));
    high = m_dock->findChild<QLineEdit*>(QStringLiteral("settings.high"));
    lock = m_dock->findChild<QCheckBox*>(QStringLiteral("settings.lock"));
    ASSERT_TRUE(low && high && lock);
  }
  scene::ColorScale scale() { return m_pane->canvas().built()->scene.bars.at(0).scale; }
  bool drawn(double from, double to) {
    return QTest::qWaitFor([&] { return scale().low == from && scale().high == to; }, 10000);
  }
  void type(QLineEdit* field, const char* text) {
    field->setText(QLatin1String(text));
    QTest::keyClick(field, Qt::Key_Return);
  }
  std::string parameter(const char* name) {
    const views::Parameters all = m_desk.views().parameters("head");
    const auto found = all.find(name);
    return found == all.end() ? "auto" : found->second;
  }

  std::unique_ptr<ViewPane> m_pane;
  std::unique_ptr<SettingsDock> m_dock;
  QLineEdit *low = nullptr, *high = nullptr;
  QCheckBox* lock = nullptr;
};

TEST_F(ColourRange, TypedNumbersAreDrawnAndADoubleClickResets) {
  const double before = scale().high;
  EXPECT_TRUE(high->text().isEmpty());
  EXPECT_NEAR(high->placeholderText().toDouble(), before, before * 1e-3);
  type(high, "0.25");
  EXPECT_TRUE(drawn(0, 0.25)) << scale().low << " to " << scale().high;
  EXPECT_FALSE(lock->isChecked());
  QTest::mouseDClick(high, Qt::LeftButton);
  EXPECT_EQ(parameter("high"), "auto");
  EXPECT_TRUE(drawn(0, before));
  EXPECT_TRUE(high->text().isEmpty());
}

TEST_F(ColourRange, LockKeepsTheNumbersAndUnlockFreesThem) {
  const double before = scale().high;
  lock->click();
  EXPECT_EQ(std::stod(parameter("high")), before);
  EXPECT_EQ(std::stod(parameter("low")), 0);
  EXPECT_EQ(high->text().toDouble(), before);
  lock->click();
  EXPECT_EQ(parameter("high"), "auto");
  EXPECT_EQ(parameter("low"), "auto");
  m_desk.undo().undo();
  EXPECT_FALSE(lock->isChecked());
}

TEST_F(ColourRange, WhatIsNoRangeIsRefusedAndComesBack) {
  QSignalSpy told(&m_desk, &Desk::message);
  type(high, "0.25");
  type(low, "0.5");
  ASSERT_EQ(told.count(), 1);
  EXPECT_NE(told.at(0).at(0).toString().indexOf(QStringLiteral("0.5 and 0.25")), -1);
  EXPECT_TRUE(low->text().isEmpty());
  type(low, "wide");
  EXPECT_EQ(told.count(), 2);
  EXPECT_TRUE(low->text().isEmpty());
  EXPECT_EQ(parameter("low"), "auto");
  EXPECT_EQ(parameter("high"), "0.25");
}

using Series = BundledDesk;

TEST_F(Series, ASliderChoosesTheCheckpoint) {
  namespace fs = std::filesystem;
  QTemporaryDir folder;
  for (const char* step : {"step-1", "step-2", "step-3"})
    fs::copy(assetPath("models/bundled"), fs::path(folder.path().toStdString()) / step, fs::copy_options::recursive);
  m_desk.views().setActive("changes");
  SettingsDock dock(m_desk);
  auto* slider = dock.findChild<QSlider*>(QStringLiteral("settings.step.slider"));
  auto* name = dock.findChild<QLabel*>(QStringLiteral("settings.step.name"));
  ASSERT_TRUE(slider && name);
  EXPECT_FALSE(slider->isEnabled());
  m_desk.link().follow(m_desk.link().engine().runCompare(folder.path().toStdString()));
  ASSERT_TRUE(QTest::qWaitFor([&] { return slider->isEnabled(); }, kWait));
  EXPECT_EQ(slider->maximum(), 2);
  slider->setValue(2);
  EXPECT_EQ(m_desk.views().parameters("changes").at("step"), "2");
  EXPECT_TRUE(name->text().endsWith(QLatin1String("step-3"))) << name->text().toStdString();
  m_desk.undo().undo();
  EXPECT_EQ(slider->value(), 0);
}

} // namespace
} // namespace orrery::app
