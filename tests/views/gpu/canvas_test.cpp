// SPDX-License-Identifier: MIT
// The canvas on a real (virtual) display: pixels against the QPainter painter, pointer against arithmetic.
#include <gtest/gtest.h>

#include <QPainter>
#include <QSignalSpy>

#include "tests/views/gpu/test_view.h"
#include "views/gpu/vulkan_device.h"
#include "views/paint/painter.h"

namespace orrery::gpu {
namespace {

class CanvasTest : public testing::Test {
protected:
  void SetUp() override { m_before = VulkanDevice::validationMessages(); }
  void TearDown() override {
    EXPECT_EQ(VulkanDevice::validationMessages(), m_before) << "the validation layer had something to say";
  }
  void open(Canvas& canvas) {
    canvas.resize(640, 480);
    canvas.setView(&view, someSnapshot(), {}, {});
    showAndWait(canvas);
    ASSERT_NE(canvas.built(), nullptr);
  }
  // The same Scene through QPainter.
  static QImage painted(const Canvas& canvas, double ratio = 1) {
    const scene::Scene& scene = canvas.built()->scene;
    QImage image(static_cast<int>(scene.width * ratio), static_cast<int>(scene.height * ratio), QImage::Format_RGB32);
    QPainter painter(&image);
    paint::PaintOptions options;
    options.scale = ratio;
    paint::paintScene(painter, scene, options);
    return image;
  }
  static QPoint cellCentre(std::int64_t row, std::int64_t column, double ratio = 1) {
    const scene::Rect& f = TestView::kFrame;
    return {static_cast<int>((f.x + (static_cast<double>(column) + 0.5) * f.w / TestView::kColumns) * ratio),
            static_cast<int>((f.y + (static_cast<double>(row) + 0.5) * f.h / TestView::kRows) * ratio)};
  }
  static void expectSameCells(const QImage& seen, const QImage& expected, double ratio = 1) {
    ASSERT_EQ(seen.size(), expected.size());
    int different = 0;
    for (std::int64_t row = 0; row < TestView::kRows; ++row)
      for (std::int64_t column = 0; column < TestView::kColumns; ++column) {
        const QPoint at = cellCentre(row, column, ratio);
        if ((seen.pixel(at) ^ expected.pixel(at)) & 0xffffffu) ++different;
      }
    std::printf("cells with another colour than QPainter's: %d of %d, tolerance 0\n", different,
                static_cast<int>(TestView::kRows * TestView::kColumns));
    EXPECT_EQ(different, 0);
  }
  // Sum of the differences from the ground, in full pixels.
  static double ink(const QImage& image, const QRect& where) {
    const QColor ground = image.pixelColor(2, image.height() - 2);
    double sum = 0;
    for (int y = where.top(); y <= where.bottom(); ++y)
      for (int x = where.left(); x <= where.right(); ++x)
        sum += std::abs(image.pixelColor(x, y).green() - ground.green()) / 255.0;
    return sum;
  }

