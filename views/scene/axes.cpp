// SPDX-License-Identifier: MIT
#include "views/scene/axes.h"

#include <algorithm>
#include <cmath>

#include "views/scene/text_metrics.h"

namespace orrery::scene {
namespace {

// Distances in units of the text size.
constexpr double kGap = 0.45, kTick = 0.4, kBarWidth = 1.0, kBarGap = 1.2, kLabelGap = 0.35;

bool upright(Side side) { return side == Side::Left || side == Side::Right; }

Text plainText(Point at, std::string text, double size, Color color) {
  Text out;
  out.at = at;
  out.text = std::move(text);
  out.size = size;
  out.color = color;
  return out;
}

void addLine(Scene& scene, Point a, Point b, const Theme& theme) {
  Polyline line;
  line.points = {a, b};
  line.color = theme.secondary;
  line.width = theme.lineWidth;
  scene.lines.push_back(std::move(line));
}

// Along the left or lower side of a plot; paper has no step in ground that would show where a map ends.
void addAxisLine(Scene& scene, const Rect& plot, Side side, const Theme& theme) {
  const Point corner{plot.x, plot.y + plot.h};
  if (side == Side::Left) addLine(scene, {plot.x, plot.y}, corner, theme);
  if (side == Side::Bottom) addLine(scene, corner, {plot.x + plot.w, plot.y + plot.h}, theme);
}

double barRoom(const Theme& theme) {
  // bar, ticks, four figures with sign, and the label turned by 90 degrees
  const double size = theme.denseSize;
  return size * (kBarGap + kBarWidth + kTick + kGap) + textWidth("-0.0000", size) + size * kGap + lineHeight(size);
}

// The panel that holds the labels of one side of `map`; follows it along the axis.
Panel stripOf(const Panel& map, int index, Side side, double room, double gap) {
  const Rect& f = map.frame;
  Panel strip;
  strip.clip = false;
  if (upright(side)) {
    const double x = side == Side::Left ? f.x - gap - room : f.x + f.w + gap;
    strip.name = map.name + (side == Side::Left ? ".left" : ".right");
    strip.frame = {x, f.y, room, f.h};
    strip.data = {0, map.data.y, 1, map.data.h};
    strip.followY = index;
  } else {
    const double y = side == Side::Top ? f.y - gap - room : f.y + f.h + gap;
    strip.name = map.name + (side == Side::Top ? ".top" : ".bottom");
    strip.frame = {f.x, y, f.w, room};
    strip.data = {map.data.x, 0, map.data.w, 1};
    strip.followX = index;
  }
  strip.limits = strip.data;
  return strip;
}

struct Span {
  double begin = 0, size = 1; // data
  double pixels = 1;          // units of one datum
};
Span spanOf(const Panel& panel, Side side) {
  return upright(side) ? Span{panel.data.y, panel.data.h, panel.frame.h / panel.data.h}
                       : Span{panel.data.x, panel.data.w, panel.frame.w / panel.data.w};
}

// Cells whose middle is in view and which are named.
std::vector<std::int64_t> namedCells(const CellAxis& axis, const Span& span, std::int64_t step, double line) {
  std::vector<std::int64_t> cells;
  const double end = std::min(static_cast<double>(axis.count) - 0.5, span.begin + span.size - 0.5 + 1e-9);
  const double begin = std::max(0.0, std::ceil(span.begin - 0.5 - 1e-9));
  if (step <= 0 || !(end >= begin)) return cells;
  const double skip = std::fmod(begin + static_cast<double>(axis.firstNumber), static_cast<double>(step));
  double i = skip == 0 ? begin : begin + static_cast<double>(step) - skip;
  const auto clear = [&](double cell) {
    return axis.highlight < 0 || cell == static_cast<double>(axis.highlight) ||
           std::abs(cell - static_cast<double>(axis.highlight)) * span.pixels >= line;
  };
  for (; i <= end; i += static_cast<double>(step))
    if (clear(i)) cells.push_back(static_cast<std::int64_t>(i));
  const auto chosen = static_cast<double>(axis.highlight);
  if (axis.highlight >= 0 && chosen >= begin && chosen <= end &&
      std::find(cells.begin(), cells.end(), axis.highlight) == cells.end())
    cells.push_back(axis.highlight);
  return cells;
}

std::string cellName(const CellAxis& axis, std::int64_t cell, std::int64_t step) {
  const std::string name = axis.label ? axis.label(cell) : std::string();
  if (!axis.numbered || (step == 1 && !name.empty())) return name;
  const std::string number = std::to_string(axis.firstNumber + cell);
  return name.empty() ? number : number + " " + name;
}

void place(Text& text, const CellAxis& axis, std::int64_t cell) {
  const double middle = static_cast<double>(cell) + 0.5;
  text.vertical = VAlign::Middle;
  if (upright(axis.side)) {
    text.at = {axis.side == Side::Left ? 1.0 : 0.0, middle};
    text.align = axis.side == Side::Left ? Align::Right : Align::Left;
  } else {
    text.at = {middle, axis.side == Side::Top ? 1.0 : 0.0};
    text.align = axis.side == Side::Top ? Align::Left : Align::Right;
    text.rotation = 90;
  }
}

void addTickMark(Scene& scene, const Rect& plot, Side side, double at, double length, const Theme& theme) {
  if (side == Side::Left)
    addLine(scene, {plot.x - length, at}, {plot.x, at}, theme);
  else
    addLine(scene, {at, plot.y + plot.h}, {at, plot.y + plot.h + length}, theme);
}

Text tickLabel(const Rect& plot, Side side, double at, double away, const std::string& label, const Theme& theme) {
  const Point point = side == Side::Left ? Point{plot.x - away, at} : Point{at, plot.y + plot.h + away};
  Text text = plainText(point, label, theme.denseSize, theme.secondary);
  text.align = side == Side::Left ? Align::Right : Align::Center;
  text.vertical = side == Side::Left ? VAlign::Middle : VAlign::Top;
  return text;
}

// Those labels of one axis that keep apart, in the order they were given.
void addApart(Scene& scene, const std::vector<Text>& texts, bool vertical, double gap) {
  std::vector<std::pair<Interval, std::size_t>> order;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const Rect box = textBox(texts[i], texts[i].at);
    order.push_back({vertical ? Interval{box.y, box.y + box.h} : Interval{box.x, box.x + box.w}, i});
  }
  std::sort(order.begin(), order.end(), [](const auto& p, const auto& q) { return p.first.begin < q.first.begin; });
  std::vector<Interval> intervals;
  for (const auto& [interval, index] : order) intervals.push_back(interval);
  for (const std::size_t kept : keepApart(intervals, gap)) scene.texts.push_back(texts[order[kept].second]);
}

std::vector<Tick> barTicks(const ColorScale& scale, double length, double size, bool vertical) {
  const double need = vertical ? 2 * lineHeight(size) : textWidth("-0.0000", size);
  const int most = std::clamp(static_cast<int>(length / need), 2, 7);
  return scale.log ? logTicks(scale.logLow(), scale.high, most) : linearTicks(scale.low, scale.high, most);
}

// Along the bar; one that is longer goes on below it (or to its right) while the scene has room.
void addBarLabel(Scene& scene, const Rect& frame, const std::string& label, double ticksEnd, const Theme& theme) {
  const bool vertical = frame.h > frame.w;
  const double size = theme.denseSize, length = vertical ? frame.h : frame.w, begin = vertical ? frame.y : frame.x;
  const double room = std::max(length, (vertical ? scene.height : scene.width) - begin - kGap * size);
  Text text = plainText({}, elide(label, room, size), size, theme.text);
  const double middle = begin + std::max(length, textWidth(text.text, size)) / 2;
  text.align = Align::Center;
  text.vertical = VAlign::Top;
  text.rotation = vertical ? 90 : 0;
  text.at = vertical ? Point{ticksEnd + kGap * size, middle} : Point{middle, ticksEnd + kGap * size / 2};
  scene.texts.push_back(std::move(text));
}

Rect fitted(Rect area, double aspect) {
  if (!(aspect > 0) || !(area.w > 0) || !(area.h > 0)) return area;
  const double w = std::min(area.w, area.h * aspect);
  return {area.x, area.y, w, w / aspect};
}

} // namespace

