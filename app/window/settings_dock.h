// SPDX-License-Identifier: MIT
// The settings of a view, made from its ViewInfo: a view of a plugin gets them without code. GUI thread.
#pragma once
#include <QComboBox>
#include <QDockWidget>
#include <QFormLayout>
#include <map>

#include "app/window/desk.h"

namespace orrery::app {

class SettingsDock : public QDockWidget {
  Q_OBJECT
public:
  explicit SettingsDock(Desk& desk, QWidget* parent = nullptr);

private:
  void chooseView();
  void buildForm();
  QWidget* makeField(const views::Parameter& parameter);
  void showValues();
  void take(const std::string& name, const QString& value);

  Desk& m_desk;
  QComboBox* m_views;
  QWidget* m_form = nullptr;
  std::map<std::string, QWidget*> m_fields;
  bool m_showing = false;
};

} // namespace orrery::app
