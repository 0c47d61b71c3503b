// SPDX-License-Identifier: MIT
// A desk on which the bundled model has written five tokens, and help to wait for it.
#pragma once
#include <gtest/gtest.h>

#include <QTest>

#include "app/assets.h"
#include "app/window/desk.h"

namespace orrery::app {

class BundledDesk : public testing::Test {
protected:
  static constexpr int kWait = 60000; // ms

  void SetUp() override {
    Prompt prompt;
    prompt.text = QStringLiteral("One sunny morning, Nina went to the bridge.");
    prompt.generate = 5;
    m_desk.run().setPrompt(prompt);
    m_desk.run().open(QString::fromStdString(assetPath("models/bundled")), true);
    ASSERT_TRUE(QTest::qWaitFor([&] { return idle() && m_desk.link().length() > 5; }, kWait));
  }
  bool idle() { return m_desk.link().model() && !m_desk.link().busy(); }
  // Waits until the run has `length` tokens and nothing is under way.
  bool settled(std::int64_t length) {
    return QTest::qWaitFor([&] { return idle() && m_desk.link().length() == length; }, kWait);
  }
  Desk m_desk;
};

} // namespace orrery::app
