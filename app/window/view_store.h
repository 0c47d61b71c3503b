// SPDX-License-Identifier: MIT
// The views that can be shown, the pool they are built on, and how each of them is set. GUI thread.
#pragma once
#include <QObject>
#include <QString>
#include <map>

#include "core/base/thread_pool.h"
#include "views/api/view.h"
#include "views/gpu/frame.h"
#include "views/registry.h"

namespace orrery::app {

class ViewStore : public QObject {
  Q_OBJECT
public:
  explicit ViewStore(QObject* parent = nullptr);

  const views::Registry& registry() const { return m_registry; }
  ThreadPool& pool() { return m_pool; }

  // What differs from the defaults. Wrong values are told by the canvas that shows the view.
  views::Parameters parameters(const std::string& view) const;
  void setParameters(const std::string& view, const views::Parameters& parameters);
  // The colour range of the picture that is shown.
  gpu::RangeState range(const std::string& view) const;
  void setRange(const std::string& view, const gpu::RangeState& range);
  // What is shown of the zoomable panels of a view, as it was last asked for.
  views::Viewports viewports(const std::string& view) const;
  void setViewports(const std::string& view, const views::Viewports& viewports);
  scene::ThemeKind theme() const { return m_theme; }
  void setTheme(scene::ThemeKind kind);
  const std::string& active() const { return m_active; } // the view that settings and export are about
  void setActive(const std::string& view);

Q_SIGNALS:
  void parametersChanged(const QString& view);
  void viewportsChanged(const QString& view);
  void rangeChanged(const QString& view);
  void themeChanged();
  void activeChanged();

private:
  views::Registry m_registry;
  std::map<std::string, views::Parameters> m_parameters;
  std::map<std::string, views::Viewports> m_viewports;
  std::map<std::string, gpu::RangeState> m_ranges;
  std::string m_active = "head";
  scene::ThemeKind m_theme = scene::ThemeKind::Dark;
  ThreadPool m_pool; // last: its tasks use the registry
};

} // namespace orrery::app
