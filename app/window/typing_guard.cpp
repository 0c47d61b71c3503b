// SPDX-License-Identifier: MIT
#include "app/window/typing_guard.h"

#include <QAbstractItemView>
#include <QAbstractSlider>
#include <QAbstractSpinBox>
#include <QComboBox>
#include <QKeyEvent>
#include <QLineEdit>
#include <QPlainTextEdit>
#include <QTextEdit>

namespace orrery::app {
namespace {

bool isTextField(const QObject* widget) {
  return qobject_cast<const QLineEdit*>(widget) || qobject_cast<const QPlainTextEdit*>(widget) ||
         qobject_cast<const QTextEdit*>(widget) || qobject_cast<const QAbstractSpinBox*>(widget);
}

bool movesWithArrows(const QObject* widget) {
  return qobject_cast<const QAbstractItemView*>(widget) || qobject_cast<const QComboBox*>(widget) ||
         qobject_cast<const QAbstractSlider*>(widget);
}

bool isMove(int key) { return (key >= Qt::Key_Home && key <= Qt::Key_PageDown); }

} // namespace

bool TypingGuard::eventFilter(QObject* watched, QEvent* event) {
  if (event->type() != QEvent::ShortcutOverride) return false;
  const auto* key = static_cast<QKeyEvent*>(event);
  const bool plain = (key->modifiers() & (Qt::ControlModifier | Qt::AltModifier | Qt::MetaModifier)) == 0;
  const bool functionKey = key->key() >= Qt::Key_F1 && key->key() <= Qt::Key_F35;
  if (!plain || functionKey) return false;
  const bool leaves = key->key() == Qt::Key_Escape;
  if ((isTextField(watched) && !leaves) || (movesWithArrows(watched) && isMove(key->key()))) {
    event->accept();
    return true;
  }
  return false;
}

} // namespace orrery::app
