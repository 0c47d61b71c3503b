// SPDX-License-Identifier: MIT
// Which checkpoint of a series: a slider over them, with the name of the chosen one under it. GUI thread.
#pragma once
#include <QLabel>
#include <QSlider>
#include <QWidget>

namespace orrery::app {

class StepField : public QWidget {
  Q_OBJECT
public:
  explicit StepField(QWidget* parent = nullptr);
  // Beyond the last: the last, as the views take it.
  void show(int step, const QStringList& names);
  using QWidget::show;

Q_SIGNALS:
  void moved(int step);

private:
  QSlider* m_slider;
  QLabel* m_name;
};

} // namespace orrery::app
