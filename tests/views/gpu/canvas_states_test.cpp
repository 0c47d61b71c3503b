// SPDX-License-Identifier: MIT
// States without a picture, failures, missing devices, windows that come and go.
#include <gtest/gtest.h>

#include <QSignalSpy>
#include <QVBoxLayout>

#include "tests/views/gpu/test_view.h"
#include "views/gpu/vulkan_device.h"

namespace orrery::gpu {
namespace {

class CanvasStates : public testing::Test {
protected:
  void SetUp() override { m_before = VulkanDevice::validationMessages(); }
  void TearDown() override {
    EXPECT_EQ(VulkanDevice::validationMessages(), m_before) << "the validation layer had something to say";
  }
  static int colours(const QImage& image) {
    std::set<QRgb> seen;
    for (int y = 0; y < image.height(); ++y)
      for (int x = 0; x < image.width(); ++x) seen.insert(image.pixel(x, y));
    return static_cast<int>(seen.size());
  }
  TestView view;
  ThreadPool pool{2};
  std::uint64_t m_before = 0;
};

TEST_F(CanvasStates, EmptyLoadingAndFailedAreDrawn) {
  Canvas canvas(pool);
  canvas.resize(640, 480);
  canvas.setView(&view, nullptr, {}, {});
  canvas.show();
  spin(200);
  const QImage empty = canvas.grabFrame();
  canvas.setLoading("Opening model.safetensors", "312 of 548 MB", 0.57);
  const QImage loading = canvas.grabFrame();
  canvas.clearLoading();
  canvas.setFailure("The checkpoint cannot be opened",
                    "model.safetensors: blocks.3.attn.q.weight: expected [768, 768], file has [768, 512]");
  const QImage failed = canvas.grabFrame();
  empty.save("canvas_empty.png");
  loading.save("canvas_loading.png");
  failed.save("canvas_failed.png");
  EXPECT_EQ(view.builds, 0);
  EXPECT_GT(colours(empty), 8);
  EXPECT_NE(empty, loading);
  EXPECT_NE(loading, failed);
  EXPECT_TRUE(canvas.failureText().contains("[768, 512]"));
}

TEST_F(CanvasStates, FailedBuildIsToldAndTheNextOneClearsIt) {
  Canvas canvas(pool);
  canvas.resize(640, 480);
  view.fail = true;
  QSignalSpy spy(&canvas, &Canvas::buildFailed);
  canvas.setView(&view, someSnapshot(), {}, {});
  canvas.show();
  ASSERT_TRUE(waitFor([&] { return spy.count() > 0; }));
  EXPECT_TRUE(spy.at(0).at(0).toString().contains("expected a picture"));
  EXPECT_FALSE(canvas.failureText().isEmpty());
  view.fail = false;
  canvas.setSnapshot(someSnapshot(2));
  ASSERT_TRUE(waitFor([&] { return canvas.built() != nullptr; }));
  EXPECT_TRUE(canvas.failureText().isEmpty());
}

TEST_F(CanvasStates, UnknownParametersAreRefusedByName) {
  Canvas canvas(pool);
  canvas.resize(640, 480);
  QSignalSpy spy(&canvas, &Canvas::buildFailed);
  canvas.setView(&view, someSnapshot(), {{"colour", "red"}}, {});
  ASSERT_EQ(spy.count(), 1);
  EXPECT_TRUE(spy.at(0).at(0).toString().contains("colour"));
}

TEST_F(CanvasStates, NoVulkanFallsBackToQPainterAndSaysWhy) {
  for (const char* name : {"VK_ICD_FILENAMES", "VK_DRIVER_FILES"}) qputenv(name, "/nonexistent");
  Canvas canvas(pool);
  for (const char* name : {"VK_ICD_FILENAMES", "VK_DRIVER_FILES"}) qunsetenv(name);
  std::printf("%s\n", qPrintable(canvas.backendName()));
  EXPECT_FALSE(canvas.usesVulkan());
  EXPECT_TRUE(canvas.backendName().startsWith("QPainter: no Vulkan device"));
  EXPECT_GT(canvas.backendName().size(), 40);
  canvas.resize(640, 480);
  canvas.setView(&view, someSnapshot(), {}, {});
  showAndWait(canvas);
  QSignalSpy spy(&canvas, &Canvas::selectionRequested);
  click(canvas, {75, 55});
  ASSERT_EQ(spy.count(), 1);
  EXPECT_EQ(spy.at(0).at(0).value<views::Selection>().query, 0);
}

TEST_F(CanvasStates, LostDeviceLeavesThePictureToQPainter) {
  Canvas canvas(pool);
  canvas.resize(640, 480);
  canvas.setView(&view, someSnapshot(), {}, {});
  showAndWait(canvas);
  if (!canvas.usesVulkan()) GTEST_SKIP() << "runs where a Vulkan device exists (mesa-vulkan-drivers has one)";
  sendWheel(canvas, {180, 130}, 2);
  waitFor([&] { return !canvas.busy(); });
  spin(60);
  const QImage before = canvas.grabFrame();
  const views::Viewports shown = canvas.viewports();
  QSignalSpy spy(&canvas, &Canvas::backendChanged);
  canvas.switchToPainter("the graphics device was lost");
  ASSERT_EQ(spy.count(), 1);
  EXPECT_EQ(spy.at(0).at(0).toString(), "QPainter: the graphics device was lost");
  spin(100);
  const QImage after = canvas.grabFrame();
  EXPECT_TRUE(shown.at("head").x == canvas.viewports().at("head").x) << "the zoom was lost";
  int different = 0;
  for (int y = 50; y < 390; y += 17)
    for (int x = 70; x < 530; x += 19) different += before.pixel(x, y) != after.pixel(x, y);
  std::printf("sampled pixels that differ: %d of 500, tolerance 25 (cell borders, cross-hair)\n", different);
  EXPECT_LE(different, 25);
}

TEST_F(CanvasStates, ResizeStorm) {
  Canvas canvas(pool);
  canvas.resize(640, 480);
  canvas.setView(&view, someSnapshot(), {}, {});
  showAndWait(canvas);
  for (int i = 0; i < 100; ++i) {
    canvas.resize(200 + (i * 137) % 900, 150 + (i * 89) % 700);
    QApplication::processEvents(QEventLoop::AllEvents, 5);
    if (i % 3 == 0) spin(8);
  }
  canvas.resize(640, 480);
  waitFor([&] { return !canvas.busy(); });
  spin(150);
  const QImage image = canvas.grabFrame();
  EXPECT_EQ(image.size(), QSize(640, 480));
  EXPECT_GT(colours(image), 20);
  expectFluent(canvas, canvas.meter().stats());
}

TEST_F(CanvasStates, TwoCanvasesAtOnce) {
  TestView other;
  QWidget window;
  auto* layout = new QVBoxLayout(&window);
  auto* first = new Canvas(pool);
  auto* second = new Canvas(pool);
  layout->addWidget(first);
  layout->addWidget(second);
  window.resize(700, 980);
  first->setView(&view, someSnapshot(), {}, {});
  second->setView(&other, someSnapshot(), {}, {}, scene::ThemeKind::Light);
  window.show();
  ASSERT_TRUE(waitFor([&] { return first->built() && second->built() && !first->busy() && !second->busy(); }));
  for (int i = 0; i < 20; ++i) {
    sendWheel(*first, {300, 200}, i % 2 ? 1 : -1);
    sendWheel(*second, {200, 100}, i % 2 ? -1 : 1);
    spin(20);
  }
  spin(100);
  const QImage dark = first->grabFrame(), light = second->grabFrame();
  EXPECT_LT(dark.pixelColor(2, 2).lightness(), 40);
  EXPECT_GT(light.pixelColor(2, 2).lightness(), 230);
  EXPECT_GT(colours(dark), 20);
  EXPECT_GT(colours(light), 20);
}

TEST_F(CanvasStates, SurfaceThatGoesAndComesBack) {
  auto first = std::make_unique<QWidget>();
  auto second = std::make_unique<QWidget>();
  new QVBoxLayout(first.get());
  new QVBoxLayout(second.get());
  auto* canvas = new Canvas(pool);
  first->layout()->addWidget(canvas);
  first->resize(640, 480);
  second->resize(640, 480);
  canvas->setView(&view, someSnapshot(), {}, {});
  first->show();
  ASSERT_TRUE(waitFor([&] { return canvas->built() != nullptr; }));
  for (int i = 0; i < 3; ++i) {
    QWidget& home = i % 2 ? *first : *second;
    home.layout()->addWidget(canvas); // a floating dock: another native window
    home.show();
    spin(100);
    canvas->hide();
    spin(30);
    canvas->show();
    spin(100);
  }
  waitFor([&] { return !canvas->busy(); });
  EXPECT_GT(colours(canvas->grabFrame()), 20);
}

} // namespace
} // namespace orrery::gpu
