// SPDX-License-Identifier: MIT
#include "app/window/edit_commands.h"

namespace orrery::app {

SelectCommand::SelectCommand(SelectionModel& model, const views::Selection& after)
    : QUndoCommand(QObject::tr("selection")), m_model(model), m_before(model.selection()), m_after(after) {}

bool SelectCommand::mergeWith(const QUndoCommand* other) {
  m_after = static_cast<const SelectCommand*>(other)->m_after;
  return true;
}

ParametersCommand::ParametersCommand(ViewStore& store, std::string view, views::Parameters after)
    : QUndoCommand(QObject::tr("view settings")), m_store(store), m_view(std::move(view)),
      m_before(store.parameters(m_view)), m_after(std::move(after)) {}

bool ParametersCommand::mergeWith(const QUndoCommand* other) {
  const auto* later = static_cast<const ParametersCommand*>(other);
  if (later->m_view != m_view) return false;
  m_after = later->m_after;
  return true;
}

ViewportCommand::ViewportCommand(ViewStore& store, std::string view, const gpu::ViewportEdit& edit)
    : QUndoCommand(QObject::tr("zoom")), m_store(store), m_view(std::move(view)), m_edit(edit) {}

bool ViewportCommand::mergeWith(const QUndoCommand* other) {
  const auto* later = static_cast<const ViewportCommand*>(other);
  if (later->m_view != m_view || later->m_edit.gesture != m_edit.gesture) return false;
  m_edit.after = later->m_edit.after;
  return true;
}

ThemeCommand::ThemeCommand(Desk& desk, ThemeChoice after)
    : QUndoCommand(QObject::tr("theme")), m_desk(desk), m_before(desk.theme()), m_after(after) {}

} // namespace orrery::app
