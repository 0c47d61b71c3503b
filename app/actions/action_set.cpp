// SPDX-License-Identifier: MIT
#include "app/actions/action_set.h"

#include "app/icons.h"

namespace orrery::app {

QAction* ActionSet::make(const Entry& entry) {
  auto* action = new QAction(entry.text, &m_window);
  action->setObjectName(QStringLiteral("action.") + QLatin1String(entry.id));
  action->setShortcuts(entry.keys);
  action->setShortcutContext(Qt::WindowShortcut);
  QString tip = entry.tip.isEmpty() ? entry.text : entry.tip;
  tip.remove(QStringLiteral("\u2026"));
  QStringList keys;
  for (const QKeySequence& key : entry.keys) keys << key.toString(QKeySequence::NativeText);
  if (!keys.isEmpty()) tip += QStringLiteral(" (%1)").arg(keys.join(QStringLiteral(", ")));
  action->setToolTip(tip);
  if (*entry.icon) setIconName(*action, QLatin1String(entry.icon));
  m_window.addAction(action);
  return action;
}

QAction* ActionSet::add(const Entry& entry, std::function<void()> run) {
  QAction* action = make(entry);
  QObject::connect(action, &QAction::triggered, &m_window, [run = std::move(run)] { run(); });
  return action;
}

QAction* ActionSet::addCheckable(const Entry& entry, std::function<void(bool)> toggled) {
  QAction* action = make(entry);
  action->setCheckable(true);
  QObject::connect(action, &QAction::triggered, &m_window, [toggled = std::move(toggled)](bool on) { toggled(on); });
  return action;
}

QAction* ActionSet::find(const QString& id) const {
  return m_window.findChild<QAction*>(QStringLiteral("action.") + id, Qt::FindDirectChildrenOnly);
}

} // namespace orrery::app