double labelRoom(const std::vector<std::string>& labels, double size, double most, bool mono) {
  double widest = 0;
  for (const std::string& label : labels) widest = std::max(widest, textWidth(label, size, mono));
  return std::min(widest, most);
}

MapFrames mapFrames(double width, double height, const Theme& theme, const MapParts& parts) {
  const double size = theme.denseSize, gap = kGap * size, pad = 0.6 * size;
  const double titleLine = lineHeight(size) + gap;
  const double left = pad + (parts.labelsLeft > 0 ? parts.labelsLeft + gap : 0) + (parts.axisTitles ? titleLine : 0);
  const double bottom =
      pad + (parts.labelsBottom > 0 ? parts.labelsBottom + gap : 0) + (parts.axisTitles ? titleLine : 0);
  // Labels at the upper ends of axis and bar reach half a line above the plot.
  const double top = (parts.title ? pad + lineHeight(theme.headingSize) : gap) + lineHeight(size) / 2;
  const double right = parts.bar ? barRoom(theme) + pad : pad + size;
  Rect area{left, top, std::max(1.0, width - left - right), std::max(1.0, height - top - bottom)};
  MapFrames frames;
  frames.plot = fitted(area, parts.aspect);
  const Rect& p = frames.plot;
  if (parts.bar) frames.bar = {p.x + p.w + kBarGap * size, p.y, kBarWidth * size, p.h};
  frames.left = {p.x - gap - parts.labelsLeft, p.y, parts.labelsLeft, p.h};
  frames.bottom = {p.x, p.y + p.h + gap, p.w, parts.labelsBottom};
  frames.title = {pad, pad + kAscent * theme.headingSize};
  return frames;
}

