// SPDX-License-Identifier: MIT
// The settings of a view, made from its ViewInfo: a view of a plugin gets them without code. GUI thread.
#pragma once
#include <QComboBox>
#include <QDockWidget>
#include <QFormLayout>
#include <map>

#include "app/window/desk.h"
#include "app/window/range_field.h"
#include "app/window/step_field.h"

namespace orrery::app {

class SettingsDock : public QDockWidget {
  Q_OBJECT
public:
  explicit SettingsDock(Desk& desk, QWidget* parent = nullptr);

private:
  void chooseView();
  void buildForm();
  QWidget* makeField(const views::Parameter& parameter);
  QWidget* makeRange();
  void showValues();
  void showRange();
  QWidget* makeSteps();
  void showSteps();
  void take(const std::string& name, const QString& value);
  void take(const views::Parameters& parameters);
  void takeRange(const QString& low, const QString& high);
  void lockRange(bool on);

  Desk& m_desk;
  QComboBox* m_views;
  QWidget* m_form = nullptr;
  std::map<std::string, QWidget*> m_fields;
  RangeField* m_range = nullptr; // of views with "low" and "high"
  StepField* m_steps = nullptr;  // of views that compare with a series of checkpoints
  bool m_showing = false;
};

} // namespace orrery::app
