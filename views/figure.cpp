// SPDX-License-Identifier: MIT
#include "views/figure.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "views/scene/axes.h"
#include "views/scene/text_metrics.h"
#include "views/scene/ticks.h"

namespace orrery::views {

using scene::Align;
using scene::Color;
using scene::Point;
using scene::Rect;
using scene::VAlign;

namespace {

constexpr double kLargestSide = 20000; // units; a scene is never larger, whatever a request says

double sane(double side) { return std::isfinite(side) ? std::clamp(side, 1.0, kLargestSide) : 1; }

double luminance(Color c) { return 0.2126 * c.r + 0.7152 * c.g + 0.0722 * c.b; }

} // namespace

Figure::Figure(const Request& request)
    : theme(scene::theme(request.theme)), print(request.theme == scene::ThemeKind::Print) {
  scene.width = sane(request.width);
  scene.height = sane(request.height);
  scene.background = theme.canvas;
}

std::size_t Figure::text(Point at, std::string utf8, double size, Color color, Align align, VAlign vertical, bool mono,
                         int panelIndex) {
  scene::Text text;
  text.panel = panelIndex;
  text.at = at;
  text.text = std::move(utf8);
  text.size = size;
  text.color = color;
  text.align = align;
  text.vertical = vertical;
  text.mono = mono;
  scene.texts.push_back(std::move(text));
  return scene.texts.size() - 1;
}

void Figure::heading(const std::string& utf8, double x, double y, double room) {
  const double size = theme.textSize;
  std::string shown = scene::elide(utf8, room, size);
  if (!shown.empty()) text({x, y}, std::move(shown), size, theme.text);
}

int Figure::panel(std::string name, Rect frame, Rect data, Rect limits, bool zoomable) {
  scene::Panel panel;
  panel.name = std::move(name);
  panel.frame = frame;
  panel.data = data;
  panel.limits = limits;
  panel.zoomable = zoomable;
  scene.panels.push_back(std::move(panel));
  return static_cast<int>(scene.panels.size()) - 1;
}

void Figure::line(int panelIndex, std::vector<Point> points, Color color, double lineWidth) {
  if (points.size() < 2) return;
  scene.lines.push_back({panelIndex, std::move(points), color, lineWidth, false});
}

void Figure::outline(int panelIndex, Rect r, Color color, double lineWidth) {
  scene.lines.push_back(
      {panelIndex, {{r.x, r.y}, {r.x + r.w, r.y}, {r.x + r.w, r.y + r.h}, {r.x, r.y + r.h}}, color, lineWidth, true});
}

void Figure::cellBorders(int panel, std::int64_t x0, std::int64_t x1, std::int64_t y0, std::int64_t y1) {
  const scene::Color color = withAlpha(theme.canvas, 0.6);
  const double thickness = print ? 0.3 : 1;
  const auto left = static_cast<double>(x0), right = static_cast<double>(x1);
  const auto top = static_cast<double>(y0), bottom = static_cast<double>(y1);
  for (double x = left; x <= right; ++x) line(panel, {{x, top}, {x, bottom}}, color, thickness);
  for (double y = top; y <= bottom; ++y) line(panel, {{left, y}, {right, y}}, color, thickness);
}

void Figure::bar(double x, double y, double h, const scene::ColorScale& scale, const std::string& label) {
  const double size = theme.denseSize;
  if (h < 3 * size) return;
  std::string shown = label; // "mean attention probability", "attention probability", "probability"
  while (scene::textWidth(shown, size) > std::max(h, 8 * size) && shown.find(' ') != std::string::npos &&
         shown.find('(') == std::string::npos)
    shown.erase(0, shown.find(' ') + 1);
  scene::addColorBar(scene, {x + size, y, 0.8 * size, h}, scale, shown, theme);
}

void Figure::numberAxis(int panelIndex, std::int64_t count, const std::function<std::int64_t(std::int64_t)>& number,
                        std::int64_t highlight) {
  const scene::Panel& p = scene.panels[static_cast<std::size_t>(panelIndex)];
  const double size = theme.denseSize, spacing = p.frame.w / p.data.w, y = p.frame.y + p.frame.h + 0.45 * size;
  std::int64_t widest = 0;
  for (std::int64_t i = 0; i < count; ++i) widest = std::max(widest, number(i));
  const double extent = scene::textWidth(std::to_string(widest), size) + 0.4 * size;
  const std::int64_t step = std::max<std::int64_t>(1, scene::labelStep(spacing, extent));
  for (std::int64_t i = 0; i < count; ++i) {
    const bool near = highlight >= 0 && std::abs(static_cast<double>(i - highlight)) * spacing < extent;
    if (i != highlight && (near || i % step != 0)) continue;
    const double x = p.frame.x + (static_cast<double>(i) + 0.5 - p.data.x) * spacing;
    text({x, y}, std::to_string(number(i)), size, i == highlight ? theme.accent : theme.secondary, Align::Center,
         VAlign::Top);
  }
}

std::string firstFitting(const std::vector<std::string>& candidates, double room, double size) {
  for (const std::string& candidate : candidates)
    if (scene::textWidth(candidate, size) <= room) return candidate;
  return candidates.empty() ? std::string() : scene::elide(candidates.back(), room, size);
}

Color mix(Color from, Color to, double amount) {
  const double t = std::clamp(amount, 0.0, 1.0);
  const auto channel = [t](std::uint8_t p, std::uint8_t q) {
    return static_cast<std::uint8_t>(std::lround(p + t * (static_cast<double>(q) - p)));
  };
  return {channel(from.r, to.r), channel(from.g, to.g), channel(from.b, to.b), 255};
}

Color withAlpha(Color color, double alpha) {
  color.a = static_cast<std::uint8_t>(std::lround(255 * std::clamp(alpha, 0.0, 1.0)));
  return color;
}

Color inkOn(Color ground) {
  return luminance(ground) > 127 ? Color{0x14, 0x18, 0x1f, 255} : Color{0xe8, 0xeb, 0xf0, 255};
}

double niceCeil(double value) {
  if (!std::isfinite(value) || value <= 0) return 1;
  const double decade = std::pow(10.0, std::floor(std::log10(value)));
  for (const double step : {1.0, 2.0, 5.0})
    if (value <= step * decade * (1 + 1e-9)) return step * decade;
  return 10 * decade;
}

std::optional<double> quantile(const std::vector<float>& values, const std::vector<std::uint8_t>& mask, double at) {
  std::vector<float> kept;
  kept.reserve(values.size());
  for (std::size_t i = 0; i < values.size(); ++i)
    if ((mask.empty() || mask[i] == 0) && std::isfinite(values[i])) kept.push_back(values[i]);
  if (kept.empty()) return std::nullopt;
  const auto rank = static_cast<std::size_t>(std::clamp(at, 0.0, 1.0) * static_cast<double>(kept.size() - 1) + 0.5);
  std::nth_element(kept.begin(), kept.begin() + static_cast<std::ptrdiff_t>(rank), kept.end());
  return static_cast<double>(kept[rank]);
}

Rect saneViewport(const Request& request, const std::string& panel, const Rect& limits) {
  const auto at = request.viewports.find(panel);
  if (at == request.viewports.end()) return limits;
  Rect r = at->second;
  const bool finite = std::isfinite(r.x) && std::isfinite(r.y) && std::isfinite(r.w) && std::isfinite(r.h);
  if (!finite || !(r.w > 0) || !(r.h > 0)) return limits;
  r.w = std::clamp(r.w, limits.w * 1e-6, limits.w);
  r.h = std::clamp(r.h, limits.h * 1e-6, limits.h);
  r.x = std::clamp(r.x, limits.x, limits.x + limits.w - r.w);
  r.y = std::clamp(r.y, limits.y, limits.y + limits.h - r.h);
  return r;
}

Result<scene::ColorScale> rangeOf(const Request& request, const scene::Theme& theme, double autoLow, double autoHigh) {
  scene::ColorScale scale;
  scale.map = theme.sequential;
  scale.log = textOf(request.parameters, "scale") == "log";
  scale.high = numberOrAuto(request.parameters, "high").value_or(autoHigh);
  const double low = scale.log && autoLow <= 0 ? scale.high * 1e-4 : autoLow;
  scale.low = numberOrAuto(request.parameters, "low").value_or(low);
  const bool lowGiven = numberOrAuto(request.parameters, "low").has_value();
  const bool highGiven = numberOrAuto(request.parameters, "high").has_value();
  if (!(scale.low < scale.high) && lowGiven && !highGiven)
    scale.high = niceCeil(std::max(scale.low * 2, scale.low + 1));
  if (!(scale.low < scale.high) && highGiven && !lowGiven) scale.low = std::min(scale.high / 2, scale.high - 1);
  if (!(scale.low < scale.high))
    return badInput("parameters \"low\" and \"high\": expected low below high, got " + scene::numberText(scale.low, 6) +
                    " and " + scene::numberText(scale.high, 6));
  if (scale.log && !(scale.high > 0))
    return badInput("parameter \"high\": a log scale needs a positive end, got " + scene::numberText(scale.high, 6));
  return scale;
}

namespace {

std::string fixedText(double value, int decimals) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", decimals, value);
  return text;
}

std::string withoutLeadingZero(std::string text) {
  const std::size_t zero = text.starts_with('-') ? 1 : 0;
  if (text.size() > zero + 1 && text[zero] == '0' && text[zero + 1] == '.') text.erase(zero, 1);
  return text;
}

// "6e-5"
std::string tinyText(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.0e", value);
  std::string out = text;
  const std::size_t zero = out.find('e') + 2;
  if (out.size() > zero + 1 && out[zero] == '0') out.erase(zero, 1);
  return out;
}

} // namespace

