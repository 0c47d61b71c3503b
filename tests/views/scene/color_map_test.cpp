// SPDX-License-Identifier: MIT
// Colour maps against CIELAB computed here anew (OKLab's published matrices are another route to the same order).
#include "views/scene/color_map.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "views/scene/lab.h"
#include "views/scene/theme.h"

namespace orrery::scene {
namespace {

struct Vec {
  double x, y, z;
};

double linear(double c) { return c <= 0.04045 ? c / 12.92 : std::pow((c + 0.055) / 1.055, 2.4); }
Vec linearOf(Color c) { return {linear(c.r / 255.0), linear(c.g / 255.0), linear(c.b / 255.0)}; }

// CIELAB from linear sRGB, written as 24389/27 and 216/24389 (CIE's exact constants).
Vec labOf(Vec rgb) {
  const auto f = [](double t) { return t > 216.0 / 24389 ? std::cbrt(t) : (24389.0 / 27 * t + 16) / 116; };
  const double x = f((0.4124 * rgb.x + 0.3576 * rgb.y + 0.1805 * rgb.z) / 0.9505);
  const double y = f(0.2126 * rgb.x + 0.7152 * rgb.y + 0.0722 * rgb.z);
  const double z = f((0.0193 * rgb.x + 0.1192 * rgb.y + 0.9505 * rgb.z) / 1.0890);
  return {116 * y - 16, 500 * (x - y), 200 * (y - z)};
}
double distance(Vec p, Vec q) { return std::hypot(p.x - q.x, p.y - q.y, p.z - q.z); }

// Colour blindness of severity 1. Source: Machado, Oliveira, Fernandes 2009, IEEE TVCG 15(6), table 1.
constexpr double kProtan[9] = {0.152286, 1.052583,  -0.204868, 0.114503, 0.786281,
                               0.099216, -0.003882, -0.048116, 1.051998};
constexpr double kDeutan[9] = {0.367322, 0.860646,  -0.227968, 0.280085, 0.672501,
                               0.047413, -0.011820, 0.042940,  0.968881};
constexpr double kTritan[9] = {1.255528, -0.076749, -0.178779, -0.078411, 0.930809,
                               0.147602, 0.004733,  0.691367,  0.303900};
constexpr double kNormal[9] = {1, 0, 0, 0, 1, 0, 0, 0, 1};

Vec seen(Color c, const double* m) {
  const Vec v = linearOf(c);
  const auto row = [&](int i) { return std::clamp(m[i] * v.x + m[i + 1] * v.y + m[i + 2] * v.z, 0.0, 1.0); };
  return labOf({row(0), row(3), row(6)});
}

double lightness(Color c) { return labOf(linearOf(c)).x; }

TEST(ColorMap, LabAgreesWithSecondRoute) {
  double worst = 0;
  for (int r = 0; r < 256; r += 15)
    for (int g = 0; g < 256; g += 15)
      for (int b = 0; b < 256; b += 15) {
        const Color c{static_cast<std::uint8_t>(r), static_cast<std::uint8_t>(g), static_cast<std::uint8_t>(b), 255};
        const Lab lab = toLab(c);
        worst = std::max(worst, distance({lab.L, lab.a, lab.b}, labOf(linearOf(c))));
        EXPECT_EQ(fromLab(lab), c);
      }
  std::printf("largest CIELAB difference %.3g, tolerance 0.1\n", worst);
  EXPECT_LT(worst, 0.1);
}

TEST(ColorMap, SequentialLightnessIsMonotone) {
  for (const char* name : {"orrery-dark", "orrery-light", "viridis", "cividis", "grey"}) {
    const ColorTable& t = *colorTable(name);
    const double sign = lightness(t[255]) > lightness(t[0]) ? 1 : -1;
    double smallest = 1e9, whole = std::abs(lightness(t[255]) - lightness(t[0]));
    for (std::size_t i = 8; i < 256; ++i) // over 8 entries: rounding to 8 bits may tie neighbours
      smallest = std::min(smallest, sign * (lightness(t[i]) - lightness(t[i - 8])));
    double back = 0;
    for (std::size_t i = 1; i < 256; ++i) back = std::max(back, -sign * (lightness(t[i]) - lightness(t[i - 1])));
    std::printf("%s: L range %.1f, smallest step over 8 entries %.3f, largest step back %.3f (tolerance 0.5)\n", name,
                whole, smallest, back);
    EXPECT_GT(smallest, 0) << name;
    EXPECT_LT(back, 0.5) << name;
    EXPECT_GT(whole, 60) << name;
  }
}

TEST(ColorMap, OwnSequentialMapsHaveEqualSteps) {
  for (const char* name : {"orrery-dark", "orrery-light"}) {
    const ColorTable& t = *colorTable(name);
    double low = 1e9, high = 0;
    for (std::size_t i = 16; i < 256; i += 16) {
      const double step = distance(labOf(linearOf(t[i])), labOf(linearOf(t[i - 16])));
      low = std::min(low, step);
      high = std::max(high, step);
    }
    std::printf("%s: steps of 16 entries between %.2f and %.2f, ratio %.3f (tolerance 1.5)\n", name, low, high,
                high / low);
    EXPECT_LT(high / low, 1.5) << name;
  }
}

TEST(ColorMap, EveryMapOrdersUnderColourBlindness) {
  for (const char* name : {"orrery-dark", "orrery-light", "viridis", "cividis", "grey"})
    for (const double* m : {kProtan, kDeutan, kTritan}) {
      const ColorTable& t = *colorTable(name);
      double smallest = 1e9;
      for (std::size_t i = 32; i < 256; ++i) smallest = std::min(smallest, distance(seen(t[i], m), seen(t[i - 32], m)));
      EXPECT_GT(smallest, 5) << name;
    }
}

TEST(ColorMap, CanvasIsWhereZeroIs) {
  const Color dark = theme(ThemeKind::Dark).canvas, light = theme(ThemeKind::Light).canvas;
  EXPECT_EQ((*colorTable("orrery-dark"))[0], dark);
  EXPECT_EQ((*colorTable("orrery-light"))[0], light);
  for (const std::size_t i : {127u, 128u}) {
    EXPECT_EQ((*colorTable("diverging-dark"))[i], dark);
    EXPECT_EQ((*colorTable("diverging-light"))[i], light);
  }
  ColorScale scale{.map = "diverging-dark", .low = -3, .high = 3};
  EXPECT_EQ(scale.color(0), dark);
}

TEST(ColorMap, DivergingLightnessIsSymmetric) {
  for (const char* name : {"diverging-dark", "diverging-light"}) {
    const ColorTable& t = *colorTable(name);
    double worst = 0, arms = 1e9;
    for (std::size_t i = 0; i < 128; ++i) {
      worst = std::max(worst, std::abs(lightness(t[127 - i]) - lightness(t[128 + i])));
      if (i < 32) continue;
      for (const double* m : {kNormal, kProtan, kDeutan, kTritan})
        arms = std::min(arms, distance(seen(t[127 - i], m), seen(t[128 + i], m)));
    }
    std::printf("%s: largest difference of L %.2f (tolerance 1.0); arms at least %.1f apart for every eye (from 5)\n",
                name, worst, arms);
    EXPECT_LT(worst, 1.0) << name;
    EXPECT_GT(arms, 5) << name;
  }
}

TEST(ColorMap, CyclicClosesAndOrders) {
  const ColorTable& t = *colorTable("cyclic");
  double largest = 0;
  for (std::size_t i = 0; i < 256; ++i)
    largest = std::max(largest, distance(labOf(linearOf(t[i])), labOf(linearOf(t[(i + 1) % 256]))));
  std::printf("largest step around the circle %.2f (tolerance 2.5)\n", largest);
  EXPECT_LT(largest, 2.5);
}

TEST(ColorMap, CategoricalColoursStayApart) {
  const auto& colors = categorical();
  const struct {
    const char* name;
    const double* matrix;
    double least; // measured by hand for the published palette; smaller means a colour was changed
  } kEyes[] = {{"normal", kNormal, 25}, {"protan", kProtan, 10}, {"deutan", kDeutan, 10}, {"tritan", kTritan, 10}};
  for (const auto& eye : kEyes) {
    double least = 1e9;
    for (std::size_t i = 0; i < 8; ++i)
      for (std::size_t j = 0; j < i; ++j)
        least = std::min(least, distance(seen(colors[i], eye.matrix), seen(colors[j], eye.matrix)));
    std::printf("%s: least distance %.1f (from %.0f)\n", eye.name, least, eye.least);
    EXPECT_GT(least, eye.least) << eye.name;
  }
}

TEST(ColorMap, PublishedTablesHaveTheirKnownEnds) {
  EXPECT_EQ(toHex((*colorTable("viridis"))[0]), "#440154");
  EXPECT_EQ(toHex((*colorTable("viridis"))[255]), "#fde725");
  EXPECT_EQ(toHex((*colorTable("cividis"))[0]), "#00224e");
  EXPECT_EQ(toHex((*colorTable("cividis"))[255]), "#fee838");
  EXPECT_EQ(colorTable("no such map"), nullptr);
  EXPECT_EQ(toHex((*colorTable("spectral"))[0]), "#9e0142");
  EXPECT_EQ(toHex((*colorTable("spectral"))[255]), "#5e4fa2");
  EXPECT_EQ(colorMapNames().size(), 9u);
}

TEST(ColorScale, LinearAndLogPositions) {
  const ColorScale linear{.low = 2, .high = 6};
  EXPECT_DOUBLE_EQ(linear.position(3), 0.25);
  EXPECT_EQ(linear.position(-1e300), 0);
  EXPECT_EQ(linear.position(1e300), 1);
  const ColorScale log{.low = 1e-4, .high = 1, .log = true};
  EXPECT_NEAR(log.position(1e-3), 0.25, 1e-12);
  EXPECT_EQ(log.position(0), 0);
  EXPECT_EQ(log.position(-5), 0);
  for (const double p : {0.0, 0.1, 0.5, 1.0}) {
    EXPECT_NEAR(log.position(log.value(p)), p, 1e-12);
    EXPECT_NEAR(linear.position(linear.value(p)), p, 1e-12);
  }
  const ColorScale open{.low = 0, .high = 1, .log = true}; // 0 has no logarithm: six decades
  EXPECT_NEAR(open.position(1e-3), 0.5, 1e-12);
  EXPECT_EQ(log.color(std::nan("")), (Color{0xff, 0, 0xff, 0xff}));
}

TEST(Theme, TextIsReadable) {
  // Contrast as WCAG 2.1 defines it: (L1 + 0.05) / (L2 + 0.05) of relative luminance.
  const auto luminance = [](Color c) {
    const Vec v = linearOf(c);
    return 0.2126 * v.x + 0.7152 * v.y + 0.0722 * v.z;
  };
  const auto contrast = [&](Color a, Color b) {
    const double p = luminance(a) + 0.05, q = luminance(b) + 0.05;
    return std::max(p, q) / std::min(p, q);
  };
  for (const ThemeKind kind : {ThemeKind::Dark, ThemeKind::Light, ThemeKind::Print}) {
    const Theme& t = theme(kind);
    EXPECT_GT(contrast(t.text, t.canvas), 12);
    EXPECT_GT(contrast(t.secondary, t.canvas), 4.5);
    EXPECT_GT(contrast(t.accent, t.canvas), 3);
    EXPECT_NE(colorTable(t.sequential), nullptr);
    EXPECT_NE(colorTable(t.diverging), nullptr);
  }
  EXPECT_EQ(theme(ThemeKind::Print).canvas, fromHex(0xffffff));
}

} // namespace
} // namespace orrery::scene
