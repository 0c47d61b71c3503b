// SPDX-License-Identifier: MIT
// What docks, canvases and actions share: the session, the one selection, the views and their settings, the undo stack,
// and where messages go. It knows none of them. GUI thread.
#pragma once
#include <QObject>
#include <QString>
#include <QUndoStack>

#include "app/figure_writer.h"
#include "app/system_theme.h"
#include "app/theme.h"
#include "app/window/map_control.h"
#include "app/window/run_control.h"
#include "app/window/selection_model.h"
#include "app/window/session_link.h"
#include "app/window/view_store.h"
#include "views/gpu/canvas.h"

namespace orrery::app {

class Desk : public QObject {
  Q_OBJECT
public:
  explicit Desk(QObject* parent = nullptr);

  SessionLink& link() { return m_link; }
  RunControl& run() { return m_run; }
  SelectionModel& selection() { return m_selection; }
  ViewStore& views() { return m_views; }
  MapControl& map() { return m_map; }
  QUndoStack& undo() { return m_undo; }
  FigureInput figureInput() const; // what views are drawn from now

  // Undoable.
  void select(const views::Selection& selection);
  void setParameters(const std::string& view, const views::Parameters& parameters);
  void setTheme(ThemeChoice choice);
  void editViewports(const std::string& view, const gpu::ViewportEdit& edit);
  // Not undoable: applied at once.
  void showTheme(ThemeChoice choice);
  ThemeChoice theme() const { return m_theme; }
  SystemTheme& systemTheme() { return m_systemTheme; } // followed while the choice is System
  void scrub(std::int64_t shownTokens);                // kNone: all

  void tell(const QString& sentence); // a note
  void fail(const QString& sentence); // an error
  void fail(const Error& error);

Q_SIGNALS:
  void message(const QString& sentence, bool failed);
  void tokenClicked(qint64 position); // on any canvas; the selection may have had it before
  void themeChanged();

private:
  void updateLimits();
  scene::ThemeKind resolve(ThemeChoice choice) const;

  QUndoStack m_undo;
  SelectionModel m_selection;
  SessionLink m_link;
  ViewStore m_views; // after the link: tasks of its pool ask the session
  RunControl m_run;
  MapControl m_map{m_views.pool()};
  SystemTheme m_systemTheme;
  ThemeChoice m_theme = ThemeChoice::System;
};

} // namespace orrery::app