std::string numberIn(double value, int chars, int decimals) {
  if (!std::isfinite(value) || std::abs(value) >= 1e15) return chars >= 4 ? scene::numberText(value, 1) : std::string();
  for (int places = decimals; places >= 0; --places) {
    if (value != 0 && std::abs(value) < 0.5 * std::pow(10.0, -places) && decimals > 2) {
      std::string tiny = tinyText(value);
      return static_cast<int>(tiny.size()) <= chars ? tiny : std::string("0");
    }
    for (const std::string& text : {fixedText(value, places), withoutLeadingZero(fixedText(value, places))})
      if (static_cast<int>(text.size()) <= chars) return text;
  }
  return {};
}

std::string tokenText(const store::Snapshot& snapshot, std::int64_t position) {
  if (position < 0 || position >= static_cast<std::int64_t>(snapshot.pieces.size())) return {};
  return scene::tokenLabel(snapshot.pieces[static_cast<std::size_t>(position)]);
}

std::string tokenName(const store::Snapshot& snapshot, std::int64_t position) {
  const std::string text = tokenText(snapshot, position);
  return std::to_string(position) + (text.empty() ? "" : " '" + text + "'");
}

std::string modelName(const store::Snapshot& snapshot) {
  if (!snapshot.info || snapshot.info->checkpoint.empty()) return "unnamed";
  std::string path = snapshot.info->checkpoint;
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  return scene::cleanText(path.substr(path.find_last_of('/') + 1), 60);
}

