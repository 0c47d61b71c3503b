// SPDX-License-Identifier: MIT
#include "app/window/view_store.h"

#include <algorithm>
#include <thread>

#include "plugins/plugin_host.h"

namespace orrery::app {

ViewStore::ViewStore(QObject* parent)
    : QObject(parent), m_registry(plugins::allViews()), m_pool(std::max(2U, std::thread::hardware_concurrency())) {}

views::Parameters ViewStore::parameters(const std::string& view) const {
  const auto found = m_parameters.find(view);
  return found == m_parameters.end() ? views::Parameters() : found->second;
}

void ViewStore::setParameters(const std::string& view, const views::Parameters& parameters) {
  views::Parameters& mine = m_parameters[view];
  if (mine == parameters) return;
  mine = parameters;
  Q_EMIT parametersChanged(QString::fromStdString(view));
}

gpu::RangeState ViewStore::range(const std::string& view) const {
  const auto found = m_ranges.find(view);
  return found == m_ranges.end() ? gpu::RangeState() : found->second;
}

void ViewStore::setRange(const std::string& view, const gpu::RangeState& range) {
  gpu::RangeState& mine = m_ranges[view];
  if (mine == range) return;
  mine = range;
  Q_EMIT rangeChanged(QString::fromStdString(view));
}

views::Viewports ViewStore::viewports(const std::string& view) const {
  const auto found = m_viewports.find(view);
  return found == m_viewports.end() ? views::Viewports() : found->second;
}

// Canvases correct what they are asked for, so they compare, not this.
void ViewStore::setViewports(const std::string& view, const views::Viewports& viewports) {
  m_viewports[view] = viewports;
  Q_EMIT viewportsChanged(QString::fromStdString(view));
}

void ViewStore::setTheme(scene::ThemeKind kind) {
  m_theme = kind;
  Q_EMIT themeChanged();
}

void ViewStore::setActive(const std::string& view) {
  if (view == m_active) return;
  m_active = view;
  Q_EMIT activeChanged();
}

} // namespace orrery::app
