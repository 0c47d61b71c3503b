// SPDX-License-Identifier: MIT
#include "views/scene/lab.h"

#include <algorithm>
#include <cmath>

namespace orrery::scene {
namespace {

constexpr double kWhite[3] = {0.95047, 1.0, 1.08883}; // D65
constexpr double kKnee = 6.0 / 29.0;

double linear(std::uint8_t channel) {
  const double c = channel / 255.0;
  return c <= 0.04045 ? c / 12.92 : std::pow((c + 0.055) / 1.055, 2.4);
}

std::uint8_t gamma(double c) {
  const double v = c <= 0.0031308 ? 12.92 * c : 1.055 * std::pow(c, 1 / 2.4) - 0.055;
  return static_cast<std::uint8_t>(std::lround(255 * std::clamp(v, 0.0, 1.0)));
}

double compress(double t) { return t > kKnee * kKnee * kKnee ? std::cbrt(t) : t / (3 * kKnee * kKnee) + 4.0 / 29.0; }
double expand(double t) { return t > kKnee ? t * t * t : 3 * kKnee * kKnee * (t - 4.0 / 29.0); }

} // namespace

Lab toLab(Color color) {
  const double r = linear(color.r), g = linear(color.g), b = linear(color.b);
  const double x = compress((0.4124564 * r + 0.3575761 * g + 0.1804375 * b) / kWhite[0]);
  const double y = compress((0.2126729 * r + 0.7151522 * g + 0.0721750 * b) / kWhite[1]);
  const double z = compress((0.0193339 * r + 0.1191920 * g + 0.9503041 * b) / kWhite[2]);
  return {116 * y - 16, 500 * (x - y), 200 * (y - z)};
}

Color fromLab(Lab lab) {
  const double fy = (lab.L + 16) / 116;
  const double x = kWhite[0] * expand(fy + lab.a / 500), y = expand(fy), z = kWhite[2] * expand(fy - lab.b / 200);
  return {gamma(3.2404542 * x - 1.5371385 * y - 0.4985314 * z), gamma(-0.9692660 * x + 1.8760108 * y + 0.0415560 * z),
          gamma(0.0556434 * x - 0.2040259 * y + 1.0572252 * z), 255};
}

} // namespace orrery::scene