  TestView view;
  ThreadPool pool{2};
  std::uint64_t m_before = 0;
};

TEST_F(CanvasTest, VulkanDrawsWhatQPainterDraws) {
  Canvas canvas(pool);
  open(canvas);
  std::printf("backend: %s\n", qPrintable(canvas.backendName()));
  if (!canvas.usesVulkan()) GTEST_SKIP() << "runs where a Vulkan device exists (mesa-vulkan-drivers has one)";
  const QImage seen = canvas.grabFrame(), expected = painted(canvas);
  seen.save("canvas_vulkan.png");
  expected.save("canvas_painter.png");
  expectSameCells(seen, expected);
  for (const QRect& where : {QRect(56, 8, 240, 30), QRect(574, 30, 60, 380), QRect(50, 405, 500, 30)}) {
    const double a = ink(seen, where), b = ink(expected, where);
    std::printf("ink of text or line: %.1f, QPainter's %.1f, tolerance 15 %%\n", a, b);
    EXPECT_GT(b, 10);
    EXPECT_NEAR(a, b, b * 0.15);
  }
  EXPECT_EQ(seen.pixel(2, 470), expected.pixel(2, 470));
}

TEST_F(CanvasTest, Scale2DrawsWhatQPainterDraws) {
  if (qApp->devicePixelRatio() < 1.9) GTEST_SKIP() << "runs with QT_SCALE_FACTOR=2 (ctest starts it so)";
  Canvas canvas(pool);
  open(canvas);
  const QImage seen = canvas.grabFrame();
  EXPECT_EQ(seen.width(), 1280);
  expectSameCells(seen, painted(canvas, 2), 2);
  const QRect title(112, 16, 480, 60);
  EXPECT_NEAR(ink(seen, title), ink(painted(canvas, 2), title), ink(painted(canvas, 2), title) * 0.15);
  seen.save("canvas_scale2.png");
}

TEST_F(CanvasTest, ValidationLayerListens) {
  auto device = VulkanDevice::create();
  if (!device) GTEST_SKIP() << "runs where a Vulkan device exists (mesa-vulkan-drivers has one)";
  if (!(*device)->validation())
    GTEST_SKIP() << "runs where the validation layer is installed (vulkan-validationlayers)";
  // A call that is wrong has to be counted, or a count of zero says nothing.
  VkBufferCreateInfo wrong{};
  wrong.sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO;
  wrong.size = 0;
  wrong.usage = VK_BUFFER_USAGE_VERTEX_BUFFER_BIT;
  VkBuffer buffer = VK_NULL_HANDLE;
  if (vkCreateBuffer((*device)->device(), &wrong, nullptr, &buffer) == VK_SUCCESS)
    vkDestroyBuffer((*device)->device(), buffer, nullptr);
  EXPECT_GT(VulkanDevice::validationMessages(), m_before);
  m_before = VulkanDevice::validationMessages();
}

TEST_F(CanvasTest, PainterDrawsTheSameCells) {
  qputenv("ORRERY_CANVAS", "painter");
  Canvas canvas(pool);
  qunsetenv("ORRERY_CANVAS");
  open(canvas);
  EXPECT_TRUE(canvas.backendName().startsWith("QPainter"));
  expectSameCells(canvas.grabFrame(), painted(canvas));
}

TEST_F(CanvasTest, WheelZoomsAtTheCursor) {
  Canvas canvas(pool);
  open(canvas);
  const QPointF cursor(180, 130); // data (4, 3)
  sendWheel(canvas, cursor, 4);
  waitFor([&] { return !canvas.busy(); });
  spin(60);
  const scene::Rect shown = canvas.viewports().at("head");
  const double zoom = std::pow(1.25, 4);
  EXPECT_NEAR(shown.w, 16 / std::min(zoom, 64.0 / 30), 1e-9);
  const scene::Rect& f = TestView::kFrame;
  const double x = shown.x + (cursor.x() - f.x) / f.w * shown.w, y = shown.y + (cursor.y() - f.y) / f.h * shown.h;
  std::printf("point under the cursor moved by %.3g, %.3g cells, tolerance 1e-9\n", x - 4, y - 3);
  EXPECT_NEAR(x, 4, 1e-9);
  EXPECT_NEAR(y, 3, 1e-9);
  canvas.fit();
  waitFor([&] { return !canvas.busy(); });
  spin(60);
  EXPECT_TRUE(canvas.viewports().empty());
  EXPECT_NEAR(canvas.built()->scene.panels[0].data.w, 16, 1e-12);
}

TEST_F(CanvasTest, DragPansRectangleZoomsDoubleClickFits) {
  Canvas canvas(pool);
  open(canvas);
  drag(canvas, {180, 130}, {420, 310}, Qt::ShiftModifier); // half of the frame
  const scene::Rect half = canvas.viewports().at("head");
  EXPECT_NEAR(half.x, 4, 1e-9);
  EXPECT_NEAR(half.w, 8, 1e-9);
  drag(canvas, {300, 200}, {360, 200}); // an eighth of the frame to the right: one cell of eight
  EXPECT_NEAR(canvas.viewports().at("head").x, 3, 1e-9);
  sendMouse(canvas, QEvent::MouseButtonDblClick, {300, 200});
  EXPECT_TRUE(canvas.viewports().empty());
}

TEST_F(CanvasTest, ClickSelectsTheCellOrFollowsTheLink) {
  Canvas canvas(pool);
  open(canvas);
  QSignalSpy spy(&canvas, &Canvas::selectionRequested);
  click(canvas, cellCentre(7, 11));
  ASSERT_EQ(spy.count(), 1);
  const auto cell = spy.at(0).at(0).value<views::Selection>();
  EXPECT_EQ(cell.query, 7);
  EXPECT_EQ(cell.key, 11);
  click(canvas, {580, 12});
  ASSERT_EQ(spy.count(), 2);
  EXPECT_EQ(spy.at(1).at(0).value<views::Selection>().head, 5);
  drag(canvas, {200, 200}, {260, 220}); // a pan is no click
  EXPECT_EQ(spy.count(), 2);
}

TEST_F(CanvasTest, HoverTellsPanelAndDataAndShowsTheValue) {
  Canvas canvas(pool);
  open(canvas);
  QSignalSpy spy(&canvas, &Canvas::hovered);
  const QImage before = canvas.grabFrame();
  sendMouse(canvas, QEvent::MouseMove, cellCentre(2, 5), Qt::NoButton);
  ASSERT_EQ(spy.count(), 1);
  EXPECT_EQ(spy.at(0).at(0).toString(), "head");
  EXPECT_NEAR(spy.at(0).at(1).toPointF().x(), 5.5, 0.02);
  const QImage after = canvas.grabFrame();
  after.save("canvas_hover.png");
  const QPoint cross(cellCentre(2, 5).x(), 300);
  EXPECT_NE(before.pixel(cross), after.pixel(cross)) << "no cross-hair";
}

TEST_F(CanvasTest, DraggedEndOfTheBarChangesTheRange) {
  Canvas canvas(pool);
  open(canvas);
  QSignalSpy spy(&canvas, &Canvas::parametersChanged);
  drag(canvas, {566, 42}, {566, 220}); // from the top to the middle
  ASSERT_GT(spy.count(), 0);
  const double high = std::stod(canvas.parameters().at("high"));
  EXPECT_NEAR(high, 0.5, 1e-6);
  waitFor([&] { return !canvas.busy(); });
  spin(40);
  EXPECT_NEAR(canvas.built()->scene.bars[0].scale.high, 0.5, 1e-6);
  sendMouse(canvas, QEvent::MouseButtonDblClick, {566, 220});
  EXPECT_EQ(canvas.parameters().at("high"), "auto");
}

TEST_F(CanvasTest, RangeEditorOfImGuiTakesThePointer) {
  Canvas canvas(pool);
  open(canvas);
  if (!canvas.usesVulkan()) GTEST_SKIP() << "runs where a Vulkan device exists (mesa-vulkan-drivers has one)";
  const QImage before = canvas.grabFrame();
  canvas.setRangeEditorVisible(true);
  canvas.setMeterVisible(true);
  spin(200);
  const QImage after = canvas.grabFrame();
  after.save("canvas_instrument.png");
  EXPECT_NE(before.pixel(600, 440), after.pixel(600, 440));
  // The sliders stand in the right bottom corner; the upper one is found by trying line by line.
  QSignalSpy spy(&canvas, &Canvas::parametersChanged);
  for (double y = 372; y < 450 && spy.count() == 0; y += 12) {
    sendMouse(canvas, QEvent::MouseMove, {460, y});
    spin(60);
    sendMouse(canvas, QEvent::MouseButtonPress, {460, y});
    spin(60);
    for (double x = 450; x > 400; x -= 10) {
      sendMouse(canvas, QEvent::MouseMove, {x, y});
      spin(30);
    }
    sendMouse(canvas, QEvent::MouseButtonRelease, {400, y});
    spin(60);
    canvas.fit();
  }
  ASSERT_GT(spy.count(), 0);
  EXPECT_LT(std::stod(canvas.parameters().at("high")), 1);
  EXPECT_FALSE(canvas.parameters().contains("low")) << "only the end that was dragged may change";
  EXPECT_EQ(canvas.viewports().size(), 0u) << "the drag went through to the map";
}

} // namespace
} // namespace orrery::gpu
