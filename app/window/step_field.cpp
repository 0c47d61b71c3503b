// SPDX-License-Identifier: MIT
#include "app/window/step_field.h"

#include <QSignalBlocker>
#include <QVBoxLayout>
#include <algorithm>

namespace orrery::app {

StepField::StepField(QWidget* parent) : QWidget(parent), m_slider(new QSlider(Qt::Horizontal)), m_name(new QLabel) {
  m_slider->setObjectName(QStringLiteral("settings.step.slider"));
  m_slider->setPageStep(1);
  m_slider->setTickPosition(QSlider::TicksBelow);
  m_slider->setTickInterval(1);
  m_name->setObjectName(QStringLiteral("settings.step.name"));
  m_name->setProperty("role", "secondary");
  m_name->setWordWrap(true);
  auto* rows = new QVBoxLayout(this);
  rows->setContentsMargins(0, 0, 0, 0);
  rows->setSpacing(4);
  rows->addWidget(m_slider);
  rows->addWidget(m_name);
  setFocusProxy(m_slider);
  connect(m_slider, &QSlider::valueChanged, this, &StepField::moved);
}

void StepField::show(int step, const QStringList& names) {
  const int last = std::max(0, static_cast<int>(names.size()) - 1), shown = std::clamp(step, 0, last);
  const QSignalBlocker quiet(m_slider);
  m_slider->setRange(0, last);
  m_slider->setValue(shown);
  m_slider->setEnabled(last > 0);
  m_slider->setToolTip(toolTip());
  if (names.isEmpty())
    m_name->setText(tr("no other checkpoint"));
  else
    m_name->setText(tr("%1 of %2 \u00b7 %3").arg(shown + 1).arg(names.size()).arg(names[shown]));
}

} // namespace orrery::app
