// SPDX-License-Identifier: MIT
// One sentence above the canvas that does not stop the work; it can be copied. GUI thread.
#pragma once
#include <QFrame>
#include <QLabel>

#include "views/scene/theme.h"

namespace orrery::app {

class MessageBar : public QFrame {
  Q_OBJECT
public:
  explicit MessageBar(QWidget* parent = nullptr);
  void show(const QString& sentence, bool failed, const scene::Theme& theme);
  QString text() const { return m_text->text(); }

private:
  QLabel* m_text;
};

} // namespace orrery::app