std::string captionStart(const Request& request, std::int64_t layer, std::int64_t head, std::int64_t tokens) {
  std::string text = "Model " + modelName(*request.snapshot);
  if (layer >= 0) text += ", layer " + std::to_string(layer);
  if (head >= 0) text += ", head " + std::to_string(head);
  return text + "; " + std::to_string(tokens) + (tokens == 1 ? " token." : " tokens.");
}

std::string rangeSentence(const scene::ColorScale& scale, const std::string& quantity) {
  return " Colour: " + quantity + ", " + (scale.log ? "logarithmic" : "linear") + " from " +
         scene::numberText(scale.log ? scale.logLow() : scale.low, 4) + " to " + scene::numberText(scale.high, 4) + ".";
}

Parameter scaleParameter() { return {"scale", ParameterKind::Choice, "linear", {"linear", "log"}, "colour scale"}; }
Parameter lowParameter() {
  return {"low", ParameterKind::NumberOrAuto, "auto", {}, "value of the lowest colour; a number locks the range"};
}
Parameter highParameter(const std::string& unit) {
  return {"high", ParameterKind::NumberOrAuto, "auto", {}, "value of the highest colour (" + unit + ")"};
}
Parameter titleParameter() {
  return {
      "title", ParameterKind::Choice, "auto", {"auto", "on", "off"}, "a line above the picture; auto: on screen only"};
}

bool showsTitle(const Request& request) {
  const std::string title = textOf(request.parameters, "title");
  return title == "on" || (title != "off" && request.theme != scene::ThemeKind::Print);
}

} // namespace orrery::views
