// SPDX-License-Identifier: MIT
// Cameras against closed forms.
#include "views/gpu/camera.h"

#include <gtest/gtest.h>

#include <cmath>

#include "views/gpu/frame_meter.h"

namespace orrery::gpu {
namespace {

scene::Panel mapPanel() {
  scene::Panel panel;
  panel.name = "head";
  panel.frame = {50, 20, 400, 200};
  panel.limits = panel.data = {0, 0, 100, 50};
  panel.zoomable = true;
  panel.maxZoomCell = 64;
  return panel;
}

TEST(Camera, WheelKeepsThePointUnderTheCursor) {
  scene::Panel panel = mapPanel();
  const scene::Point cursor{150, 70};
  double worst = 0;
  for (int i = 0; i < 10; ++i) {
    const scene::Point before = scene::toData(panel, cursor);
    panel.data = zoomedAt(panel, cursor, 1.25);
    const scene::Point after = scene::toData(panel, cursor);
    worst = std::max({worst, std::abs(after.x - before.x), std::abs(after.y - before.y)});
  }
  std::printf("largest drift of the point under the cursor %.3g cells, tolerance 1e-9\n", worst);
  EXPECT_LT(worst, 1e-9);
  EXPECT_NEAR(panel.data.w, 100 / std::pow(1.25, 10), 1e-9);
}

TEST(Camera, StopsAtASingleCellAndAtTheWhole) {
  scene::Panel panel = mapPanel();
  for (int i = 0; i < 100; ++i) panel.data = zoomedAt(panel, {200, 100}, 1.5);
  EXPECT_NEAR(panel.frame.w / panel.data.w, 64, 1e-9);
  for (int i = 0; i < 100; ++i) panel.data = zoomedAt(panel, {60, 30}, 1 / 1.5);
  EXPECT_TRUE(isFit(panel));
  EXPECT_NEAR(panel.data.x, 0, 1e-9);
  EXPECT_NEAR(panel.data.w, 100, 1e-9);
}

TEST(Camera, FewLargeCellsNeedNoZoomButAllowNoHarm) {
  scene::Panel panel = mapPanel();
  panel.limits = panel.data = {0, 0, 2, 1}; // 200 units a cell already
  panel.data = zoomedAt(panel, {200, 100}, 2);
  EXPECT_NEAR(panel.data.w, 2, 1e-12);
}

TEST(Camera, PanStopsAtTheEdge) {
  scene::Panel panel = mapPanel();
  panel.data = {40, 20, 20, 10};
  const scene::Rect right = panned(panel, -100, 0); // content goes left by a quarter of the frame
  EXPECT_NEAR(right.x, 45, 1e-12);
  const scene::Rect far = panned(panel, 1e6, -1e6);
  EXPECT_NEAR(far.x, 0, 1e-12);
  EXPECT_NEAR(far.y, 40, 1e-12);
}

TEST(Camera, RectangleFillsThePanel) {
  const scene::Panel panel = mapPanel();
  const scene::Rect shown = zoomedTo(panel, {150, 70, 100, 50}); // a quarter, same aspect
  EXPECT_NEAR(shown.x, 25, 1e-9);
  EXPECT_NEAR(shown.y, 12.5, 1e-9);
  EXPECT_NEAR(shown.w, 25, 1e-9);
  EXPECT_NEAR(shown.h, 12.5, 1e-9);
}

TEST(Camera, AxesThatRunUpwards) {
  scene::Panel panel = mapPanel();
  panel.data = {0, 50, 100, -50};
  const scene::Point before = scene::toData(panel, {150, 70});
  panel.data = zoomedAt(panel, {150, 70}, 2);
  const scene::Point after = scene::toData(panel, {150, 70});
  EXPECT_NEAR(before.y, after.y, 1e-9);
  EXPECT_NEAR(panel.data.h, -25, 1e-9);
}

TEST(FrameMeter, QuantilesOfKnownSamples) {
  FrameMeter meter;
  for (int i = 1; i <= 100; ++i) meter.add(i * 0.25, i * 0.125);
  const FrameMeter::Stats stats = meter.stats();
  EXPECT_EQ(stats.count, 100u);
  EXPECT_NEAR(stats.p50, 12.5, 1e-6);
  EXPECT_NEAR(stats.p99, 24.75, 1e-6);
  EXPECT_NEAR(stats.max, 25, 1e-6);
  EXPECT_NEAR(stats.cpuP99, 12.375, 1e-6);
  EXPECT_EQ(stats.over16, 36u);
}

} // namespace
} // namespace orrery::gpu
