// SPDX-License-Identifier: MIT
#include "views/gpu/canvas.h"

#include <QStyle>
#include <QVBoxLayout>
#include <algorithm>
#include <cmath>
#include <cstdio>

#include "core/base/log.h"
#include "views/gpu/camera.h"
#include "views/gpu/painter_canvas.h"
#include "views/gpu/vulkan_canvas.h"

namespace orrery::gpu {

namespace {
constexpr int kFrameMilliseconds = 16;
constexpr int kSlowMilliseconds = 300; // after which a wait shows
constexpr int kTilesMilliseconds = 33; // tiles that arrive are shown together

QString text(const std::string& s) { return QString::fromStdString(s); }
} // namespace

Canvas::Canvas(ThreadPool& pool, QWidget* parent)
    : QWidget(parent), m_pool(pool),
      m_tiles(std::make_shared<views::TileLoader>(pool,
                                                  [this] {
                                                    QMetaObject::invokeMethod(
                                                        this, [this] { tilesArrived(); }, Qt::QueuedConnection);
                                                  })),
      m_queue(pool, this, [this](std::uint64_t id, Result<views::Built> built) { onBuilt(id, std::move(built)); }) {
  m_empty = {"Nothing to show yet", "Drop a checkpoint here, or open the bundled model.", -1, false};
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(0, 0, 0, 0);
  setFocusPolicy(Qt::StrongFocus);
  m_frameTimer.setSingleShot(true);
  m_frameTimer.setTimerType(Qt::PreciseTimer);
  connect(&m_frameTimer, &QTimer::timeout, this, &Canvas::drawFrame);
  m_slowTimer.setSingleShot(true);
  connect(&m_slowTimer, &QTimer::timeout, this, [this] {
    m_slow = m_queue.busy();
    if (m_slow) scheduleFrame();
  });
  m_tilesTimer.setSingleShot(true);
  connect(&m_tilesTimer, &QTimer::timeout, this, [this] { request(false); });
  m_sinceFrame.start();
  m_clock.start();
  chooseBackend();
}

// The backend calls back into members, so it goes first.
Canvas::~Canvas() {
  m_tiles->close();
  delete m_surface;
  m_surface = nullptr;
}

void Canvas::chooseBackend() {
  if (qEnvironmentVariable("ORRERY_CANVAS") == QStringLiteral("painter"))
    return usePainter(QStringLiteral("asked for by ORRERY_CANVAS"));
  auto context = GpuContext::acquire();
  if (!context) {
    QString reason = text(context.error().message());
    for (const std::string& note : context.error().notes) reason += QStringLiteral("; ") + text(note);
    return usePainter(reason);
  }
  m_backendName = QStringLiteral("Vulkan: ") + text((*context)->device()->name());
  m_vulkan = new VulkanCanvas(
      *context, [this](QEvent* event) { return handleInput(event); },
      [this](const Feedback& feedback) { onFeedback(feedback); }, [this] { scheduleFrame(); });
  m_surface = QWidget::createWindowContainer(m_vulkan, this);
  m_surface->setFocusPolicy(Qt::NoFocus);
  layout()->addWidget(m_surface);
}

void Canvas::switchToPainter(const QString& reason) {
  if (!m_vulkan) return;
  usePainter(reason);
  Q_EMIT backendChanged(m_backendName);
}

void Canvas::usePainter(const QString& reason) {
  m_instrumentWindows.clear();
  m_drag = Drag::None;
  m_vulkan = nullptr;
  delete m_surface;
  m_backendName = QStringLiteral("QPainter: ") + reason;
  m_painter = new PainterCanvas([this](QEvent* event) { return handleInput(event); }, m_meter, this);
  m_surface = m_painter;
  layout()->addWidget(m_painter);
  m_painter->show();
  scheduleFrame();
}

void Canvas::onFeedback(const Feedback& feedback) {
  const FrameMeter::Scope timed(m_meter);
  if (!feedback.failure.empty()) {
    if (!m_vulkan) return;
    spdlog::warn("{}; drawing with QPainter from now on", feedback.failure);
    // Not from inside a call of the window that is to be deleted.
    QMetaObject::invokeMethod(
        this, [this, reason = text(feedback.failure)] { switchToPainter(reason); }, Qt::QueuedConnection);
    return;
  }
  m_renderStats = feedback.stats;
  m_instrumentWindows = feedback.busy;
  if (!feedback.edited || !m_view || !m_built) return;
  applyRange(rangeOf(m_view->info(), m_parameters, m_built->scene), *feedback.edited);
}

void Canvas::applyRange(const RangeState& before, const RangeState& after) {
  views::Parameters next = withRange(m_view->info(), m_parameters, before, after);
  if (next == m_parameters) return;
  setParameters(std::move(next));
  Q_EMIT parametersChanged(m_parameters);
}

void Canvas::setView(const views::View* view, store::SnapshotPtr snapshot, views::Parameters parameters,
                     views::Selection selection, scene::ThemeKind theme) {
  if (view != m_view) {
    m_viewports.clear();
    m_cameras.clear();
    m_built = nullptr;
  }
  m_view = view;
  m_snapshot = std::move(snapshot);
  m_parameters = std::move(parameters);
  m_selection = selection;
  m_theme = theme;
  if (!canBuild()) m_built = nullptr;
  request(true);
}

void Canvas::setSnapshot(store::SnapshotPtr snapshot) {
  const bool otherRun = !snapshot || !m_snapshot || snapshot->run != m_snapshot->run;
  m_snapshot = std::move(snapshot);
  if (!canBuild()) m_built = nullptr;
  request(otherRun);
}

void Canvas::setWeights(weights::WeightsPtr weights, std::vector<weights::WeightsPtr> series) {
  if (weights == m_weights && series == m_series) return;
  m_weights = std::move(weights);
  m_series = std::move(series);
  if (!m_view || m_view->info().input == "trace") return;
  m_viewports.clear(); // of other tensors
  m_cameras.clear();
  if (!canBuild()) m_built = nullptr;
  request(true);
}

void Canvas::setMap(std::shared_ptr<const views::MapInput> map) {
  if (map == m_map) return;
  m_map = std::move(map);
  if (!m_view || m_view->info().input != "map") return;
  if (!canBuild()) m_built = nullptr;
  request(false);
}

void Canvas::setSelection(const views::Selection& selection) {
  if (selection == m_selection) return;
  const bool otherPicture = selection.layer != m_selection.layer || selection.head != m_selection.head ||
                            selection.tensor != m_selection.tensor;
  m_selection = selection;
  request(otherPicture);
}

void Canvas::setParameters(views::Parameters parameters) {
  m_parameters = std::move(parameters);
  request(false);
}

void Canvas::setTheme(scene::ThemeKind theme) {
  m_theme = theme;
  request(true);
}

void Canvas::rebuild() { request(false); }

bool Canvas::canBuild() const {
  if (!m_view) return false;
  const std::string& input = m_view->info().input;
  if (input == "trace") return m_snapshot != nullptr;
  if (input == "map") return m_map != nullptr;
  return m_weights != nullptr || (input != "weights" && input != "checkpoints");
}

views::Request Canvas::currentRequest() const {
  views::Request request;
  request.snapshot = m_snapshot;
  request.weights = m_weights;
  request.series = m_series;
  request.map = m_map;
  request.selection = m_selection;
  request.parameters = m_parameters;
  request.viewports = m_viewports;
  request.width = width();
  request.height = height();
  request.theme = m_theme;
  request.pixelRatio = devicePixelRatioF();
  return request;
}

// restart: what is being built would show something else than what is wanted now.
void Canvas::request(bool restart) {
  scheduleFrame();
  if (restart) {
    m_oldestWanted = m_nextId;
    m_queue.cancel();
    m_tiles->want(nullptr, {});
  }
  if (!canBuild() || width() < 8 || height() < 8) return;
  views::Request next = currentRequest();
  auto complete = views::completeParameters(m_view->info(), m_parameters);
  if (!complete) {
    m_failure = {"This view cannot be shown", complete.error().message(), -1, true};
    Q_EMIT buildFailed(text(complete.error().message()));
    return;
  }
  next.parameters = *complete;
  next.id = m_nextId++;
  next.loader = m_tiles;
  m_queue.request(m_view, std::move(next));
  if (!m_slowTimer.isActive() && !m_slow) m_slowTimer.start(kSlowMilliseconds);
}

void Canvas::tilesArrived() {
  if (!m_tilesTimer.isActive()) m_tilesTimer.start(kTilesMilliseconds);
}

void Canvas::onBuilt(std::uint64_t id, Result<views::Built> built) {
  const FrameMeter::Scope timed(m_meter);
  if (id < m_oldestWanted || !m_view) return;
  if (!m_queue.busy()) m_slowTimer.stop();
  m_slow = m_slow && m_queue.busy();
  scheduleFrame();
  if (!built) {
    if (built.error().code == Code::Cancelled) return;
    const bool missing = built.error().code == Code::NotFound; // not there yet: nothing went wrong
    if (missing) m_pool.post([old = std::move(m_built)] {});   // the old picture would belie the message
    m_failure = {missing ? "Nothing to show" : "This view cannot be shown", built.error().message(), -1, !missing};
    Q_EMIT buildFailed(text(built.error().message()));
    return;
  }
  m_failure = {};
  m_oldestWanted = id;
  built->id = id;
  adopt(std::make_shared<const views::Built>(std::move(*built)));
}

// Cameras that the new picture was built for are done with; the view may have corrected them.
void Canvas::adopt(std::shared_ptr<const views::Built> built) {
  noteGrowth(*built);
  // Giving back the memory of a large picture takes milliseconds that the GUI thread does not have.
  m_pool.post([old = std::move(m_built)] {});
  m_built = std::move(built);
  m_builtView = m_view;
  std::erase_if(m_cameras, [this](const auto& camera) { return camera.second.since <= m_built->id; });
  for (const scene::Panel& panel : m_built->scene.panels)
    if (const auto wish = m_viewports.find(panel.name); wish != m_viewports.end() && !m_cameras.contains(panel.name))
      wish->second = panel.data;
  if (m_pointer) m_tooltip = tooltipAt(*m_pointer);
  Q_EMIT pictureChanged();
}

// Not where the platform asks for no animation.
void Canvas::noteGrowth(const views::Built& next) {
  const bool still = style()->styleHint(QStyle::SH_Widget_Animation_Duration, nullptr, this) <= 0;
  if (still || !m_built || m_builtView != m_view) return;
  const scene::Scene& old = m_built->scene;
  if (old.width != next.scene.width || old.height != next.scene.height) return; // the window grew, not the data
  m_fade.replaced(old.panels, next.scene.panels, static_cast<double>(m_clock.elapsed()));
}

paint::Cameras Canvas::cameras() const {
  paint::Cameras all;
  for (const auto& [name, camera] : m_cameras) all[name] = camera.data;
  return all;
}

std::vector<scene::Panel> Canvas::panels() const {
  return m_built ? scene::livePanels(m_built->scene, cameras()) : std::vector<scene::Panel>();
}

void Canvas::setViewports(views::Viewports viewports) {
  m_viewports = std::move(viewports);
  m_cameras.clear();
  for (const auto& [name, shown] : m_viewports) m_cameras[name] = {shown, m_nextId};
  for (const scene::Panel& panel : panels()) // the picture at hand may show less than all of the others
    if (panel.zoomable && !m_viewports.contains(panel.name)) m_cameras[panel.name] = {panel.limits, m_nextId};
  request(false);
}

void Canvas::edited(const views::Viewports& before) {
  request(false);
  Q_EMIT viewportsEdited({before, m_viewports, m_gesture.number()});
}

void Canvas::moveCamera(int panel, const scene::Rect& shown) {
  const scene::Panel before = panels()[static_cast<std::size_t>(panel)];
  if (sameRect(before.data, shown)) return;
  const views::Viewports old = m_viewports;
  m_viewports[before.name] = shown;
  m_cameras[before.name] = {shown, m_nextId};
  edited(old);
}

void Canvas::fitPanel(int panel) {
  const scene::Panel before = panels()[static_cast<std::size_t>(panel)];
  const views::Viewports old = m_viewports;
  m_viewports.erase(before.name);
  m_cameras[before.name] = {before.limits, m_nextId};
  edited(old);
}

void Canvas::fit() {
  m_gesture.begin();
  const auto all = panels();
  for (std::size_t i = 0; i < all.size(); ++i)
    if (all[i].zoomable) fitPanel(static_cast<int>(i));
}

void Canvas::zoomBy(double factor) {
  const auto all = panels();
  int panel = m_pointer ? zoomablePanelAt(*m_pointer) : -1;
  const bool atPointer = panel >= 0;
  for (std::size_t i = 0; i < all.size() && panel < 0; ++i)
    if (all[i].zoomable) panel = static_cast<int>(i);
  if (panel < 0) return;
  const scene::Panel& p = all[static_cast<std::size_t>(panel)];
  const scene::Point middle{p.frame.x + p.frame.w / 2, p.frame.y + p.frame.h / 2};
  m_gesture.goOn(Gesture::Kind::Key);
  moveCamera(panel, zoomedAt(p, atPointer ? *m_pointer : middle, factor));
}

void Canvas::panBy(double dx, double dy) {
  m_gesture.goOn(Gesture::Kind::Key);
  const auto all = panels();
  for (std::size_t i = 0; i < all.size(); ++i)
    if (all[i].zoomable) return moveCamera(static_cast<int>(i), panned(all[i], dx, dy));
}

void Canvas::setEmptyMessage(QString title, QString detail) {
  m_empty = {title.toStdString(), detail.toStdString(), -1, false};
  scheduleFrame();
}

void Canvas::setLoading(QString what, QString detail, double progress) {
  m_loading = {what.toStdString(), detail.toStdString(), progress, false};
  scheduleFrame();
}

void Canvas::clearLoading() {
  m_loading = {};
  scheduleFrame();
}

void Canvas::setFailure(QString title, QString detail) {
  m_failure = {title.toStdString(), detail.toStdString(), -1, true};
  scheduleFrame();
}

void Canvas::clearFailure() {
  m_failure = {};
  scheduleFrame();
}

QString Canvas::failureText() const {
  return m_failure.empty() ? QString() : text(m_failure.title + ": " + m_failure.detail);
}

Message Canvas::message() const {
  if (!m_failure.empty()) return m_failure;
  if (!m_loading.empty()) return m_loading;
  if (!canBuild()) return m_empty;
  if (m_slow && !m_built) return {"Drawing " + m_view->info().title, "", -1, false};
  return {};
}

void Canvas::setRangeEditorVisible(bool visible) {
  if (m_showRange == visible) return;
  m_showRange = visible;
  scheduleFrame();
  Q_EMIT rangeEditorToggled(visible);
}

void Canvas::setMeterVisible(bool visible) {
  m_showMeter = visible;
  scheduleFrame();
}

void Canvas::scheduleFrame() {
  if (m_frameTimer.isActive()) return;
  const auto since = static_cast<int>(std::min<qint64>(m_sinceFrame.elapsed(), kFrameMilliseconds));
  m_frameTimer.start(kFrameMilliseconds - since);
}

namespace {

std::vector<std::string> meterLines(const FrameMeter::Stats& stats) {
  char line[96];
  std::snprintf(line, sizeof line, "GUI p50 %.2f  p99 %.2f  max %.2f ms  %.0f fps", stats.p50, stats.p99, stats.max,
                stats.framesPerSecond);
  return {line};
}

} // namespace

Frame Canvas::makeFrame() const {
  Frame frame;
  Overlay overlay;
  overlay.width = width();
  overlay.height = height();
  overlay.theme = m_theme;
  overlay.message = message();
  overlay.overPicture = m_built != nullptr;
  if (m_built) {
    frame.scene = std::shared_ptr<const scene::Scene>(m_built, &m_built->scene);
    frame.cameras = cameras();
    overlay.pointer = m_pointer;
    const auto all = panels();
    const auto now = static_cast<double>(m_clock.elapsed());
    overlay.veils = m_fade.veils(all, now);
    overlay.veilOpacity = m_fade.opacity(now);
    const int panel = m_pointer ? panelAt(all, *m_pointer) : -1;
    const bool still = m_drag == Drag::None || m_drag == Drag::Waiting;
    if (panel >= 0 && all[static_cast<std::size_t>(panel)].zoomable && still)
      overlay.crossHair = all[static_cast<std::size_t>(panel)].frame;
    if (still) overlay.tooltip = m_tooltip;
    if (m_drag == Drag::Rectangle)
      overlay.zoomRect = scene::Rect{std::min(m_pressedAt.x, m_lastAt.x), std::min(m_pressedAt.y, m_lastAt.y),
                                     std::abs(m_lastAt.x - m_pressedAt.x), std::abs(m_lastAt.y - m_pressedAt.y)};
    if (m_view) frame.instrument.range = rangeOf(m_view->info(), m_parameters, m_built->scene);
    if (!m_built->scene.bars.empty()) frame.instrument.unit = m_built->scene.bars.front().label;
  }
  const FrameMeter::Stats stats = m_showMeter ? m_meter.stats() : FrameMeter::Stats{};
  if (m_showMeter && m_painter) overlay.meter = meterLines(stats);
  frame.overlay = overlayScene(overlay);
  frame.instrument.showRange = m_showRange && m_built;
  frame.instrument.showMeter = m_showMeter;
  frame.instrument.canvas = {0, 0, overlay.width, overlay.height};
  frame.instrument.meter = stats;
  frame.instrument.theme = m_theme;
  frame.pixelRatio = devicePixelRatioF();
  frame.width = static_cast<std::uint32_t>(std::lround(overlay.width * frame.pixelRatio));
  frame.height = static_cast<std::uint32_t>(std::lround(overlay.height * frame.pixelRatio));
  return frame;
}

void Canvas::drawFrame() {
  m_sinceFrame.restart();
  if (!isVisible() || width() < 1 || height() < 1) return;
  const FrameMeter::Scope timed(m_meter);
  if (m_vulkan)
    m_vulkan->draw(makeFrame());
  else
    m_painter->draw(makeFrame());
  if (m_fade.active(static_cast<double>(m_clock.elapsed()))) scheduleFrame();
  m_meter.countFrame();
  Q_EMIT frameTimed(timed.elapsed());
}

QImage Canvas::grabFrame() {
  m_frameTimer.stop();
  drawFrame();
  return m_vulkan ? m_vulkan->grab() : m_painter->grabImage();
}

QObject* Canvas::inputReceiver() const { return m_vulkan ? static_cast<QObject*>(m_vulkan) : m_surface; }

void Canvas::resizeEvent(QResizeEvent* event) {
  QWidget::resizeEvent(event);
  request(false);
}

void Canvas::hideEvent(QHideEvent* event) {
  QWidget::hideEvent(event);
  m_tiles->want(nullptr, {});
}

void Canvas::showEvent(QShowEvent* event) {
  QWidget::showEvent(event);
  scheduleFrame();
}

bool Canvas::event(QEvent* event) {
  if (event->type() == QEvent::ScreenChangeInternal) request(false); // another pixel ratio, perhaps
  return QWidget::event(event);
}

} // namespace orrery::gpu
