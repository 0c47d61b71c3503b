// SPDX-License-Identifier: MIT
#include "views/gpu/color_range.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>

namespace orrery::gpu {

using scene::ColorBar;
using scene::Point;
using scene::Rect;

namespace {

constexpr double kReach = 10; // units around an end that take hold of it

bool has(const views::ViewInfo& info, const char* name) {
  return std::any_of(info.parameters.begin(), info.parameters.end(), [&](const auto& p) { return p.name == name; });
}

std::optional<double> numberIn(const views::Parameters& parameters, const char* name) {
  const auto found = parameters.find(name);
  if (found == parameters.end() || found->second.empty()) return std::nullopt;
  char* end = nullptr;
  const double value = std::strtod(found->second.c_str(), &end);
  return *end == '\0' && std::isfinite(value) ? std::optional(value) : std::nullopt;
}

std::string numberText(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.6g", value);
  return text;
}

bool isLog(const views::ViewInfo& info, const views::Parameters& parameters) {
  const auto value = parameters.find(has(info, "scale") ? "scale" : "log");
  return value != parameters.end() && (value->second == "log" || value->second == "true");
}

} // namespace

bool hasRange(const views::ViewInfo& info) { return has(info, "low") && has(info, "high"); }

RangeState rangeOf(const views::ViewInfo& info, const views::Parameters& parameters, const scene::Scene& scene) {
  RangeState range;
  range.hasRange = hasRange(info);
  range.hasLock = range.hasRange;
  range.hasLog = has(info, "scale") || has(info, "log");
  range.log = isLog(info, parameters);
  if (!scene.bars.empty()) {
    range.low = scene.bars.front().scale.low;
    range.high = scene.bars.front().scale.high;
  }
  const auto low = numberIn(parameters, "low"), high = numberIn(parameters, "high");
  range.low = low.value_or(range.low);
  range.high = high.value_or(range.high);
  range.lock = low && high;
  return range;
}

views::Parameters withRange(const views::ViewInfo& info, views::Parameters parameters, const RangeState& before,
                            const RangeState& after) {
  if (after.hasRange && (after.reset || (before.lock && !after.lock))) {
    parameters["low"] = parameters["high"] = "auto";
  } else if (after.hasRange) {
    if (after.lock || after.low != before.low) parameters["low"] = numberText(after.low);
    if (after.lock || after.high != before.high) parameters["high"] = numberText(after.high);
  }
  if (after.hasLog && after.log != before.log) {
    if (has(info, "scale"))
      parameters["scale"] = after.log ? "log" : "linear";
    else
      parameters["log"] = after.log ? "true" : "false";
  }
  return parameters;
}

namespace {

// Distance along and across the bar from its low end; length along it.
struct BarPosition {
  double along, across, length, thickness;
};
BarPosition positionOn(const ColorBar& bar, Point at) {
  const Rect& f = bar.frame;
  if (f.h > f.w) return {f.y + f.h - at.y, at.x - f.x, f.h, f.w};
  return {at.x - f.x, at.y - f.y, f.w, f.h};
}

} // namespace

std::optional<BarEnd> barEndAt(const scene::Scene& scene, Point at) {
  for (const ColorBar& bar : scene.bars) {
    const BarPosition p = positionOn(bar, at);
    if (p.length <= 0 || p.across < -kReach / 2 || p.across > p.thickness + kReach / 2) continue;
    const double reach = std::min(kReach, p.length / 3);
    if (std::abs(p.along) <= reach) return BarEnd{bar, false};
    if (std::abs(p.along - p.length) <= reach) return BarEnd{bar, true};
  }
  return std::nullopt;
}

bool onBar(const scene::Scene& scene, Point at) {
  return std::any_of(scene.bars.begin(), scene.bars.end(),
                     [&](const ColorBar& bar) { return bar.frame.contains(at); }) ||
         barEndAt(scene, at).has_value();
}

double barValueAt(const ColorBar& bar, Point at) {
  const BarPosition p = positionOn(bar, at);
  const double position = p.along / std::max(p.length, 1.0);
  if (!bar.scale.log) return bar.scale.low + position * (bar.scale.high - bar.scale.low);
  const double low = std::log10(bar.scale.logLow()), high = std::log10(bar.scale.high);
  return std::pow(10, low + position * (high - low));
}

} // namespace orrery::gpu
