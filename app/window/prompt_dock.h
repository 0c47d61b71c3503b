// SPDX-License-Identifier: MIT
// Prompt, sampler and the buttons of a run, with what it will cost. GUI thread; tokenising and estimating happen on the
// pool.
#pragma once
#include <QCheckBox>
#include <QDockWidget>
#include <QDoubleSpinBox>
#include <QLabel>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QSpinBox>
#include <QTimer>

#include "app/window/desk.h"

namespace orrery::app {

class PromptDock : public QDockWidget {
  Q_OBJECT
public:
  explicit PromptDock(Desk& desk, QWidget* parent = nullptr);
  QPlainTextEdit& text() { return *m_text; }
  QWidget& buttonRow() { return *m_buttons; } // the main window puts its run actions here

private:
  QWidget* makeSampler();
  void showPrompt(); // from the run control to the fields
  void takeText();
  void takeSampler();
  void askEstimate();
  void showEndTokens();

  Desk& m_desk;
  QPlainTextEdit* m_text;
  QDoubleSpinBox *m_temperature, *m_topP;
  QSpinBox *m_topK, *m_seed, *m_generate, *m_pace;
  QCheckBox* m_stop;
  QLabel *m_count, *m_estimate;
  QWidget* m_buttons;
  QTimer m_wait;
  std::uint64_t m_asked = 0; // number of the newest question; older answers are dropped
  bool m_showing = false;
};

} // namespace orrery::app
