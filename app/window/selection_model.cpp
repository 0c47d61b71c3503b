// SPDX-License-Identifier: MIT
#include "app/window/selection_model.h"

#include <algorithm>

namespace orrery::app {
namespace {

std::int64_t within(std::int64_t value, std::int64_t count) {
  return std::clamp<std::int64_t>(value, 0, std::max<std::int64_t>(0, count - 1));
}

std::int64_t tokenWithin(std::int64_t value, std::int64_t count) {
  return value < 0 || count == 0 ? views::kNone : std::min(value, count - 1);
}

} // namespace

views::Selection SelectionModel::clipped(views::Selection s) const {
  s.layer = within(s.layer, m_dims.layers);
  s.head = within(s.head, m_dims.heads);
  if (s.shownTokens >= m_tokens || s.shownTokens < 1) s.shownTokens = views::kNone;
  const std::int64_t shown = s.shownTokens == views::kNone ? m_tokens : s.shownTokens;
  s.query = tokenWithin(s.query, shown);
  s.key = tokenWithin(s.key, shown);
  s.channel = tokenWithin(s.channel, m_dims.headDim);
  return s;
}

void SelectionModel::set(const views::Selection& selection) {
  const views::Selection next = clipped(selection);
  if (next == m_selection) return;
  const views::Selection before = std::exchange(m_selection, next);
  Q_EMIT changed(m_selection, before);
}

void SelectionModel::setLimits(const hooks::Dims& dims, std::int64_t tokens) {
  m_dims = dims;
  m_tokens = tokens;
  set(m_selection);
}

std::int64_t SelectionModel::shownTokens() const {
  return m_selection.shownTokens == views::kNone ? m_tokens : m_selection.shownTokens;
}

views::Selection SelectionModel::layerMoved(std::int64_t by) const {
  views::Selection s = m_selection;
  s.layer = within(s.layer + by, m_dims.layers);
  return s;
}

views::Selection SelectionModel::headMoved(std::int64_t by) const {
  views::Selection s = m_selection;
  s.head = within(s.head + by, m_dims.heads);
  return s;
}

views::Selection SelectionModel::tokenMoved(std::int64_t by) const {
  views::Selection s = m_selection;
  const std::int64_t from = s.query == views::kNone ? shownTokens() - (by < 0 ? 0 : 1) : s.query;
  s.query = tokenWithin(std::max<std::int64_t>(0, from + by), shownTokens());
  if (s.key > s.query) s.key = views::kNone;
  return s;
}

} // namespace orrery::app
