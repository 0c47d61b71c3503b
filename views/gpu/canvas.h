// SPDX-License-Identifier: MIT
// Canvas: the widget on which one view is shown. It asks the view for Scenes on the pool, keeps the camera of every
// zoomable panel, draws through Vulkan or QPainter, and turns the pointer into selections.
//
//   gpu::Canvas canvas(pool);                        // backendName() says what it draws with, and why
//   canvas.setView(view, snapshot, {}, selection);   // parameters that are missing take their defaults
//   canvas.setSnapshot(newer);                       // as often as every 33 ms; old requests are dropped
//   connect(&canvas, &gpu::Canvas::selectionRequested, ...);   // then setSelection() on every canvas
//
// GUI thread only. Nothing here waits for a build, a file or the device, except grabFrame() and the destructor (a
// frame at most). The keyboard is the application's: it calls fit(), zoomBy() and the setters.
// Environment: ORRERY_CANVAS=painter forces QPainter; ORRERY_VULKAN_VALIDATION=1 see vulkan_device.h.
#pragma once
#include <QElapsedTimer>
#include <QImage>
#include <QPointF>
#include <QString>
#include <QTimer>
#include <QWidget>
#include <map>
#include <memory>
#include <optional>

#include "core/base/thread_pool.h"
#include "views/api/view.h"
#include "views/gpu/build_queue.h"
#include "views/gpu/color_range.h"
#include "views/gpu/fade.h"
#include "views/gpu/frame.h"
#include "views/gpu/frame_meter.h"
#include "views/gpu/gesture.h"
#include "views/gpu/overlay_scene.h"

namespace orrery::gpu {

class PainterCanvas;
class VulkanCanvas;

// What a zoom, pan or fit did; edits of one gesture (gesture.h) have the same number.
struct ViewportEdit {
  views::Viewports before, after;
  std::uint64_t gesture = 0;
};

class Canvas : public QWidget {
  Q_OBJECT
public:
  // `pool` outlives the canvas.
  explicit Canvas(ThreadPool& pool, QWidget* parent = nullptr);
  ~Canvas() override;

  // "Vulkan: llvmpipe (...)" or "QPainter: " and the reasons why there is no Vulkan.
  QString backendName() const { return m_backendName; }
  bool usesVulkan() const { return m_vulkan != nullptr; }
  // Leaves Vulkan for good, as when the device is lost. Not from inside one of the canvas' own pointer signals.
  void switchToPainter(const QString& reason);

  // What is shown. A null snapshot shows the empty state where the view needs one. `view` lives as long as the program.
  // Another view forgets the zoom; the same one keeps it. Wrong parameters show the failed state and buildFailed().
  void setView(const views::View* view, store::SnapshotPtr snapshot, views::Parameters parameters,
               views::Selection selection, scene::ThemeKind theme = scene::ThemeKind::Dark);
  void setSnapshot(store::SnapshotPtr snapshot);
  // What views of weights show, and what it is compared with.
  void setWeights(weights::WeightsPtr weights, std::vector<weights::WeightsPtr> series = {});
  void setMap(std::shared_ptr<const views::MapInput> map); // for views whose input is "map"; may be null
  void setSelection(const views::Selection& selection);
  void setParameters(views::Parameters parameters);
  void setTheme(scene::ThemeKind theme);
  void rebuild(); // asks for the picture again, for views that depend on more than their request

  const views::View* view() const { return m_view; }
  const views::Parameters& parameters() const { return m_parameters; }
  const views::Selection& selection() const { return m_selection; }
  // The newest picture with its data and caption; null before the first.
  std::shared_ptr<const views::Built> built() const { return m_built; }
  // What an export of this very picture needs.
  views::Request currentRequest() const;

  // Cameras, by name of panel; a panel that is not named shows everything.
  views::Viewports viewports() const { return m_viewports; }
  void setViewports(views::Viewports viewports);
  void fit();                       // all panels
  void zoomBy(double factor);       // at the pointer, or in the middle of the first zoomable panel; > 1 is closer
  void panBy(double dx, double dy); // units

  // States without a picture, and messages over one.
  void setEmptyMessage(QString title, QString detail); // default: drop a checkpoint here, or open the bundled model
  void setLoading(QString what, QString detail, double progress = -1); // 0..1, below 0: not known
  void clearLoading();
  void setFailure(QString title, QString detail); // until the next picture or clearFailure()
  void clearFailure();
  QString failureText() const; // what is shown, to be copied; empty if nothing failed

  // Instrument overlay. A click on a colour bar toggles the range editor too.
  void setRangeEditorVisible(bool visible);
  bool rangeEditorVisible() const { return m_showRange; }
  void setMeterVisible(bool visible);
  bool meterVisible() const { return m_showMeter; }

  FrameMeter& meter() { return m_meter; } // GUI-thread time of every frame and callback of this canvas
  RenderStats renderStats() const { return m_renderStats; }
  bool busy() const { return m_queue.busy(); } // a picture is being built
  // The picture shown is not the finest yet: tiles are being computed.
  bool refining() const { return m_built && m_built->incomplete; }
  // The pixels as they are on screen, device resolution. Waits for one frame: tests, screenshots.
  QImage grabFrame();

