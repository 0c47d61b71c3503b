// SPDX-License-Identifier: MIT
#include "app/window/view_pane.h"

#include <QEvent>
#include <QVBoxLayout>

#include "app/window/work_meter.h"
#include "views/built_in.h"
#include "views/gpu/camera.h"
#include "views/gpu/color_range.h"

namespace orrery::app {

ViewPane::ViewPane(Desk& desk, const std::string& view, bool titled, QWidget* parent)
    : QWidget(parent), m_desk(desk), m_name(view), m_view(desk.views().registry().find(view)),
      m_canvas(new gpu::Canvas(desk.views().pool(), this)) {
  const QString name = QString::fromStdString(view);
  setObjectName(QStringLiteral("pane.") + name);
  m_canvas->setObjectName(QStringLiteral("canvas.") + name);
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->setSpacing(0);
  if (titled && m_view) {
    auto* title = new QLabel(QString::fromStdString(m_view->info().title));
    title->setObjectName(QStringLiteral("title.") + name);
    title->setProperty("role", "title");
    title->setContentsMargins(12, 6, 12, 6);
    layout->addWidget(title);
  }
  layout->addWidget(m_canvas, 1);
  m_canvas->installEventFilter(this);
  connectCanvas();
}

void ViewPane::connectCanvas() {
  connect(m_canvas, &gpu::Canvas::selectionRequested, this, [this](const views::Selection& wish) {
    m_desk.views().setActive(m_name);
    m_desk.select(wish);
  });
  connect(m_canvas, &gpu::Canvas::linkClicked, this, [this](const QString& action) {
    if (const std::int64_t token = views::tokenOf(action.toStdString()); token != views::kNone)
      Q_EMIT m_desk.tokenClicked(token);
  });
  connect(m_canvas, &gpu::Canvas::viewportsEdited, this, [this](const gpu::ViewportEdit& edit) {
    m_desk.views().setActive(m_name);
    m_desk.editViewports(m_name, edit);
  });
  connect(m_canvas, &gpu::Canvas::parametersChanged, this,
          [this](const views::Parameters& parameters) { m_desk.setParameters(m_name, parameters); });
  connect(m_canvas, &gpu::Canvas::pictureChanged, this, [this] {
    m_desk.views().setRange(m_name, gpu::rangeOf(m_view->info(), m_canvas->parameters(), m_canvas->built()->scene));
  });
  connect(m_canvas, &gpu::Canvas::contextMenuRequested, this, [this](const QPoint& at) {
    m_desk.views().setActive(m_name);
    Q_EMIT menuRequested(at);
  });
  connect(m_canvas, &gpu::Canvas::frameTimed, this, [] {
    if (auto* application = dynamic_cast<Application*>(qApp)) application->meter().markFrame();
  });
  connect(&m_desk.link(), &SessionLink::snapshotChanged, this, [this] {
    if (isVisible()) m_canvas->setSnapshot(m_desk.link().snapshot());
  });
  connect(&m_desk.link(), &SessionLink::weightsChanged, this, [this] {
    if (isVisible()) m_canvas->setWeights(m_desk.link().state().weights, m_desk.link().state().series);
  });
  connect(&m_desk.map(), &MapControl::changed, this, [this] {
    if (isVisible()) m_canvas->setMap(m_desk.map().input());
  });
  connect(&m_desk.selection(), &SelectionModel::changed, this, [this](const views::Selection& now) {
    if (isVisible()) m_canvas->setSelection(now);
  });
  connect(&m_desk.views(), &ViewStore::parametersChanged, this, [this](const QString& view) {
    const views::Parameters wanted = m_desk.views().parameters(m_name);
    if (isVisible() && view.toStdString() == m_name && wanted != m_canvas->parameters())
      m_canvas->setParameters(wanted);
  });
  connect(&m_desk.views(), &ViewStore::viewportsChanged, this, [this](const QString& view) {
    const views::Viewports wanted = m_desk.views().viewports(m_name);
    if (view.toStdString() == m_name && !gpu::sameViewports(wanted, m_canvas->viewports()))
      m_canvas->setViewports(wanted);
  });
  connect(&m_desk.views(), &ViewStore::themeChanged, this, [this] {
    if (isVisible()) m_canvas->setTheme(m_desk.views().theme());
  });
}

void ViewPane::sync() {
  m_canvas->setWeights(m_desk.link().state().weights, m_desk.link().state().series);
  m_canvas->setMap(m_desk.map().input());
  m_canvas->setView(m_view, m_desk.link().snapshot(), m_desk.views().parameters(m_name), m_desk.selection().selection(),
                    m_desk.views().theme());
}

void ViewPane::showEvent(QShowEvent* event) {
  QWidget::showEvent(event);
  sync();
}

bool ViewPane::eventFilter(QObject* watched, QEvent* event) {
  if (event->type() == QEvent::FocusIn) m_desk.views().setActive(m_name);
  return QWidget::eventFilter(watched, event);
}

} // namespace orrery::app
