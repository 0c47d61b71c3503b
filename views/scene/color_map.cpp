// SPDX-License-Identifier: MIT
#include "views/scene/color_map.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <span>
#include <utility>

#include "views/scene/color_tables.h"
#include "views/scene/lab.h"

namespace orrery::scene {
namespace {

constexpr int kSamples = 4096; // along a curve, before it is cut into 256 equal steps
constexpr double kSmallestRatio = 1e-6;

double difference(Lab p, Lab q) { return std::hypot(p.L - q.L, p.a - q.a, p.b - q.b); } // CIE 1976

Lab mix(Lab p, Lab q, double t) { return {p.L + t * (q.L - p.L), p.a + t * (q.a - p.a), p.b + t * (q.b - p.b)}; }

// Bezier curve through the first and last point (de Casteljau); monotone in L where the control points are.
Lab bezier(std::span<const Lab> points, double t) {
  std::vector<Lab> work(points.begin(), points.end());
  for (std::size_t n = work.size() - 1; n > 0; --n)
    for (std::size_t i = 0; i < n; ++i) work[i] = mix(work[i], work[i + 1], t);
  return work[0];
}

// Points of the curve at equal CIELAB distance from one to the next.
std::vector<Lab> equalSteps(std::span<const Lab> control, std::size_t count) {
  std::vector<Lab> curve;
  std::vector<double> length{0};
  for (int i = 0; i <= kSamples; ++i) {
    curve.push_back(bezier(control, static_cast<double>(i) / kSamples));
    if (i > 0) length.push_back(length.back() + difference(curve[curve.size() - 2], curve.back()));
  }
  std::vector<Lab> out;
  for (std::size_t i = 0; i < count; ++i) {
    const double want = length.back() * static_cast<double>(i) / static_cast<double>(count - 1);
    const auto at = std::lower_bound(length.begin(), length.end(), want) - length.begin();
    out.push_back(curve[static_cast<std::size_t>(std::min<std::ptrdiff_t>(at, kSamples))]);
  }
  return out;
}

ColorTable sequential(std::span<const Lab> control, Color first) {
  const std::vector<Lab> steps = equalSteps(control, 256);
  ColorTable table;
  std::transform(steps.begin(), steps.end(), table.begin(), fromLab);
  table[0] = first; // zero is exactly the canvas
  return table;
}

// Both arms take the same lightness at the same distance from the middle, in steps of equal lightness.
ColorTable diverging(std::span<const Lab> low, std::span<const Lab> high, Color middle) {
  ColorTable table;
  for (std::size_t i = 0; i < 128; ++i) {
    const double t = static_cast<double>(i) / 127;
    table[127 - i] = fromLab(bezier(low, t));
    table[128 + i] = fromLab(bezier(high, t));
  }
  table[127] = table[128] = middle;
  return table;
}

// Light, blue, dark, orange and round again.
ColorTable cyclic() {
  ColorTable table;
  for (std::size_t i = 0; i < 256; ++i) {
    const double angle = 2 * std::numbers::pi * static_cast<double>(i) / 256;
    const double s = std::sin(angle);
    table[i] = fromLab({58 + 28 * std::cos(angle), s > 0 ? -4 * s : -16 * s, -40 * s});
  }
  return table;
}

// ColorBrewer's Spectral (Cynthia Brewer, Apache 2.0), eleven colours joined by straight lines in RGB: red to violet,
// as the figures of arXiv 2402.06184 have it.
ColorTable spectral() {
  constexpr std::array<std::uint32_t, 11> kColors = {0x9e0142, 0xd53e4f, 0xf46d43, 0xfdae61, 0xfee08b, 0xffffbf,
                                                     0xe6f598, 0xabdda4, 0x66c2a5, 0x3288bd, 0x5e4fa2};
  ColorTable table;
  for (std::size_t i = 0; i < 256; ++i) {
    const double at = static_cast<double>(i) / 255 * 10;
    const std::size_t k = std::min<std::size_t>(9, static_cast<std::size_t>(at));
    const Color a = fromHex(kColors[k]), b = fromHex(kColors[k + 1]);
    const auto between = [&](std::uint8_t p, std::uint8_t q) {
      return static_cast<std::uint8_t>(std::lround(p + (at - static_cast<double>(k)) * (static_cast<double>(q) - p)));
    };
    table[i] = {between(a.r, b.r), between(a.g, b.g), between(a.b, b.b), 255};
  }
  return table;
}

ColorTable fromText(const char* hex) {
  const auto digit = [](char c) { return static_cast<std::uint8_t>(c <= '9' ? c - '0' : c - 'a' + 10); };
  const auto byte = [&](const char* at) { return static_cast<std::uint8_t>(digit(at[0]) * 16 + digit(at[1])); };
  ColorTable table;
  for (Color& color : table) {
    color = {byte(hex), byte(hex + 2), byte(hex + 4), 255};
    hex += 6;
  }
  return table;
}

ColorTable grey() {
  ColorTable table;
  for (std::size_t i = 0; i < 256; ++i) table[i] = fromLab({100.0 * static_cast<double>(i) / 255, 0, 0});
  return table;
}

struct Named {
  const char* name;
  ColorTable table;
};

std::vector<Named> makeTables() {
  const Color dark = fromHex(0x0e1116), white = fromHex(0xffffff);
  const Lab canvas = toLab(dark), paper = toLab(white);
  const Lab darkBlue[] = {canvas, {30, 14, -46}, {58, -4, -58}, {82, -12, -22}, {97, -2, -5}};
  const Lab lightBlue[] = {paper, {86, -6, -18}, {58, -4, -56}, {32, 14, -50}, {9, 3, -14}};
  const Lab darkLow[] = {canvas, {28, 10, -44}, {56, -6, -46}, {82, -12, -24}};
  const Lab darkHigh[] = {canvas, {28, 22, 26}, {56, 30, 58}, {82, 10, 50}};
  const Lab lightLow[] = {paper, {80, -8, -22}, {58, -2, -50}, {34, 10, -52}};
  const Lab lightHigh[] = {paper, {80, 14, 34}, {58, 34, 58}, {34, 30, 44}};
  return {{"orrery-dark", sequential(darkBlue, dark)},
          {"orrery-light", sequential(lightBlue, white)},
          {"viridis", fromText(kViridisHex)},
          {"cividis", fromText(kCividisHex)},
          {"grey", grey()},
          {"diverging-dark", diverging(darkLow, darkHigh, dark)},
          {"diverging-light", diverging(lightLow, lightHigh, white)},
          {"cyclic", cyclic()},
          {"spectral", spectral()}};
}

const std::vector<Named>& tables() {
  static const std::vector<Named> kTables = makeTables();
  return kTables;
}

} // namespace

Color fromHex(std::uint32_t rgb) {
  return {static_cast<std::uint8_t>(rgb >> 16), static_cast<std::uint8_t>(rgb >> 8), static_cast<std::uint8_t>(rgb),
          255};
}

std::string toHex(Color color) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string out = "#";
  for (const std::uint8_t c : {color.r, color.g, color.b}) {
    out += kDigits[c >> 4];
    out += kDigits[c & 15];
  }
  return out;
}

