// SPDX-License-Identifier: MIT
#include "views/paint/print.h"

#include <gtest/gtest.h>

#include <QGuiApplication>
#include <QImage>
#include <QPainter>
#include <QXmlStreamReader>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <limits>

#include "core/base/file.h"
#include "tests/views/paint/demo_scene.h"
#include "views/paint/gui_application.h"
#include "views/paint/painter.h"
#include "views/paint/svg.h"

namespace orrery::paint {
namespace {

// Kept when ORRERY_FIGURES names a folder, to be looked at.
void keep(const std::string& name, const std::string& bytes) {
  const char* folder = std::getenv("ORRERY_FIGURES");
  if (!folder) return;
  ASSERT_TRUE(writeFileAtomically(std::string(folder) + "/" + name, bytes).ok());
}

constexpr double kPoints85 = 85 / 25.4 * 72; // scene units of a single-column figure

scene::Scene column(std::int64_t tokens = 16, scene::ThemeKind kind = scene::ThemeKind::Print) {
  return demoScene(kind, kPoints85, kPoints85 * 0.85, tokens);
}

class Print : public testing::Test {
protected:
  static void SetUpTestSuite() { ASSERT_TRUE(ensureGuiApplication().ok()); }
};

QImage decode(const std::string& png) {
  return QImage::fromData(reinterpret_cast<const uchar*>(png.data()), static_cast<int>(png.size()), "PNG");
}

QColor at(const QImage& image, const scene::Scene& s, scene::Point data) {
  const scene::Point p = toScene(s.panels[0], data);
  const double scale = image.width() / s.width;
  return image.pixelColor(static_cast<int>(p.x * scale), static_cast<int>(p.y * scale));
}

TEST_F(Print, PngHasItsSizeDpiAndCells) {
  const scene::Scene s = column();
  const auto png = toPng(s, {.widthMm = 85, .dpi = 300});
  ASSERT_TRUE(png.ok()) << png.error().what;
  keep("85mm.png", *png);
  const QImage image = decode(*png);
  EXPECT_EQ(image.width(), static_cast<int>(std::lround(85 / 25.4 * 300)));
  EXPECT_EQ(image.height(), static_cast<int>(std::lround(85 / 25.4 * 300 * 0.85)));
  EXPECT_EQ(image.dotsPerMeterX(), 11811);
  EXPECT_FALSE(image.hasAlphaChannel());
  int wrong = 0, cells = 0;
  for (int i = 0; i < 16; ++i)
    for (int j = 0; j <= i; ++j, ++cells) {
      const scene::Color c = s.images[0].scale.color(demoValue(i, j));
      wrong += at(image, s, {j + 0.5, i + 0.5}) != QColor(c.r, c.g, c.b);
    }
  EXPECT_EQ(wrong, 0) << "of " << cells << " cells";
  EXPECT_EQ(image.pixelColor(0, 0), QColor(Qt::white));
}

TEST_F(Print, TransparentPngHasNoGround) {
  const auto png = toPng(column(), {.dpi = 100, .transparent = true});
  ASSERT_TRUE(png.ok());
  EXPECT_EQ(decode(*png).pixelColor(0, 0).alpha(), 0);
}

TEST_F(Print, ThemesAndWidths) {
  for (const auto& [kind, name] :
       {std::pair{scene::ThemeKind::Dark, "dark.png"}, {scene::ThemeKind::Light, "light.png"}}) {
    const auto png = toPng(demoScene(kind, 800, 640, 40), {.widthMm = 800 * 25.4 / 96, .dpi = 96});
    ASSERT_TRUE(png.ok());
    keep(name, *png);
    EXPECT_EQ(decode(*png).width(), 800);
  }
  keep("300tokens.png", *toPng(column(300)));
}

TEST_F(Print, LiveCameraMovesCellsAndLabels) {
  const scene::Scene s = demoScene(scene::ThemeKind::Dark, 800, 640, 40);
  QImage image(800, 640, QImage::Format_RGB32);
  QPainter painter(&image);
  paintScene(painter, s, {.scale = 1, .transparent = false, .cameras = {{"head", {0, 0, 3, 3}}}});
  painter.end();
  scene::Scene moved = s;
  moved.panels[0].data = {0, 0, 3, 3};
  const scene::Color c = s.images[0].scale.color(demoValue(2, 1));
  EXPECT_EQ(at(image, moved, {1.5, 2.5}), QColor(c.r, c.g, c.b));
  if (const char* folder = std::getenv("ORRERY_FIGURES")) image.save(QString(folder) + "/camera.png");
}

TEST_F(Print, AbsurdSizesAreRefused) {
  const scene::Scene s = column();
  const double nan = std::numeric_limits<double>::quiet_NaN(), inf = std::numeric_limits<double>::infinity();
  for (const double width : {0.0, -1.0, nan, inf, 1e9}) {
    EXPECT_FALSE(toPng(s, {.widthMm = width}).ok()) << width;
    EXPECT_FALSE(toPdf(s, {.widthMm = width}).ok()) << width;
    if (width != 1e9) {
      EXPECT_FALSE(toSvg(s, {.widthMm = width}).ok()) << width;
    }
  }
  for (const double dpi : {0.0, -300.0, nan, inf, 1e9, 1e-9}) EXPECT_FALSE(toPng(s, {.dpi = dpi}).ok()) << dpi;
  EXPECT_NE(toPng(s, {.dpi = 1e9}).error().what.find("3.34646e+09"), std::string::npos)
      << toPng(s, {.dpi = 1e9}).error().what;
  EXPECT_FALSE(toPng(scene::Scene{}).ok());
  EXPECT_FALSE(toPdf(scene::Scene{}).ok());
}

TEST_F(Print, SvgIsXmlForQtToo) {
  const auto svg = toSvg(column(), {.title = "a < b"});
  ASSERT_TRUE(svg.ok());
  keep("85mm.svg", *svg);
  QXmlStreamReader reader(QByteArray::fromStdString(*svg));
  QStringList texts;
  int images = 0;
  while (!reader.atEnd()) {
    if (reader.readNext() != QXmlStreamReader::StartElement) continue;
    images += reader.name() == QLatin1String("image");
    if (reader.name() == QLatin1String("text")) texts += reader.readElementText();
  }
  EXPECT_FALSE(reader.hasError()) << reader.errorString().toStdString();
  EXPECT_EQ(images, 1);
  EXPECT_TRUE(texts.contains("Layer 3, head 5 <tiny> & co"));
  EXPECT_TRUE(texts.contains("attention probability"));
}

std::string outputOf(const std::string& command) {
  std::string out;
  FILE* pipe = ::popen((command + " 2>/dev/null").c_str(), "r");
  if (!pipe) return out;
  char buffer[4096];
  while (const std::size_t n = std::fread(buffer, 1, sizeof buffer, pipe)) out.append(buffer, n);
  ::pclose(pipe);
  return out;
}

TEST_F(Print, PdfHasTextEmbeddedFontsAndTheCells) {
  const scene::Scene s = column();
  const auto pdf = toPdf(s, {.widthMm = 85, .title = "Layer 3, head 5"});
  ASSERT_TRUE(pdf.ok()) << pdf.error().what;
  keep("85mm.pdf", *pdf);
  EXPECT_EQ(pdf->substr(0, 5), "%PDF-");
  if (outputOf("command -v pdffonts pdftotext pdfimages").empty())
    GTEST_SKIP() << "runs where poppler-utils (pdffonts, pdftotext, pdfimages) is installed";
  const auto folder = std::filesystem::temp_directory_path() / ("orrery-pdf-" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder);
  const std::string file = (folder / "f.pdf").string();
  ASSERT_TRUE(writeFileAtomically(file, *pdf).ok());

  const std::string text = outputOf("pdftotext -layout " + file + " -");
  for (const char* expected : {"attention probability", "Layer 3, head 5 <tiny> & co", "mat.", "0.4"})
    EXPECT_NE(text.find(expected), std::string::npos) << expected << " in:\n" << text;
  const std::string fonts = outputOf("pdffonts " + file);
  EXPECT_NE(fonts.find("yes no  yes"), std::string::npos) << fonts; // embedded, a subset under its own name, Unicode
  EXPECT_EQ(fonts.find(" no  no"), std::string::npos) << fonts;
  const std::string info = outputOf("pdfinfo " + file);
  EXPECT_NE(info.find("241 x 205 pts"), std::string::npos) << info; // 85 mm; Qt's pages are whole points

  (void)outputOf("pdfimages -png " + file + " " + (folder / "i").string());
  const QImage cells(QString::fromStdString((folder / "i-000.png").string()));
  ASSERT_EQ(cells.width(), 16) << outputOf("pdfimages -list " + file);
  ASSERT_EQ(cells.height(), 16);
  for (int i = 0; i < 16; ++i)
    for (int j = 0; j <= i; ++j) {
      const scene::Color c = s.images[0].scale.color(demoValue(i, j));
      EXPECT_EQ(cells.pixelColor(j, i), QColor(c.r, c.g, c.b)) << i << ", " << j;
    }
  std::filesystem::remove_all(folder);
}

TEST_F(Print, HostileTextDraws) {
  scene::Scene s = column();
  scene::Text text;
  text.at = {10, 50};
  for (const std::string& bytes : {std::string("a\0b", 3), std::string("\xf4\x90\x80\x80"), std::string(200000, 'x'),
                                   std::string("\xe2\x80\xae"
                                               "abc"),
                                   std::string("e\xcc\x81")}) {
    text.text = bytes;
    s.texts.push_back(text);
  }
  text.size = std::numeric_limits<double>::infinity();
  s.texts.push_back(text);
  text.size = 5;
  text.at.x = std::numeric_limits<double>::quiet_NaN();
  s.texts.push_back(text);
  EXPECT_TRUE(toPng(s, {.dpi = 72}).ok());
  EXPECT_TRUE(toPdf(s).ok());
}

} // namespace
} // namespace orrery::paint