void addCellAxis(Scene& scene, const CellAxis& axis, const Theme& theme) {
  if (axis.panel < 0 || static_cast<std::size_t>(axis.panel) >= scene.panels.size()) return;
  const Panel map = scene.panels[static_cast<std::size_t>(axis.panel)];
  const double size = theme.denseSize, line = lineHeight(size);
  const Span span = spanOf(map, axis.side);
  const std::int64_t step = labelStep(span.pixels, line);
  scene.panels.push_back(stripOf(map, axis.panel, axis.side, axis.room, kGap * size));
  if (theme.kind == ThemeKind::Print) addAxisLine(scene, map.frame, axis.side, theme);
  for (const std::int64_t cell : namedCells(axis, span, step, line)) {
    const bool chosen = cell == axis.highlight;
    Text text = plainText({}, elide(cellName(axis, cell, step), axis.room, size, axis.mono), size,
                          chosen ? theme.accent : theme.secondary);
    text.panel = static_cast<int>(scene.panels.size()) - 1;
    text.mono = axis.mono;
    place(text, axis, cell);
    if (!text.text.empty()) scene.texts.push_back(std::move(text));
  }
}

void addValueAxis(Scene& scene, const ValueAxis& axis, const Theme& theme) {
  if (axis.panel < 0 || static_cast<std::size_t>(axis.panel) >= scene.panels.size()) return;
  const Panel panel = scene.panels[static_cast<std::size_t>(axis.panel)];
  const Rect& f = panel.frame;
  const double size = theme.denseSize;
  const bool vertical = axis.side == Side::Left;
  addAxisLine(scene, f, axis.side, theme);
  std::vector<Text> labels;
  for (const Tick& tick : axis.ticks) {
    const double value = axis.log ? std::log10(tick.value) : tick.value;
    const Point point = toScene(panel, vertical ? Point{panel.data.x, value} : Point{value, panel.data.y});
    const double at = vertical ? point.y : point.x, begin = vertical ? f.y : f.x, length = vertical ? f.h : f.w;
    if (!(at >= begin - 1e-6 * length && at <= begin + length * (1 + 1e-6))) continue;
    addTickMark(scene, f, axis.side, at, kTick * size, theme);
    labels.push_back(tickLabel(f, axis.side, at, (kTick + kLabelGap) * size, tick.label, theme));
  }
  addApart(scene, labels, vertical, vertical ? 0 : kGap * size);
}

void addAxisTitle(Scene& scene, const Rect& plot, Side side, double away, const std::string& text, const Theme& theme) {
  const double size = theme.denseSize, length = upright(side) ? plot.h : plot.w;
  Text out = plainText({}, elide(text, length, size), size, theme.text);
  out.align = Align::Center;
  const double x = plot.x + plot.w / 2, y = plot.y + plot.h / 2;
  if (side == Side::Left) out.at = {plot.x - away, y};
  if (side == Side::Right) out.at = {plot.x + plot.w + away, y};
  if (side == Side::Top) out.at = {x, plot.y - away};
  if (side == Side::Bottom) out.at = {x, plot.y + plot.h + away};
  out.vertical = side == Side::Left || side == Side::Top ? VAlign::Bottom : VAlign::Top;
  out.rotation = upright(side) ? 90 : 0;
  scene.texts.push_back(std::move(out));
}

void addColorBar(Scene& scene, const Rect& frame, const ColorScale& scale, const std::string& label,
                 const Theme& theme) {
  scene.bars.push_back({frame, scale, label});
  const bool vertical = frame.h > frame.w;
  const double size = theme.denseSize, length = vertical ? frame.h : frame.w;
  const double edge = vertical ? frame.x + frame.w : frame.y + frame.h;
  std::vector<Text> labels;
  double end = edge;
  for (const Tick& tick : barTicks(scale, length, size, vertical)) {
    const double t = scale.position(tick.value);
    const double at = vertical ? frame.y + (1 - t) * frame.h : frame.x + t * frame.w;
    const Point mark = vertical ? Point{edge, at} : Point{at, edge};
    const double reach = kTick * size;
    addLine(scene, mark, vertical ? Point{edge + reach, at} : Point{at, edge + reach}, theme);
    const double away = edge + reach + kLabelGap * size;
    Text text = plainText(vertical ? Point{away, at} : Point{at, away}, tick.label, size, theme.secondary);
    text.align = vertical ? Align::Left : Align::Center;
    text.vertical = vertical ? VAlign::Middle : VAlign::Top;
    const Rect box = textBox(text, text.at);
    end = std::max(end, vertical ? box.x + box.w : box.y + box.h);
    labels.push_back(std::move(text));
  }
  addApart(scene, labels, vertical, vertical ? 0 : kGap * size);
  if (!label.empty()) addBarLabel(scene, frame, label, end, theme);
}

void addTitle(Scene& scene, Point at, const std::string& text, const Theme& theme) {
  Text out = plainText(at, elide(text, scene.width - at.x - theme.denseSize, theme.headingSize, false, true),
                       theme.headingSize, theme.text);
  out.bold = true;
  scene.texts.push_back(std::move(out));
}

} // namespace orrery::scene
