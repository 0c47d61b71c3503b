// SPDX-License-Identifier: MIT
#include "views/scene/ticks.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <utility>

namespace orrery::scene {
namespace {

constexpr double kSlack = 1e-9; // of a step: an end that is a tick but for rounding counts

double niceStep(double atLeast) {
  const double power = std::pow(10, std::floor(std::log10(atLeast)));
  for (const double m : {1.0, 2.0, 5.0})
    if (m * power >= atLeast * (1 - kSlack)) return m * power;
  return 10 * power;
}

std::string fixedText(double value, double step) {
  const double size = std::max(std::abs(value), step);
  if (size >= 1e6 || step < 1e-4) {
    const int digits = 1 + std::max(0, static_cast<int>(std::floor(std::log10(size)) - std::floor(std::log10(step))));
    return numberText(value, std::min(digits, 15));
  }
  const int decimals = std::max(0, -static_cast<int>(std::floor(std::log10(step) + kSlack)));
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", decimals, value == 0 ? 0.0 : value);
  return text;
}

std::vector<Tick> decades(int first, int last, int most) {
  std::vector<Tick> ticks;
  const int step = std::max(1, (last - first + most) / most);
  for (int p = first; p <= last; p += step) {
    const double value = std::pow(10.0, p);
    ticks.push_back({value, numberText(value)});
  }
  return ticks;
}

std::vector<Tick> partsOfDecades(double low, double high) {
  std::vector<Tick> ticks;
  const int last = static_cast<int>(std::floor(std::log10(high)));
  for (int p = static_cast<int>(std::floor(std::log10(low))); p <= last; ++p)
    for (const double m : {1.0, 2.0, 5.0}) {
      const double value = m * std::pow(10.0, p);
      if (value >= low * (1 - kSlack) && value <= high * (1 + kSlack)) ticks.push_back({value, numberText(value)});
    }
  return ticks;
}

} // namespace

std::string numberText(double value, int digits) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  char text[64];
  std::snprintf(text, sizeof text, "%.*g", std::clamp(digits, 1, 17), value == 0 ? 0.0 : value);
  return text;
}

std::vector<Tick> linearTicks(double low, double high, int most) {
  if (low > high) std::swap(low, high);
  const double range = high - low;
  if (!std::isfinite(range) || !(range > 0)) return {};
  // Steps that the doubles near the ends cannot tell apart have no ticks.
  if (range < 1e-12 * std::max(std::abs(low), std::abs(high))) return {};
  double step = niceStep(range / std::max(2, most));
  const auto count = [&] { return std::floor(high / step + kSlack) - std::ceil(low / step - kSlack) + 1; };
  while (count() > std::max(2, most)) step = niceStep(step * 1.5);
  std::vector<Tick> ticks;
  const double first = std::ceil(low / step - kSlack), n = count();
  for (double i = 0; i < n; ++i) ticks.push_back({(first + i) * step, fixedText((first + i) * step, step)});
  return ticks;
}

std::vector<Tick> logTicks(double low, double high, int most) {
  if (!(low > 0) || !(high > low) || !std::isfinite(high)) return {};
  const int first = static_cast<int>(std::ceil(std::log10(low) - kSlack));
  const int last = static_cast<int>(std::floor(std::log10(high) + kSlack));
  if (last - first >= 1) return decades(first, last, std::max(2, most));
  std::vector<Tick> parts = partsOfDecades(low, high);
  if (parts.size() < 2) return linearTicks(low, high, most);
  while (parts.size() > static_cast<std::size_t>(std::max(2, most))) parts.pop_back();
  return parts;
}

std::int64_t labelStep(double spacing, double extent) {
  if (!std::isfinite(spacing) || !std::isfinite(extent) || spacing <= 0) return 0;
  const double atLeast = std::max(1.0, extent / spacing);
  return atLeast > 1e15 ? 0 : static_cast<std::int64_t>(std::llround(niceStep(atLeast)));
}

std::vector<std::size_t> keepApart(const std::vector<Interval>& intervals, double gap) {
  std::vector<std::size_t> kept;
  for (std::size_t i = 0; i < intervals.size(); ++i)
    if (kept.empty() || intervals[i].begin >= intervals[kept.back()].end + gap) kept.push_back(i);
  return kept;
}

} // namespace orrery::scene
