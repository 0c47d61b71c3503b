// SPDX-License-Identifier: MIT
#include "views/gpu/overlay_scene.h"

#include <algorithm>
#include <sstream>

#include "views/scene/text_metrics.h"

namespace orrery::gpu {

using scene::Color;
using scene::Point;
using scene::Rect;
using scene::Scene;
using scene::Theme;

namespace {

Color withAlpha(Color color, std::uint8_t alpha) {
  color.a = alpha;
  return color;
}

void addText(Scene& scene, Point at, std::string text, double size, Color color,
             scene::Align align = scene::Align::Left, bool mono = false) {
  scene::Text t;
  t.at = at;
  t.text = std::move(text);
  t.size = size;
  t.color = color;
  t.align = align;
  t.mono = mono;
  t.vertical = scene::VAlign::Top;
  scene.texts.push_back(std::move(t));
}

void outline(Scene& scene, const Rect& r, Color color) {
  scene::Polyline line;
  line.points = {{r.x, r.y}, {r.x + r.w, r.y}, {r.x + r.w, r.y + r.h}, {r.x, r.y + r.h}};
  line.color = color;
  line.closed = true;
  scene.lines.push_back(std::move(line));
}

void addLine(Scene& scene, Point from, Point to, Color color) {
  scene::Polyline line;
  line.points = {from, to};
  line.color = color;
  scene.lines.push_back(std::move(line));
}

void addCrossHair(Scene& scene, const Overlay& overlay, const Theme& theme) {
  if (!overlay.pointer || !overlay.crossHair) return;
  const Rect& f = *overlay.crossHair;
  const Color color = withAlpha(theme.secondary, 150);
  addLine(scene, {f.x, overlay.pointer->y}, {f.x + f.w, overlay.pointer->y}, color);
  addLine(scene, {overlay.pointer->x, f.y}, {overlay.pointer->x, f.y + f.h}, color);
}

// Below and right of the pointer, or on the other side where the canvas ends.
void addTooltip(Scene& scene, const Overlay& overlay, const Theme& theme) {
  if (!overlay.pointer || overlay.tooltip.empty()) return;
  constexpr double kPad = 8, kAway = 16;
  const double line = scene::lineHeight(theme.denseSize);
  double width = 0;
  for (const std::string& text : overlay.tooltip)
    width = std::max(width, scene::textWidth(text, theme.denseSize, true));
  Rect box{overlay.pointer->x + kAway, overlay.pointer->y + kAway, width + 2 * kPad,
           line * static_cast<double>(overlay.tooltip.size()) + kPad};
  if (box.x + box.w > overlay.width) box.x = overlay.pointer->x - kAway - box.w;
  if (box.y + box.h > overlay.height) box.y = overlay.pointer->y - kAway - box.h;
  box.x = std::max(box.x, 0.0);
  box.y = std::max(box.y, 0.0);
  scene.above.push_back({scene::kNoPanel, box, withAlpha(theme.raised, 240)});
  double y = box.y + kPad / 2;
  for (const std::string& text : overlay.tooltip) {
    const bool first = &text == &overlay.tooltip.front();
    addText(scene, {box.x + kPad, y}, text, theme.denseSize, first ? theme.text : theme.secondary, scene::Align::Left,
            true);
    y += line;
  }
}

void addMessage(Scene& scene, const Overlay& overlay, const Theme& theme) {
  const Message& message = overlay.message;
  if (message.empty()) return;
  constexpr double kPad = 16, kBar = 4;
  const double room = std::clamp(overlay.width - 4 * kPad, 80.0, 460.0);
  const std::vector<std::string> title = wrapText(message.title, room, theme.headingSize);
  const std::vector<std::string> detail = wrapText(message.detail, room, theme.textSize);
  const double titleLine = scene::lineHeight(theme.headingSize), line = scene::lineHeight(theme.textSize);
  double height = titleLine * static_cast<double>(title.size()) + line * static_cast<double>(detail.size());
  if (!title.empty() && !detail.empty()) height += 8;
  if (message.progress >= 0) height += kPad + kBar;
  const double x = overlay.width / 2;
  double y = (overlay.height - height) / 2;
  if (overlay.overPicture)
    scene.above.push_back({scene::kNoPanel,
                           {x - room / 2 - kPad, y - kPad, room + 2 * kPad, height + 2 * kPad},
                           withAlpha(theme.raised, 240)});
  for (const std::string& text : title) {
    addText(scene, {x, y}, text, theme.headingSize, message.failed ? theme.bad : theme.text, scene::Align::Center);
    y += titleLine;
  }
  if (!title.empty()) y += 8;
  for (const std::string& text : detail) {
    addText(scene, {x, y}, text, theme.textSize, theme.secondary, scene::Align::Center);
    y += line;
  }
  if (message.progress < 0) return;
  const Rect track{x - 120, y + 8, 240, kBar};
  scene.above.push_back({scene::kNoPanel, track, theme.hairline});
  const double done = std::clamp(message.progress, 0.0, 1.0);
  if (done > 0) scene.above.push_back({scene::kNoPanel, {track.x, track.y, track.w * done, track.h}, theme.info});
}

void addMeter(Scene& scene, const Overlay& overlay, const Theme& theme) {
  double y = 12;
  for (const std::string& text : overlay.meter) {
    addText(scene, {overlay.width - 12, y}, text, theme.denseSize, theme.secondary, scene::Align::Right, true);
    y += scene::lineHeight(theme.denseSize);
  }
}

} // namespace

std::vector<std::string> wrapText(const std::string& text, double width, double size) {
  std::vector<std::string> lines;
  std::istringstream paragraphs(text);
  for (std::string paragraph; std::getline(paragraphs, paragraph);) {
    std::istringstream words(paragraph);
    std::string line;
    for (std::string word; words >> word;) {
      const std::string longer = line.empty() ? word : line + ' ' + word;
      if (!line.empty() && scene::textWidth(longer, size) > width) {
        lines.push_back(scene::elide(line, width, size));
        line = word;
      } else {
        line = longer;
      }
    }
    lines.push_back(scene::elide(line, width, size));
  }
  return lines;
}

Scene overlayScene(const Overlay& overlay) {
  const Theme& theme = scene::theme(overlay.theme);
  Scene scene;
  scene.width = overlay.width;
  scene.height = overlay.height;
  scene.background = theme.canvas;
  const auto veil = static_cast<std::uint8_t>(255 * std::clamp(overlay.veilOpacity, 0.0, 1.0));
  for (const Rect& r : overlay.veils) scene.above.push_back({scene::kNoPanel, r, withAlpha(theme.canvas, veil)});
  addCrossHair(scene, overlay, theme);
  if (overlay.zoomRect) {
    scene.above.push_back({scene::kNoPanel, *overlay.zoomRect, withAlpha(theme.accent, 40)});
    outline(scene, *overlay.zoomRect, theme.accent);
  }
  addMessage(scene, overlay, theme);
  addMeter(scene, overlay, theme);
  addTooltip(scene, overlay, theme);
  return scene;
}

} // namespace orrery::gpu
