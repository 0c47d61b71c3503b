// SPDX-License-Identifier: MIT
// Undo of what changes the picture: selection, parameters of views, zoom, theme. GUI thread.
#pragma once
#include <QUndoCommand>

#include "app/window/desk.h"

namespace orrery::app {

// Selections that follow each other are one step.
class SelectCommand : public QUndoCommand {
public:
  SelectCommand(SelectionModel& model, const views::Selection& after);
  void undo() override { m_model.set(m_before); }
  void redo() override { m_model.set(m_after); }
  int id() const override { return 1; }
  bool mergeWith(const QUndoCommand* other) override;

private:
  SelectionModel& m_model;
  views::Selection m_before, m_after;
};

// Edits of the same view that follow each other are one step.
class ParametersCommand : public QUndoCommand {
public:
  ParametersCommand(ViewStore& store, std::string view, views::Parameters after);
  void undo() override { m_store.setParameters(m_view, m_before); }
  void redo() override { m_store.setParameters(m_view, m_after); }
  int id() const override { return 3; }
  bool mergeWith(const QUndoCommand* other) override;

private:
  ViewStore& m_store;
  std::string m_view;
  views::Parameters m_before, m_after;
};

// Zoom, pan or fit; what belongs to one gesture is one step.
class ViewportCommand : public QUndoCommand {
public:
  ViewportCommand(ViewStore& store, std::string view, const gpu::ViewportEdit& edit);
  void undo() override { m_store.setViewports(m_view, m_edit.before); }
  void redo() override { m_store.setViewports(m_view, m_edit.after); }
  int id() const override { return 4; }
  bool mergeWith(const QUndoCommand* other) override;

private:
  ViewStore& m_store;
  std::string m_view;
  gpu::ViewportEdit m_edit;
};

class ThemeCommand : public QUndoCommand {
public:
  ThemeCommand(Desk& desk, ThemeChoice after);
  void undo() override { m_desk.showTheme(m_before); }
  void redo() override { m_desk.showTheme(m_after); }

private:
  Desk& m_desk;
  ThemeChoice m_before, m_after;
};

} // namespace orrery::app
