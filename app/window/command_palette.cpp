// SPDX-License-Identifier: MIT
#include "app/window/command_palette.h"

#include <QCoreApplication>
#include <QKeyEvent>
#include <QPointer>
#include <QVBoxLayout>
#include <algorithm>

namespace orrery::app {

int fuzzyScore(const QString& query, const QString& text) {
  int score = 0, at = 0, last = -2;
  for (const QChar wanted : query.toLower()) {
    if (wanted.isSpace()) continue;
    int found = at;
    while (found < text.size() && text[found].toLower() != wanted) ++found;
    if (found == text.size()) return -1;
    const bool wordStart = found == 0 || !text[found - 1].isLetterOrNumber();
    score += 1 + (found == last + 1 ? 4 : 0) + (wordStart ? 3 : 0);
    last = found;
    at = found + 1;
  }
  return score * 16 - std::min<int>(15, static_cast<int>(text.size()) / 4); // of equals the shorter one
}

namespace {

QString plain(const QAction& action) {
  QString text = action.text();
  return text.remove(QLatin1Char('&')).remove(QStringLiteral("\u2026"));
}

// Views are known by two names: "KV norms" and, as in scripts, "kv-norms".
QString shortName(const QAction& action) {
  static const QString kView = QStringLiteral("action.view.extra.");
  return action.objectName().startsWith(kView) ? action.objectName().mid(kView.size()) : QString();
}

} // namespace

CommandPalette::CommandPalette(const QList<QAction*>& actions, QWidget* parent)
    : QDialog(parent, Qt::Popup), m_query(new QLineEdit), m_list(new QListWidget) {
  setObjectName(QStringLiteral("palette"));
  setAttribute(Qt::WA_DeleteOnClose);
  for (QAction* action : actions)
    if (!action->isSeparator() && !action->menu() && !plain(*action).isEmpty()) m_actions << action;
  m_query->setObjectName(QStringLiteral("palette.query"));
  m_query->setPlaceholderText(tr("Find an action"));
  m_list->setObjectName(QStringLiteral("palette.list"));
  m_list->setUniformItemSizes(true);
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(8, 8, 8, 8);
  layout->addWidget(m_query);
  layout->addWidget(m_list);
  resize(480, 360);
  m_query->installEventFilter(this);
  connect(m_query, &QLineEdit::textChanged, this, &CommandPalette::refill);
  connect(m_query, &QLineEdit::returnPressed, this, &CommandPalette::run);
  connect(m_list, &QListWidget::itemClicked, this, &CommandPalette::run);
  refill(QString());
  m_query->setFocus();
}

void CommandPalette::refill(const QString& query) {
  std::vector<std::pair<int, QAction*>> fits;
  for (QAction* action : m_actions)
    if (const int score = std::max(fuzzyScore(query, plain(*action)), fuzzyScore(query, shortName(*action)));
        score >= 0 || query.isEmpty())
      fits.emplace_back(score, action);
  if (!query.isEmpty())
    std::stable_sort(fits.begin(), fits.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
  m_list->clear();
  for (const auto& [score, action] : fits) {
    const QString keys = action->shortcut().toString(QKeySequence::NativeText);
    auto* item = new QListWidgetItem(action->icon(),
                                     keys.isEmpty() ? plain(*action) : plain(*action) + QStringLiteral("    ") + keys);
    item->setData(Qt::UserRole, QVariant::fromValue<QObject*>(action));
    if (!action->isEnabled()) item->setFlags(Qt::NoItemFlags);
    m_list->addItem(item);
  }
  for (int row = 0; row < m_list->count(); ++row)
    if (m_list->item(row)->flags() != Qt::NoItemFlags) {
      m_list->setCurrentRow(row);
      break;
    }
}

void CommandPalette::run() {
  const QListWidgetItem* item = m_list->currentItem();
  QPointer<QObject> action = item ? item->data(Qt::UserRole).value<QObject*>() : nullptr;
  close();
  // After the palette is gone, so that the action finds the window active.
  QMetaObject::invokeMethod(
      qApp,
      [action] {
        if (auto* chosen = qobject_cast<QAction*>(action.data())) chosen->trigger();
      },
      Qt::QueuedConnection);
}

bool CommandPalette::eventFilter(QObject* watched, QEvent* event) {
  if (event->type() == QEvent::KeyPress) {
    const int key = static_cast<QKeyEvent*>(event)->key();
    if (key == Qt::Key_Up || key == Qt::Key_Down || key == Qt::Key_PageUp || key == Qt::Key_PageDown) {
      QCoreApplication::sendEvent(m_list, event);
      return true;
    }
  }
  return QDialog::eventFilter(watched, event);
}

} // namespace orrery::app
