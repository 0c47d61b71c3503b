// SPDX-License-Identifier: MIT
#include "app/window/range_field.h"

#include <QEvent>
#include <QGridLayout>
#include <QLabel>

namespace orrery::app {
namespace {

const QString kAuto = QStringLiteral("auto");

void showEnd(QLineEdit& field, const QString& value, double shown) {
  const bool automatic = value == kAuto;
  field.setPlaceholderText(QString::number(shown, 'g', 4));
  const QString text = automatic ? QString() : value;
  if (field.text() != text) field.setText(text);
}

QString valueOf(const QLineEdit& field) {
  const QString text = field.text().trimmed();
  return text.isEmpty() ? kAuto : text;
}

} // namespace

RangeField::RangeField(QWidget* parent)
    : QWidget(parent), m_low(makeEnd("settings.low", tr("value of the lowest colour"))),
      m_high(makeEnd("settings.high", tr("value of the highest colour"))), m_lock(new QCheckBox(tr("lock"))) {
  m_lock->setObjectName(QStringLiteral("settings.lock"));
  m_lock->setToolTip(tr("Keep this range, whatever the data does"));
  auto* grid = new QGridLayout(this);
  grid->setContentsMargins(0, 0, 0, 0);
  grid->setHorizontalSpacing(4);
  grid->setVerticalSpacing(4);
  grid->addWidget(m_low, 0, 0);
  grid->addWidget(new QLabel(QStringLiteral("\u2013")), 0, 1);
  grid->addWidget(m_high, 0, 2);
  grid->addWidget(m_lock, 1, 0, 1, 3);
  connect(m_lock, &QCheckBox::clicked, this, &RangeField::lockToggled);
}

QLineEdit* RangeField::makeEnd(const char* name, const QString& tip) {
  auto* field = new QLineEdit(this);
  field->setObjectName(QLatin1String(name));
  field->setToolTip(tr("%1; empty or double click: chosen from the data").arg(tip));
  field->setMinimumWidth(40);
  field->installEventFilter(this);
  connect(field, &QLineEdit::editingFinished, this, &RangeField::tell);
  return field;
}

void RangeField::show(const QString& low, const QString& high, const gpu::RangeState& shown) {
  showEnd(*m_low, low, shown.low);
  showEnd(*m_high, high, shown.high);
  m_lock->setChecked(low != kAuto && high != kAuto);
}

void RangeField::tell() { Q_EMIT typed(valueOf(*m_low), valueOf(*m_high)); }

bool RangeField::eventFilter(QObject* watched, QEvent* event) {
  if (event->type() != QEvent::MouseButtonDblClick) return QWidget::eventFilter(watched, event);
  static_cast<QLineEdit*>(watched)->clear();
  tell();
  return true;
}

} // namespace orrery::app
