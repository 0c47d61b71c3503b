// SPDX-License-Identifier: MIT
#include "views/export/figure.h"

#include <gtest/gtest.h>

#include <QImage>
#include <cmath>
#include <limits>

#include "tests/core/tensorio/scratch.h"
#include "tests/views/paint/demo_scene.h"
#include "views/paint/gui_application.h"
#include "views/scene/text_metrics.h"

namespace orrery::exports {
namespace {

using testkit::readText;
using testkit::Scratch;

class Figure : public testing::Test {
protected:
  static void SetUpTestSuite() { ASSERT_TRUE(paint::ensureGuiApplication().ok()); }

  // What a view would give for these options.
  static views::Built built(const FigureOptions& options) {
    views::Request request;
    EXPECT_TRUE(applyTo(request, options).ok());
    views::Built out;
    out.scene = paint::demoScene(request.theme, request.width, request.height, 16);
    return out;
  }
};

TEST_F(Figure, RequestHasTheSizeInPoints) {
  views::Request request;
  FigureOptions options{.widthMm = 85, .heightMm = 60};
  ASSERT_TRUE(applyTo(request, options).ok());
  EXPECT_NEAR(request.width, 85 / 25.4 * 72, 1e-9);
  EXPECT_NEAR(request.height, 60 / 25.4 * 72, 1e-9);
  EXPECT_EQ(request.theme, scene::ThemeKind::Print);
  options.title = "with a title";
  ASSERT_TRUE(applyTo(request, options).ok());
  EXPECT_LT(request.height, 60 / 25.4 * 72);
}

TEST_F(Figure, EveryFormatHasItsSize) {
  Scratch scratch;
  const FigureOptions options{.widthMm = 85, .heightMm = 60, .dpi = 200, .title = "Induction", .panelLetter = "a"};
  const views::Built b = built(options);
  for (const char* name : {"f.png", "f.SVG", "f.pdf"})
    ASSERT_TRUE(exportFigure(b, options, scratch / name).ok()) << name;
  const QImage image(QString::fromStdString(scratch / "f.png"));
  EXPECT_EQ(image.width(), std::lround(85 / 25.4 * 200));
  EXPECT_EQ(image.height(), std::lround(60 / 25.4 * 200));
  const std::string svg = readText(scratch / "f.SVG");
  EXPECT_NE(svg.find("width=\"85mm\" height=\"60mm\""), std::string::npos) << svg.substr(0, 400);
  EXPECT_NE(svg.find(">Induction</text>"), std::string::npos);
  EXPECT_NE(svg.find(">a</text>"), std::string::npos);
  EXPECT_EQ(readText(scratch / "f.pdf").substr(0, 5), "%PDF-");
  EXPECT_EQ(scratch.files(), 3u);
  if (const char* folder = std::getenv("ORRERY_FIGURES")) {
    image.save(QString(folder) + "/titled.png");
    EXPECT_TRUE(exportFigure(b, options, std::string(folder) + "/titled.svg").ok());
  }
}

TEST_F(Figure, TitleMovesThePictureAndCoversNothing) {
  FigureOptions options;
  const views::Built b = built(options);
  const std::string plain = *renderFigure(b.scene, options, Format::Svg);
  options.title = std::string(300, 'W');
  const std::string titled = *renderFigure(b.scene, options, Format::Svg);
  EXPECT_NE(plain, titled);
  EXPECT_NE(titled.find("\xe2\x80\xa6</text>"), std::string::npos); // cut to the width
}

TEST_F(Figure, UnknownExtensionsAreNamed) {
  Scratch scratch;
  for (const char* name : {"f.gif", "f", "f.svg.exe", ".svg"}) {
    const Status status = exportFigure(built({}), {}, scratch / name);
    ASSERT_FALSE(status.ok()) << name;
    EXPECT_NE(status.error().what.find(".png, .svg or .pdf"), std::string::npos);
  }
  EXPECT_EQ(scratch.files(), 0u);
}

TEST_F(Figure, AbsurdSizesAreRefusedWithTheNumber) {
  Scratch scratch;
  const double nan = std::numeric_limits<double>::quiet_NaN(), inf = std::numeric_limits<double>::infinity();
  const views::Built b = built({});
  for (const double mm : {0.0, -85.0, nan, inf, 1e9, 1e-9}) {
    views::Request request;
    EXPECT_FALSE(applyTo(request, {.widthMm = mm}).ok()) << mm;
    for (const char* name : {"f.png", "f.svg", "f.pdf"})
      EXPECT_FALSE(exportFigure(b, {.widthMm = mm}, scratch / name).ok()) << mm;
  }
  EXPECT_FALSE(checkFigure({.heightMm = -3}, Format::Svg).ok());
  for (const double dpi : {0.0, -1.0, nan, inf, 1e9}) EXPECT_FALSE(checkFigure({.dpi = dpi}, Format::Png).ok()) << dpi;
  const Status huge = exportFigure(b, {.dpi = 1e9}, scratch / "f.png");
  EXPECT_NE(huge.error().what.find("3.34646e+09"), std::string::npos) << huge.error().what;
  EXPECT_EQ(scratch.files(), 0u);
}

TEST_F(Figure, UnwritablePathLeavesNothing) {
  Scratch scratch;
  const Status status = exportFigure(built({}), {}, scratch / "no/such/folder/f.svg");
  ASSERT_FALSE(status.ok());
  EXPECT_NE(status.error().message().find("no/such/folder/f.svg"), std::string::npos);
  EXPECT_EQ(scratch.files(), 0u);
}

TEST_F(Figure, OldFileStaysWhenTheNewOneFails) {
  Scratch scratch;
  testkit::writeText(scratch / "f.png", "old");
  EXPECT_FALSE(exportFigure(built({}), {.dpi = 1e9}, scratch / "f.png").ok());
  EXPECT_EQ(readText(scratch / "f.png"), "old");
}

} // namespace
} // namespace orrery::exports
