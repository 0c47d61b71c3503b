// SPDX-License-Identifier: MIT
// The colour range of a view as two numbers to type and a lock. An end that the view chooses stands empty, with the
// number that the picture has now in grey; a double click, or an empty field, leaves the end to the view again.
// GUI thread.
#pragma once
#include <QCheckBox>
#include <QLineEdit>
#include <QWidget>

#include "views/gpu/frame.h"

namespace orrery::app {

class RangeField : public QWidget {
  Q_OBJECT
public:
  explicit RangeField(QWidget* parent = nullptr);

  // `low`, `high`: the parameters' values, a number or "auto". `shown`: the range of the picture.
  void show(const QString& low, const QString& high, const gpu::RangeState& shown);

Q_SIGNALS:
  void typed(const QString& low, const QString& high); // numbers or "auto", as they were typed
  void lockToggled(bool on);                           // by the user

protected:
  bool eventFilter(QObject* watched, QEvent* event) override;

private:
  QLineEdit* makeEnd(const char* name, const QString& tip);
  void tell();

  QLineEdit *m_low, *m_high;
  QCheckBox* m_lock;
};

} // namespace orrery::app