const ColorTable* colorTable(std::string_view name) {
  for (const Named& named : tables())
    if (name == named.name) return &named.table;
  return nullptr;
}

std::vector<std::string> colorMapNames() {
  std::vector<std::string> names;
  for (const Named& named : tables()) names.emplace_back(named.name);
  return names;
}

const std::array<Color, 8>& categorical() {
  static const std::array<Color, 8> kColors = {fromHex(0x0072b2), fromHex(0xe69f00), fromHex(0x009e73),
                                               fromHex(0xd55e00), fromHex(0xcc79a7), fromHex(0x56b4e9),
                                               fromHex(0xf0e442), fromHex(0x000000)};
  return kColors;
}

double ColorScale::position(double value) const {
  if (std::isnan(value)) return 0;
  if (!log) return std::clamp((value - low) / (high - low), 0.0, 1.0);
  if (!(high > 0)) return value >= high ? 1 : 0;
  const double bottom = std::log10(logLow());
  if (!(value > 0)) return 0;
  return std::clamp((std::log10(value) - bottom) / (std::log10(high) - bottom), 0.0, 1.0);
}

double ColorScale::logLow() const { return low > 0 ? low : high * kSmallestRatio; }

double ColorScale::value(double position) const {
  const double t = std::clamp(position, 0.0, 1.0);
  if (!log || !(high > 0)) return low + t * (high - low);
  return logLow() * std::pow(high / logLow(), t);
}

Color ColorScale::color(double value) const {
  if (!std::isfinite(value)) return nonFinite;
  const ColorTable* table = colorTable(map);
  if (!table) table = colorTable("grey");
  return (*table)[tableIndex(value)];
}

std::size_t ColorScale::tableIndex(double value) const {
  return std::min<std::size_t>(255, static_cast<std::size_t>(position(value) * 256));
}

} // namespace orrery::scene
