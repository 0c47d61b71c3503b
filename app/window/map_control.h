// SPDX-License-Identifier: MIT
// The boundary map of the window: one that is being computed, or one from a file. It zooms by computing anew (runs that
// were trained are found again in a cache), goes back and forth between windows, and trains the curves of pixels that
// are clicked. A map goes on whatever is looked at. GUI thread; everything else happens on engine threads or the pool.
#pragma once
#include <QObject>
#include <QString>
#include <QTimer>
#include <atomic>
#include <memory>
#include <optional>
#include <set>
#include <stop_token>
#include <vector>

#include "core/base/thread_pool.h"
#include "core/sweep/sweep.h"
#include "views/api/map_input.h"
#include "views/api/selection.h"
#include "views/scene/scene.h"

namespace orrery::app {

class MapControl : public QObject {
  Q_OBJECT
public:
  explicit MapControl(ThreadPool& pool, QObject* parent = nullptr); // the pool outlives it
  ~MapControl() override;

  const views::MapInputPtr& input() const { return m_input; } // null: no map yet
  const QString& source() const { return m_source; }          // its file; empty if it was computed here
  std::optional<sweep::SweepProgress> progress() const;       // none: no map is being computed

  void open(const QString& path);
  void start(const sweep::SweepSpec& spec, const QString& name);
  void pause();
  void resume();
  void cancel();
  // Computes what `shown` (pixels, rows from the top) shows, at about the size of the map. Tells refused() where
  // neighbouring pixels would be too close for the arithmetic.
  void zoomTo(const scene::Rect& shown);
  void lookAt(const scene::Rect& shown); // runs outside come last
  bool canGoBack() const { return m_place > 0; }
  bool canGoForward() const { return m_place + 1 < m_history.size(); }
  void goBack();
  void goForward();
  void addQuadraticNull(bool on) { m_quadratic = on; } // of maps started from now on
  bool quadraticNull() const { return m_quadratic; }
  void selectionChanged(const views::Selection& selection); // trains the curves that are missing
  double pitchUlp() const;                                  // 0: no map

Q_SIGNALS:
  void changed(); // another input, or more of it
  void refused(const QString& sentence);
  void opened(); // a map from a file is there, or one was started

private:
  struct Window {
    sweep::SweepSpec spec;
    QString name;
  };
  void run(const Window& window);
  void wake();
  void read();
  void take(views::MapInputPtr input);
  void trainCurve(std::int64_t pixel);
  void stop();

  ThreadPool& m_pool;
  std::shared_ptr<sweep::SampleCache> m_cache = std::make_shared<sweep::SampleCache>();
  std::unique_ptr<sweep::Sweep> m_sweep;
  views::MapInputPtr m_input;
  QString m_source;
  views::Selection m_selection;
  std::vector<Window> m_history;
  std::size_t m_place = 0;
  bool m_quadratic = false;
  std::set<std::int64_t> m_training; // pixels whose curve is being trained
  std::stop_source m_curves;         // stops them when the map changes
  QTimer m_timer;
  std::atomic<bool> m_pending{false};
};

} // namespace orrery::app
