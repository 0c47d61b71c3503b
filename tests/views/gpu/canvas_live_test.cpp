// SPDX-License-Identifier: MIT
// Pictures that keep coming, slow builds, large images, memory.
#include <gtest/gtest.h>

#include <QSignalSpy>

#include "tests/views/gpu/test_view.h"
#include "views/gpu/vulkan_device.h"

namespace orrery::gpu {
namespace {

class CanvasLive : public testing::Test {
protected:
  void SetUp() override { m_before = VulkanDevice::validationMessages(); }
  void TearDown() override {
    EXPECT_EQ(VulkanDevice::validationMessages(), m_before) << "the validation layer had something to say";
  }
  ThreadPool pool{2};
  std::uint64_t m_before = 0;
};

TEST_F(CanvasLive, RequestsAreCoalescedAndTheNewestWins) {
  TestView view;
  view.milliseconds = 60;
  Canvas canvas(pool);
  canvas.resize(640, 480);
  canvas.setView(&view, someSnapshot(), {}, {});
  for (std::uint64_t i = 2; i < 60; ++i) canvas.setSnapshot(someSnapshot(i));
  EXPECT_TRUE(waitFor([&] { return canvas.built() && !canvas.busy(); }));
  spin(50);
  std::printf("builds for 59 requests: %d\n", view.builds.load());
  EXPECT_LE(view.builds, 4);
}

TEST_F(CanvasLive, OldPictureFollowsTheCameraUntilTheNewOneComes) {
  TestView view;
  Canvas canvas(pool);
  canvas.resize(640, 480);
  canvas.setView(&view, someSnapshot(), {}, {});
  showAndWait(canvas);
  const auto old = canvas.built();
  view.milliseconds = 400;
  sendWheel(canvas, {60, 40}, 3); // at the corner: cell (0, 0) grows
  const QImage moved = canvas.grabFrame();
  EXPECT_EQ(canvas.built(), old);
  EXPECT_TRUE(waitFor([&] { return canvas.built() != old; }));
  const QImage fresh = canvas.grabFrame();
  int different = 0;
  for (int y = 60; y < 380; y += 20)
    for (int x = 80; x < 520; x += 20) different += moved.pixel(x, y) != fresh.pixel(x, y);
  std::printf("sampled pixels that differ between moved and new picture: %d, tolerance 8 (cell borders)\n", different);
  EXPECT_LE(different, 8);
}

TEST_F(CanvasLive, LargeImagesArriveInParts) {
  TestView view;
  view.rows = view.columns = 4000; // 64 MB of pixels
  Canvas canvas(pool);
  canvas.resize(640, 480);
  canvas.setView(&view, someSnapshot(), {}, {});
  canvas.show();
  ASSERT_TRUE(waitFor([&] { return canvas.built() != nullptr; }, 60000));
  ASSERT_TRUE(waitFor([&] { return !canvas.usesVulkan() || canvas.renderStats().textures >= 17; }, 60000));
  if (canvas.usesVulkan()) expectFluent(canvas, canvas.meter().stats());
}

TEST_F(CanvasLive, ManyRevisionsStayWithinBudgetAndFrames) {
  TestView view;
  view.rows = view.columns = 512;
  Canvas canvas(pool);
  canvas.resize(640, 480);
  canvas.setView(&view, someSnapshot(), {}, {});
  showAndWait(canvas);
  canvas.meter().reset();
  QElapsedTimer timer;
  timer.start();
  std::uint64_t revision = 2;
  int step = 0;
  while (timer.elapsed() < 2500) {
    view.rows = 400 + step++ % 200; // other pixels every time
    canvas.setSnapshot(someSnapshot(revision++));
    sendMouse(canvas, QEvent::MouseMove, {100.0 + step % 300, 150}, Qt::NoButton);
    spin(33);
  }
  expectFluent(canvas, canvas.meter().stats());
  EXPECT_LE(canvas.renderStats().textureBytes, (256u << 20) + (32u << 20));
}

} // namespace
} // namespace orrery::gpu