  // What receives the pointer's events (a QWindow or a QWidget): tests send theirs there.
  QObject* inputReceiver() const;

  QSize sizeHint() const override { return {800, 600}; }
  QSize minimumSizeHint() const override { return {120, 90}; }

Q_SIGNALS:
  void selectionRequested(const orrery::views::Selection& selection);
  void linkClicked(const QString& action); // as selectionOf() reads it; also where the selection stays as it is
  void hovered(const QString& panel, const QPointF& dataPoint);        // empty panel: the pointer left
  void viewportsEdited(const orrery::gpu::ViewportEdit& edit);         // by pointer or keys, already applied
  void parametersChanged(const orrery::views::Parameters& parameters); // edited on the canvas, already applied
  void contextMenuRequested(const QPoint& globalPosition);
  void buildFailed(const QString& text);
  void pictureChanged();                    // built() is new
  void frameTimed(double milliseconds);     // GUI-thread time of one frame
  void backendChanged(const QString& name); // Vulkan gave up and QPainter took over
  void rangeEditorToggled(bool visible);

protected:
  bool event(QEvent* event) override;
  void resizeEvent(QResizeEvent* event) override;
  void showEvent(QShowEvent* event) override;
  void hideEvent(QHideEvent* event) override; // what is computed for it stops

private:
  enum class Drag { None, Waiting, Pan, Rectangle, Bar, Instrument };
  struct Camera {
    scene::Rect data;
    std::uint64_t since = 0; // first request that asks for it: a Scene of that or later needs no camera
  };

  // canvas.cpp: backends, builds, frames
  void chooseBackend();
  void usePainter(const QString& reason);
  void request(bool restart);
  bool canBuild() const;
  void tilesArrived();
  void onBuilt(std::uint64_t id, Result<views::Built> built);
  void adopt(std::shared_ptr<const views::Built> built);
  void onFeedback(const Feedback& feedback);
  void scheduleFrame();
  void drawFrame();
  Frame makeFrame() const;
  void noteGrowth(const views::Built& next);
  Message message() const;
  void applyRange(const RangeState& before, const RangeState& after);
  paint::Cameras cameras() const;
  std::vector<scene::Panel> panels() const;

  // canvas_input.cpp: the pointer
  bool handleInput(QEvent* event);
  bool dispatchInput(QEvent* event);
  bool pressed(scene::Point at, int button, Qt::KeyboardModifiers modifiers, QPoint global);
  bool moved(scene::Point at);
  bool released(scene::Point at, int button);
  bool doubleClicked(scene::Point at);
  bool wheeled(scene::Point at, double notches);
  void left();
  void click(scene::Point at);
  std::string actionAt(scene::Point at) const;
  void dragBar(scene::Point at);
  void hover(scene::Point at);
  void updateCursor(scene::Point at);
  bool overInstrument(scene::Point at) const;
  void toInstrument(PointerEvent::Kind kind, scene::Point at, int button, double wheel = 0);
  const scene::Link* linkAt(scene::Point at) const;
  std::vector<std::string> tooltipAt(scene::Point at) const;
  std::vector<std::string> readOut(const scene::Panel& panel, int index, scene::Point at) const;
  int zoomablePanelAt(scene::Point at) const;
  void moveCamera(int panel, const scene::Rect& shown);
  void edited(const views::Viewports& before);
  void fitPanel(int panel);

  ThreadPool& m_pool;
  QString m_backendName;
  QWidget* m_surface = nullptr; // of the backend
  VulkanCanvas* m_vulkan = nullptr;
  PainterCanvas* m_painter = nullptr;

  const views::View* m_view = nullptr;
  store::SnapshotPtr m_snapshot;
  weights::WeightsPtr m_weights;
  std::vector<weights::WeightsPtr> m_series;
  std::shared_ptr<const views::MapInput> m_map;
  views::Parameters m_parameters;
  views::Selection m_selection;
  scene::ThemeKind m_theme = scene::ThemeKind::Dark;
  views::Viewports m_viewports;                   // what the next request asks for
  std::map<std::string, Camera> m_cameras;        // moved since the picture was asked for
  std::uint64_t m_nextId = 1, m_oldestWanted = 1; // ids of requests; answers older than m_oldestWanted are stale

  std::shared_ptr<const views::Built> m_built;
  const views::View* m_builtView = nullptr;
  Message m_empty, m_loading, m_failure;
  bool m_slow = false; // the build takes long enough to say so

  std::optional<scene::Point> m_pointer;
  std::vector<std::string> m_tooltip;
  Drag m_drag = Drag::None;
  Gesture m_gesture;
  scene::Point m_pressedAt, m_lastAt;
  int m_dragPanel = -1;
  bool m_shift = false;
  std::optional<BarEnd> m_bar;
  std::vector<scene::Rect> m_instrumentWindows;
  bool m_showRange = false, m_showMeter = false;

  FrameMeter m_meter;
  RenderStats m_renderStats;
  QTimer m_frameTimer, m_slowTimer, m_tilesTimer;
  QElapsedTimer m_sinceFrame, m_clock;
  Fade m_fade;
  const std::shared_ptr<views::TileLoader> m_tiles; // requests hold it too
  BuildQueue m_queue;                               // last: its answers use the members above
};

} // namespace orrery::gpu
