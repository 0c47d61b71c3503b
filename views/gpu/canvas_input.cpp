// SPDX-License-Identifier: MIT
// The pointer on a Canvas: zoom, pan, select, drag the colour bar, read values. Positions are scene units, which are
// logical pixels of the widget.
#include <QCoreApplication>
#include <QMouseEvent>
#include <QWheelEvent>
#include <algorithm>
#include <cmath>
#include <cstdio>

#include "views/gpu/camera.h"
#include "views/gpu/canvas.h"
#include "views/gpu/vulkan_canvas.h"

namespace orrery::gpu {

using scene::Panel;
using scene::Point;
using scene::Rect;

namespace {

constexpr double kClickSlack = 4;      // units the pointer may move during a click
constexpr double kZoomPerNotch = 1.25; // of the wheel

Point pointOf(const QPointF& p) { return {p.x(), p.y()}; }

int buttonOf(Qt::MouseButton button) {
  if (button == Qt::LeftButton) return 0;
  if (button == Qt::RightButton) return 1;
  return button == Qt::MiddleButton ? 2 : -1;
}

} // namespace

bool Canvas::handleInput(QEvent* event) {
  const FrameMeter::Scope timed(m_meter);
  return dispatchInput(event);
}

bool Canvas::dispatchInput(QEvent* event) {
  switch (event->type()) {
  case QEvent::MouseButtonPress: {
    const auto* mouse = static_cast<QMouseEvent*>(event);
    setFocus(Qt::MouseFocusReason);
    if (m_vulkan) window()->activateWindow();
    return pressed(pointOf(mouse->position()), buttonOf(mouse->button()), mouse->modifiers(),
                   mouse->globalPosition().toPoint());
  }
  case QEvent::MouseButtonRelease: {
    const auto* mouse = static_cast<QMouseEvent*>(event);
    return released(pointOf(mouse->position()), buttonOf(mouse->button()));
  }
  case QEvent::MouseButtonDblClick: {
    const auto* mouse = static_cast<QMouseEvent*>(event);
    return buttonOf(mouse->button()) == 0 && doubleClicked(pointOf(mouse->position()));
  }
  case QEvent::MouseMove:
    return moved(pointOf(static_cast<QMouseEvent*>(event)->position()));
  case QEvent::Wheel: {
    const auto* wheel = static_cast<QWheelEvent*>(event);
    return wheeled(pointOf(wheel->position()), wheel->angleDelta().y() / 120.0);
  }
  case QEvent::Leave:
    left();
    return false;
  case QEvent::DragEnter:
  case QEvent::DragMove:
  case QEvent::DragLeave:
  case QEvent::Drop:
  case QEvent::KeyPress:
  case QEvent::KeyRelease: // a native window has no widget behind it: the main window takes files and keys
    return QCoreApplication::sendEvent(window(), event);
  default:
    return false;
  }
}

bool Canvas::overInstrument(Point at) const {
  return m_vulkan && std::any_of(m_instrumentWindows.begin(), m_instrumentWindows.end(),
                                 [&](const Rect& r) { return r.contains(at); });
}

void Canvas::toInstrument(PointerEvent::Kind kind, Point at, int button, double wheel) {
  if (!m_vulkan || !(m_showRange || m_showMeter)) return;
  m_vulkan->addEvent({kind, at.x, at.y, wheel, std::max(button, 0)});
  scheduleFrame();
}

int Canvas::zoomablePanelAt(Point at) const {
  const auto all = panels();
  const int panel = panelAt(all, at);
  return panel >= 0 && all[static_cast<std::size_t>(panel)].zoomable ? panel : -1;
}

bool Canvas::pressed(Point at, int button, Qt::KeyboardModifiers modifiers, QPoint global) {
  if (overInstrument(at)) {
    m_drag = Drag::Instrument;
    toInstrument(PointerEvent::Kind::Press, at, button);
    return true;
  }
  if (button == 1) {
    Q_EMIT contextMenuRequested(global);
    return true;
  }
  if (button != 0 && button != 2) return false;
  m_gesture.begin();
  m_pressedAt = m_lastAt = at;
  m_dragPanel = zoomablePanelAt(at);
  m_shift = modifiers.testFlag(Qt::ShiftModifier);
  m_drag = Drag::Waiting;
  m_bar = m_built && button == 0 && m_view && rangeOf(m_view->info(), m_parameters, m_built->scene).hasRange
              ? barEndAt(m_built->scene, at)
              : std::nullopt;
  return true;
}

bool Canvas::moved(Point at) {
  m_pointer = at;
  toInstrument(PointerEvent::Kind::Move, at, 0);
  if (m_drag == Drag::Instrument) return true;
  const Point last = m_lastAt;
  m_lastAt = at;
  if (m_drag == Drag::Waiting && std::hypot(at.x - m_pressedAt.x, at.y - m_pressedAt.y) > kClickSlack)
    m_drag = m_bar ? Drag::Bar : m_dragPanel < 0 ? Drag::Waiting : m_shift ? Drag::Rectangle : Drag::Pan;
  const auto all = panels();
  if (m_dragPanel >= static_cast<int>(all.size())) m_dragPanel = -1;
  if (m_drag == Drag::Pan && m_dragPanel >= 0)
    moveCamera(m_dragPanel, panned(all[static_cast<std::size_t>(m_dragPanel)], at.x - last.x, at.y - last.y));
  if (m_drag == Drag::Bar) dragBar(at);
  if (m_drag == Drag::None || m_drag == Drag::Waiting) hover(at);
  updateCursor(at);
  scheduleFrame();
  return true;
}

bool Canvas::released(Point at, int button) {
  const Drag ended = m_drag;
  m_drag = Drag::None;
  scheduleFrame();
  if (ended == Drag::Instrument) {
    toInstrument(PointerEvent::Kind::Release, at, button);
    return true;
  }
  const bool still = std::hypot(at.x - m_pressedAt.x, at.y - m_pressedAt.y) <= kClickSlack;
  if (ended == Drag::Waiting && button == 0 && still) click(at);
  const auto all = panels();
  if (ended == Drag::Rectangle && m_dragPanel >= 0 && m_dragPanel < static_cast<int>(all.size())) {
    const Rect onScreen{std::min(at.x, m_pressedAt.x), std::min(at.y, m_pressedAt.y), std::abs(at.x - m_pressedAt.x),
                        std::abs(at.y - m_pressedAt.y)};
    moveCamera(m_dragPanel, zoomedTo(all[static_cast<std::size_t>(m_dragPanel)], onScreen));
  }
  m_bar.reset();
  hover(at);
  updateCursor(at);
  return ended != Drag::None;
}

bool Canvas::doubleClicked(Point at) {
  if (overInstrument(at)) return pressed(at, 0, {}, {});
  if (!m_built || !m_view) return false;
  if (onBar(m_built->scene, at)) {
    RangeState range = rangeOf(m_view->info(), m_parameters, m_built->scene);
    const RangeState before = range;
    range.reset = true;
    applyRange(before, range);
    return true;
  }
  const int panel = zoomablePanelAt(at);
  m_gesture.begin();
  if (panel >= 0) fitPanel(panel);
  return panel >= 0;
}

bool Canvas::wheeled(Point at, double notches) {
  if (overInstrument(at)) {
    toInstrument(PointerEvent::Kind::Wheel, at, 0, notches);
    return true;
  }
  const int panel = zoomablePanelAt(at);
  if (panel < 0 || notches == 0) return false;
  m_pointer = at;
  m_gesture.goOn(Gesture::Kind::Wheel);
  moveCamera(panel, zoomedAt(panels()[static_cast<std::size_t>(panel)], at, std::pow(kZoomPerNotch, notches)));
  hover(at);
  return true;
}

void Canvas::left() {
  if (m_drag != Drag::None) return; // the window system keeps sending moves to a pressed window
  m_pointer.reset();
  m_tooltip.clear();
  toInstrument(PointerEvent::Kind::Leave, {}, 0);
  Q_EMIT hovered(QString(), QPointF());
  scheduleFrame();
}

// What a click at this point asks of the view. The action "cell" of a link over a map gets the cell's row and column.
std::string Canvas::actionAt(Point at) const {
  const auto all = panels();
  const scene::Link* link = linkAt(at);
  const int index = link != nullptr ? link->panel : panelAt(all, at);
  if (link != nullptr && (link->action != "cell" || index < 0)) return link->action;
  if (index < 0 || (link == nullptr && all[static_cast<std::size_t>(index)].name != "head")) return {};
  const Point cell = scene::toData(all[static_cast<std::size_t>(index)], at);
  return "cell " + std::to_string(static_cast<std::int64_t>(std::floor(cell.y))) + ' ' +
         std::to_string(static_cast<std::int64_t>(std::floor(cell.x)));
}

void Canvas::click(Point at) {
  if (!m_built || !m_builtView) return;
  const std::string action = actionAt(at);
  if (!action.empty()) {
    Q_EMIT selectionRequested(m_builtView->onLink(action, m_selection));
    Q_EMIT linkClicked(QString::fromStdString(action));
  } else if (onBar(m_built->scene, at) && m_vulkan) {
    setRangeEditorVisible(!m_showRange);
  }
}

// The end under the pointer takes the value that the bar had there when the drag began.
void Canvas::dragBar(Point at) {
  if (!m_bar || !m_built || !m_view) return;
  const RangeState before = rangeOf(m_view->info(), m_parameters, m_built->scene);
  RangeState after = before;
  const scene::ColorScale& scale = m_bar->bar.scale;
  const double value = barValueAt(m_bar->bar, at);
  const double gap = (scale.high - scale.low) * 1e-3; // the ends never meet
  if (m_bar->high)
    after.high = std::max(value, after.low + gap);
  else
    after.low = std::min(value, after.high - gap);
  if (std::isfinite(after.low) && std::isfinite(after.high) && after.low < after.high) applyRange(before, after);
}

void Canvas::hover(Point at) {
  m_tooltip = overInstrument(at) ? std::vector<std::string>() : tooltipAt(at);
  const auto all = panels();
  const int panel = panelAt(all, at);
  if (panel < 0) {
    Q_EMIT hovered(QString(), QPointF());
    return;
  }
  const Panel& p = all[static_cast<std::size_t>(panel)];
  const Point cell = scene::toData(p, at);
  Q_EMIT hovered(QString::fromStdString(p.name), QPointF(cell.x, cell.y));
}

void Canvas::updateCursor(Point at) {
  Qt::CursorShape shape = Qt::ArrowCursor;
  if (m_drag == Drag::Pan)
    shape = Qt::ClosedHandCursor;
  else if (m_drag == Drag::Rectangle || zoomablePanelAt(at) >= 0)
    shape = Qt::CrossCursor;
  else if (linkAt(at))
    shape = Qt::PointingHandCursor;
  if (m_built && barEndAt(m_built->scene, at)) shape = Qt::SizeVerCursor;
  if (overInstrument(at)) shape = Qt::ArrowCursor;
  if (m_vulkan)
    m_vulkan->setCursor(shape);
  else
    m_surface->setCursor(shape);
}

const scene::Link* Canvas::linkAt(Point at) const {
  if (!m_built) return nullptr;
  const auto all = panels();
  const auto& links = m_built->scene.links;
  const auto found = std::find_if(links.rbegin(), links.rend(), [&](const scene::Link& link) {
    if (link.panel < 0 || static_cast<std::size_t>(link.panel) >= all.size()) return link.rect.contains(at);
    const Panel& panel = all[static_cast<std::size_t>(link.panel)];
    return panel.frame.contains(at) && scene::toScene(panel, link.rect).contains(at);
  });
  return found == links.rend() ? nullptr : &*found;
}

std::vector<std::string> Canvas::tooltipAt(Point at) const {
  std::vector<std::string> lines;
  if (!m_built) return lines;
  const auto all = panels();
  const int panel = panelAt(all, at);
  if (panel >= 0)
    lines =
        readOut(all[static_cast<std::size_t>(panel)], panel, scene::toData(all[static_cast<std::size_t>(panel)], at));
  const scene::Link* link = linkAt(at);
  if (!link || link->tooltip.empty()) return lines;
  std::vector<std::string> said;
  for (std::size_t begin = 0; begin <= link->tooltip.size();) {
    const std::size_t end = std::min(link->tooltip.find('\n', begin), link->tooltip.size());
    said.push_back(link->tooltip.substr(begin, end - begin));
    begin = end + 1;
  }
  if (all.empty() || panel < 0 || !all[static_cast<std::size_t>(panel)].zoomable) return said;
  said.insert(said.end(), lines.begin(), lines.end());
  return said;
}

namespace {

// The name of a row or column, where the data has one for every cell of the panel.
std::string nameOf(const std::vector<std::string>& names, double at, double limit) {
  const auto index = static_cast<std::int64_t>(std::floor(at));
  if (index < 0 || index >= static_cast<std::int64_t>(names.size()) ||
      static_cast<double>(names.size()) != std::round(limit))
    return {};
  return "  " + names[static_cast<std::size_t>(index)];
}

std::string valueText(const scene::ImageLayer& layer, std::int64_t column, std::int64_t row) {
  const auto index = static_cast<std::size_t>(row * layer.width + column);
  if (!layer.values || index >= layer.values->size()) return {};
  if (layer.mask && index < layer.mask->size() && (*layer.mask)[index] == 1) return "masked";
  char text[48];
  std::snprintf(text, sizeof text, "%.6g", static_cast<double>((*layer.values)[index]));
  return layer.mask && index < layer.mask->size() && (*layer.mask)[index] == 2 ? std::string(text) + " (guessed)"
                                                                               : text;
}

} // namespace

// Value, row and column of the cell under the pointer, of panels that show cells.
std::vector<std::string> Canvas::readOut(const Panel& panel, int index, Point at) const {
  std::vector<std::string> lines;
  if (!panel.zoomable) return lines;
  for (auto layer = m_built->scene.images.rbegin(); layer != m_built->scene.images.rend(); ++layer) {
    if (layer->panel != index || !layer->data.contains(at)) continue;
    const auto column =
        static_cast<std::int64_t>((at.x - layer->data.x) / layer->data.w * static_cast<double>(layer->width));
    const auto row =
        static_cast<std::int64_t>((at.y - layer->data.y) / layer->data.h * static_cast<double>(layer->height));
    std::string value = valueText(*layer, column, row);
    if (value.empty()) continue;
    // A cell of the image may pool several cells of the data; then it names the first of each.
    const double perColumn = layer->data.w / static_cast<double>(layer->width);
    if (perColumn > 1.001) value += "  (pooled " + std::to_string(std::lround(perColumn)) + ")";
    lines.push_back(std::move(value));
    break;
  }
  static const std::vector<std::string> kNone;
  const auto* table = m_built->data.empty() ? nullptr : &m_built->data.front();
  const bool attention = panel.name == "head";
  lines.push_back((attention ? "query " : "row ") + std::to_string(static_cast<std::int64_t>(std::floor(at.y))) +
                  nameOf(table ? table->rowLabels : kNone, at.y, panel.limits.h));
  lines.push_back((attention ? "key " : "column ") + std::to_string(static_cast<std::int64_t>(std::floor(at.x))) +
                  nameOf(table ? table->columnLabels : kNone, at.x, panel.limits.w));
  return lines;
}

} // namespace orrery::gpu
