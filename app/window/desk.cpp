// SPDX-License-Identifier: MIT
#include "app/window/desk.h"

#include "app/window/edit_commands.h"

namespace orrery::app {

Desk::Desk(QObject* parent) : QObject(parent), m_run(m_link, m_undo) {
  m_undo.setUndoLimit(500);
  connect(&m_link, &SessionLink::snapshotChanged, this, &Desk::updateLimits);
  connect(&m_link, &SessionLink::modelChanged, this, &Desk::updateLimits);
  connect(&m_link, &SessionLink::jobEnded, this, [this](const session::JobInfo& job) {
    if (job.state == session::JobState::Failed && job.error) fail(*job.error);
  });
  connect(&m_systemTheme, &SystemTheme::changed, this, [this] {
    if (m_theme == ThemeChoice::System) showTheme(m_theme);
  });
}

void Desk::updateLimits() {
  const hooks::Dims dims = m_link.model() ? m_link.model()->dims : hooks::Dims();
  m_selection.setLimits(dims, m_link.length());
}

FigureInput Desk::figureInput() const {
  return {m_link.snapshot(), m_link.state().weights, m_link.state().series, m_map.input()};
}

void Desk::select(const views::Selection& selection) {
  if (!(selection == m_selection.selection())) m_undo.push(new SelectCommand(m_selection, selection));
}

void Desk::setParameters(const std::string& view, const views::Parameters& parameters) {
  if (parameters != m_views.parameters(view)) m_undo.push(new ParametersCommand(m_views, view, parameters));
}

void Desk::setTheme(ThemeChoice choice) {
  if (choice != m_theme) m_undo.push(new ThemeCommand(*this, choice));
}

void Desk::editViewports(const std::string& view, const gpu::ViewportEdit& edit) {
  m_undo.push(new ViewportCommand(m_views, view, edit));
}

scene::ThemeKind Desk::resolve(ThemeChoice choice) const {
  if (choice == ThemeChoice::System) return m_systemTheme.kind();
  return choice == ThemeChoice::Dark ? scene::ThemeKind::Dark : scene::ThemeKind::Light;
}

void Desk::showTheme(ThemeChoice choice) {
  m_theme = choice;
  const scene::ThemeKind kind = resolve(choice);
  applyTheme(kind);
  m_views.setTheme(kind);
  Q_EMIT themeChanged();
}

void Desk::scrub(std::int64_t shownTokens) {
  views::Selection next = m_selection.selection();
  next.shownTokens = shownTokens;
  m_selection.set(next);
}

void Desk::tell(const QString& sentence) { Q_EMIT message(sentence, false); }
void Desk::fail(const QString& sentence) { Q_EMIT message(sentence, true); }

void Desk::fail(const Error& error) {
  QString text = QString::fromStdString(error.message());
  for (const std::string& note : error.notes) text += QLatin1Char('\n') + QString::fromStdString(note);
  fail(text);
}

} // namespace orrery::app
