// SPDX-License-Identifier: MIT
#include "app/window/map_control.h"

#include <QCoreApplication>
#include <QPointer>
#include <algorithm>
#include <cmath>

#include "app/map_reader.h"
#include "core/analysis/verdict.h"

namespace orrery::app {
namespace {

constexpr int kMapMilliseconds = 100;

struct Places {
  std::size_t first = 0, last = 0;
};

// Places of an axis of `size` values that [begin, end) of its pixels show, at least three.
Places placesOf(double begin, double end, std::size_t size) {
  const auto most = static_cast<double>(size - 1);
  auto first = static_cast<std::size_t>(std::clamp(std::floor(begin), 0.0, most));
  auto last = static_cast<std::size_t>(std::clamp(std::ceil(end) - 1, 0.0, most));
  if (last < first + 2) last = std::min(first + 2, size - 1);
  if (last < first + 2) first = last - 2;
  return {first, last};
}

// Halves the pitch until the part has as many values as before, so that every run of the parent is one of the child.
Result<sweep::AxisSpec> zoomed(const sweep::AxisSpec& axis, Places places, DType dtype) {
  const std::size_t size = axis.size();
  auto next = sweep::zoomedAxis(axis, places.first, places.last, dtype);
  while (next && 2 * next->size() - 1 <= size + size / 4) next = sweep::zoomedAxis(*next, 0, next->size() - 1, dtype);
  return next;
}

} // namespace

MapControl::MapControl(ThreadPool& pool, QObject* parent) : QObject(parent), m_pool(pool) {
  m_timer.setSingleShot(true);
  connect(&m_timer, &QTimer::timeout, this, &MapControl::read);
}

MapControl::~MapControl() { stop(); }

void MapControl::stop() {
  m_curves.request_stop();
  m_curves = {};
  m_training.clear();
  if (m_sweep) m_sweep->setListener({});
  if (!m_sweep) return;
  m_sweep->cancel();
  // It waits for the runs that are being trained: not here.
  m_pool.post([ended = std::shared_ptr<sweep::Sweep>(std::move(m_sweep))] { static_cast<void>(ended->wait()); });
}

std::optional<sweep::SweepProgress> MapControl::progress() const {
  if (!m_sweep) return std::nullopt;
  return m_sweep->progress();
}

double MapControl::pitchUlp() const {
  if (!m_input || !m_input->spec || m_input->snapshot->map->size() == 0) return 0;
  const sweep::Map& map = *m_input->snapshot->map;
  return std::min(sweep::pitchInUlp(map.x, m_input->spec->dtype), sweep::pitchInUlp(map.y, m_input->spec->dtype));
}

void MapControl::open(const QString& path) {
  m_pool.post([guard = QPointer<MapControl>(this), path] {
    auto input = readMapFile(path.toStdString());
    QMetaObject::invokeMethod(
        qApp,
        [guard, input, path] {
          if (!guard) return;
          if (!input) return Q_EMIT guard->refused(QString::fromStdString(input.error().message()));
          guard->stop();
          guard->m_history.clear();
          guard->m_place = 0;
          if ((*input)->spec) guard->m_history.push_back({*(*input)->spec, QString::fromStdString((*input)->name)});
          guard->m_source = path;
          guard->take(*input);
          Q_EMIT guard->opened();
        },
        Qt::QueuedConnection);
  });
}

void MapControl::start(const sweep::SweepSpec& spec, const QString& name) {
  m_history.resize(std::min(m_history.size(), m_place + 1));
  m_history.push_back({spec, name});
  m_place = m_history.size() - 1;
  run(m_history[m_place]);
  Q_EMIT opened();
}

void MapControl::run(const Window& window) {
  stop();
  m_source.clear();
  sweep::SweepOptions options;
  options.cache = m_cache;
  if (m_quadratic) options.nulls = {"quadratic", "labels"};
  m_sweep = std::make_unique<sweep::Sweep>(window.spec, options);
  auto input = std::make_shared<views::MapInput>();
  input->name = window.name.toStdString();
  input->spec = window.spec;
  input->snapshot = m_sweep->snapshot();
  m_sweep->setListener([this] {
    if (!m_pending.exchange(true)) QMetaObject::invokeMethod(this, &MapControl::wake, Qt::QueuedConnection);
  });
  take(input);
  wake();
}

void MapControl::wake() {
  if (!m_timer.isActive()) m_timer.start(kMapMilliseconds);
}

void MapControl::read() {
  m_pending = false; // before reading: what changes from now on wakes us again
  if (!m_sweep) return;
  auto next = std::make_shared<views::MapInput>(*m_input);
  next->snapshot = m_sweep->snapshot();
  take(next);
  if (next->snapshot->progress.state != sweep::SweepState::Failed) return;
  const Status failed = m_sweep->wait(); // it is over: this returns at once
  if (!failed) Q_EMIT refused(QString::fromStdString(failed.error().message()));
}

void MapControl::take(views::MapInputPtr input) {
  m_input = std::move(input);
  selectionChanged(m_selection);
  Q_EMIT changed();
}

void MapControl::pause() {
  if (m_sweep) m_sweep->pause();
  wake();
}

void MapControl::resume() {
  if (m_sweep) m_sweep->resume();
  wake();
}

void MapControl::cancel() {
  if (m_sweep) m_sweep->cancel();
  wake();
}

void MapControl::lookAt(const scene::Rect& shown) {
  if (!m_sweep || !m_input) return;
  const sweep::Map& map = *m_input->snapshot->map;
  const auto cut = [](double value, std::int64_t most) {
    return static_cast<std::int64_t>(std::clamp(value, 0.0, static_cast<double>(most)));
  };
  const std::int64_t left = cut(std::floor(shown.x), map.width()),
                     right = cut(std::ceil(shown.x + shown.w), map.width());
  const std::int64_t top = cut(std::floor(shown.y), map.height()),
                     end = cut(std::ceil(shown.y + shown.h), map.height());
  if (left < right && top < end) m_sweep->setView({map.height() - end, left, end - top, right - left});
}

void MapControl::zoomTo(const scene::Rect& shown) {
  if (m_history.empty()) return Q_EMIT refused(tr("There is no map with a spec to zoom into."));
  Window next = m_history[m_place];
  sweep::SweepSpec& spec = next.spec;
  const auto height = static_cast<double>(spec.y.size());
  auto x = zoomed(spec.x, placesOf(shown.x, shown.x + shown.w, spec.x.size()), spec.dtype);
  auto y = zoomed(spec.y, placesOf(height - shown.y - shown.h, height - shown.y, spec.y.size()), spec.dtype);
  for (const auto* axis : {&x, &y})
    if (!*axis) return Q_EMIT refused(QString::fromStdString(axis->error().what));
  const double pitch = std::min(sweep::pitchInUlp(x->values(), spec.dtype), sweep::pitchInUlp(y->values(), spec.dtype));
  if (pitch < analysis::kLeastPitchUlp)
    return Q_EMIT refused(
        tr("Precision floor: neighbouring pixels would lie %1 units in the last place apart; below %2 a map shows the "
           "grid of the numbers, not training.")
            .arg(pitch, 0, 'g', 3)
            .arg(analysis::kLeastPitchUlp));
  spec.x = *x;
  spec.y = *y;
  start(spec, next.name);
}

void MapControl::goBack() {
  if (canGoBack()) run(m_history[--m_place]);
}

void MapControl::goForward() {
  if (canGoForward()) run(m_history[++m_place]);
}

void MapControl::selectionChanged(const views::Selection& selection) {
  m_selection = selection;
  if (!m_input || !m_input->spec) return;
  for (const std::int64_t pixel : selectedPixels(*m_input, selection))
    if (!m_input->curves.contains(pixel) && !m_training.contains(pixel)) trainCurve(pixel);
}

void MapControl::trainCurve(std::int64_t pixel) {
  m_training.insert(pixel);
  m_pool.post([guard = QPointer<MapControl>(this), input = m_input, pixel, stop = m_curves.get_token()] {
    Result<std::vector<double>> curve = cancelled();
    if (auto trainer = sweep::makeTrainer(*input->spec); trainer)
      curve = lossCurve(*input, **trainer, pixel, stop);
    else
      curve = trainer.error();
    QMetaObject::invokeMethod(
        qApp,
        [guard, pixel, stop, curve] {
          if (!guard || stop.stop_requested()) return; // of a map that is gone
          if (!curve) return Q_EMIT guard->refused(QString::fromStdString(curve.error().message()));
          guard->m_training.erase(pixel);
          auto next = std::make_shared<views::MapInput>(*guard->m_input);
          next->curves[pixel] = *curve;
          guard->m_input = next;
          Q_EMIT guard->changed();
        },
        Qt::QueuedConnection);
  });
}

} // namespace orrery::app
