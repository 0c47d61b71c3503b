// SPDX-License-Identifier: MIT
// Zoom, pan and fit on a canvas of the window go back and forth, a gesture at a time.
#include <QApplication>
#include <QMouseEvent>
#include <QWheelEvent>

#include "app/window/view_pane.h"
#include "tests/app/bundled_desk.h"
#include "views/gpu/camera.h"

namespace orrery::app {
namespace {

class UndoOfZoom : public BundledDesk {
protected:
  void SetUp() override {
    BundledDesk::SetUp();
    m_pane = std::make_unique<ViewPane>(m_desk, "head", false);
    m_pane->resize(640, 480);
    m_pane->show();
    ASSERT_TRUE(rested());
    m_desk.undo().clear();
  }
  gpu::Canvas& canvas() { return m_pane->canvas(); }
  bool rested() {
    return QTest::qWaitFor([&] { return canvas().built() && !canvas().busy(); }, kWait);
  }
  scene::Panel panel() { return canvas().built()->scene.panels.at(0); }
  QPointF middle() {
    const scene::Rect f = panel().frame;
    return {f.x + f.w / 2, f.y + f.h / 2};
  }
  void wheel() {
    QWheelEvent event(middle(), middle(), QPoint(), QPoint(0, 120), Qt::NoButton, Qt::NoModifier, Qt::NoScrollPhase,
                      false);
    QApplication::sendEvent(canvas().inputReceiver(), &event);
  }
  void mouse(QEvent::Type type, QPointF at) {
    QMouseEvent event(type, at, at, Qt::LeftButton, Qt::LeftButton, Qt::NoModifier);
    QApplication::sendEvent(canvas().inputReceiver(), &event);
  }
  void pan(int steps) {
    mouse(QEvent::MouseButtonPress, middle());
    for (int i = 1; i <= steps; ++i) mouse(QEvent::MouseMove, middle() + QPointF(8 * i, 0));
    mouse(QEvent::MouseButtonRelease, middle() + QPointF(8 * steps, 0));
  }
  void expectShown(const views::Viewports& wanted) {
    EXPECT_TRUE(gpu::sameViewports(canvas().viewports(), wanted));
    const auto wish = wanted.find("head");
    const auto drawn = [&] {
      return gpu::sameRect(panel().data, wish == wanted.end() ? panel().limits : wish->second);
    };
    EXPECT_TRUE(QTest::qWaitFor(drawn, kWait)) << "the picture that came is " << panel().data.w << " cells wide";
  }

  std::unique_ptr<ViewPane> m_pane;
};

TEST_F(UndoOfZoom, OneStepAGesture) {
  for (int i = 0; i < 2; ++i) wheel();
  const views::Viewports zoomed = canvas().viewports();
  pan(5);
  const views::Viewports panned = canvas().viewports();
  canvas().fit();
  ASSERT_FALSE(gpu::sameViewports(zoomed, panned));
  ASSERT_TRUE(canvas().viewports().empty());
  EXPECT_EQ(m_desk.undo().count(), 3);
  for (const views::Viewports& wanted : {panned, zoomed, views::Viewports()}) {
    m_desk.undo().undo();
    expectShown(wanted);
  }
  for (const views::Viewports& wanted : {zoomed, panned, views::Viewports()}) {
    m_desk.undo().redo();
    expectShown(wanted);
  }
}

TEST_F(UndoOfZoom, NotchesAfterAPauseAreAnotherStep) {
  wheel();
  const views::Viewports first = canvas().viewports();
  QTest::qWait(static_cast<int>(gpu::Gesture::kPause) + 50);
  wheel();
  EXPECT_EQ(m_desk.undo().count(), 2);
  m_desk.undo().undo();
  expectShown(first);
}

} // namespace
} // namespace orrery::app
