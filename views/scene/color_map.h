// SPDX-License-Identifier: MIT
// Colours, colour maps and scales (value -> colour). Perceptually uniform and colour-blind safe; tested in CIELAB.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace orrery::scene {

struct Color {
  std::uint8_t r = 0, g = 0, b = 0, a = 255;
  friend bool operator==(const Color&, const Color&) = default;
};
Color fromHex(std::uint32_t rgb); // 0xRRGGBB
std::string toHex(Color color);   // "#rrggbb"
inline std::uint32_t packed(Color c) {
  return static_cast<std::uint32_t>(c.r) | static_cast<std::uint32_t>(c.g) << 8 |
         static_cast<std::uint32_t>(c.b) << 16 | static_cast<std::uint32_t>(c.a) << 24;
}

// "orrery-dark", "orrery-light" (sequential, from the canvas colour through blue), "viridis", "cividis", "grey",
// "diverging-dark", "diverging-light" (blue - canvas - orange), "cyclic", "spectral" (not uniform: as in a paper).
using ColorTable = std::array<Color, 256>;
const ColorTable* colorTable(std::string_view name); // nullptr if unknown
std::vector<std::string> colorMapNames();
// Okabe-Ito (Okabe and Ito 2008, "Color Universal Design"), black last: it is no colour on a dark canvas.
const std::array<Color, 8>& categorical();

struct ColorScale {
  std::string map = "orrery-dark";
  double low = 0, high = 1; // finite, low < high
  bool log = false;         // log10; values <= 0 take the lowest colour, low <= 0 stands for high * 1e-6
  Color nonFinite{0xff, 0x00, 0xff, 0xff};
  Color masked{0, 0, 0, 0};
  Color hatch{0, 0, 0, 0}; // second colour of the masked hatch; alpha 0: none

  double position(double value) const; // 0..1, clamped; NaN gives 0
  double value(double position) const; // inverse of position()
  double logLow() const;               // the lower end that a log scale really has
  std::size_t tableIndex(double value) const;
  Color color(double value) const; // an unknown map is drawn grey
};

} // namespace orrery::scene
