// SPDX-License-Identifier: MIT
#include "views/weight_picture.h"

#include <algorithm>
#include <cmath>

#include "views/mini_map.h"
#include "views/scene/axes.h"
#include "views/scene/text_metrics.h"
#include "views/scene/ticks.h"

namespace orrery::views {
namespace {

using scene::Point;
using scene::Rect;

constexpr double kBorderCell = 8, kNumberWidth = 36, kNumberHeight = 14; // units
constexpr double kSquareUpTo = 2.5; // a plot this much longer than its matrix is cut to square cells, else stretched
constexpr std::int64_t kGroundCells = 128;

CellRange covering(double begin, double size, double limitBegin, double limitSize) {
  const auto low = static_cast<std::int64_t>(limitBegin), high = static_cast<std::int64_t>(limitBegin + limitSize);
  const auto first = std::clamp<std::int64_t>(static_cast<std::int64_t>(std::floor(begin)), low, high - 1);
  return {first, std::clamp<std::int64_t>(static_cast<std::int64_t>(std::ceil(begin + size)), first + 1, high)};
}

// Power of two so that a cell is at least a device pixel.
std::int64_t cellFor(const WeightPicture& p, double unitsPerElement) {
  const double ratio = std::clamp(p.request.pixelRatio, 0.25, 16.0);
  const double pixels = unitsPerElement * (p.figure.print ? std::max(ratio, 4.0) : ratio);
  std::int64_t cell = 1;
  while (static_cast<double>(cell) * pixels < 1 && cell < (std::int64_t{1} << 40)) cell *= 2;
  return cell;
}

double unitsPerRow(const WeightPicture& p) { return p.plot.h / p.data.h; }
double unitsPerColumn(const WeightPicture& p) { return p.plot.w / p.data.w; }

double rowLabels(const WeightPicture& p) {
  const auto last = static_cast<std::int64_t>(p.limits.y + p.limits.h);
  return scene::textWidth(std::to_string(last), p.figure.theme.denseSize) + 0.6 * p.figure.theme.denseSize;
}

bool headsInRows(const WeightPicture& p) { return !p.bands.empty() && p.bands.front().rows; }

// Between the map and what stands beside it.
double besideMap(const WeightPicture& p) {
  return (p.profile > 0 ? p.profile + p.figure.gap() : 0) + (headsInRows(p) ? p.bandRoom : 0);
}

std::string bandName(const HeadBand& band) { return std::string(1, band.kind) + std::to_string(band.head); }

double widestName(const WeightPicture& p) {
  double widest = 0;
  for (const HeadBand& band : p.bands)
    widest = std::max(widest, scene::textWidth(bandName(band), p.figure.theme.denseSize));
  return widest;
}

bool layOut(WeightPicture& p) {
  const double size = p.figure.theme.denseSize, line = scene::lineHeight(size), pad = 0.8 * size;
  const bool small = std::min(p.figure.width(), p.figure.height()) < 160;
  p.profile = p.profiles && !small ? std::clamp(0.05 * std::min(p.figure.width(), p.figure.height()), 12.0, 40.0) : 0;
  if (!p.bands.empty() && !small) p.bandRoom = headsInRows(p) ? widestName(p) + 0.8 * size : line;
  const double strip = p.profile > 0 ? p.profile + p.figure.gap() : 0;
  const double left = small ? pad : pad + 1.3 * line + rowLabels(p);
  const double top = pad + (showsTitle(p.request) ? 1.6 * line : 0) + strip + (headsInRows(p) ? 0 : p.bandRoom);
  const double right = pad + besideMap(p) + (small ? 0 : p.figure.barWidth()), bottom = small ? pad : pad + 2.6 * line;
  const double w = std::max(1.0, p.figure.width() - left - right), h = std::max(1.0, p.figure.height() - top - bottom);
  p.plot = {left, top, w, h};
  const double wide = (p.limits.w / p.limits.h) / (w / h); // > 1: the matrix is wider than the room
  if (wide >= 1 && wide <= kSquareUpTo) p.plot.h = h / wide;
  if (wide < 1 && wide >= 1 / kSquareUpTo) p.plot.w = w * wide;
  return wide > kSquareUpTo || wide < 1 / kSquareUpTo;
}

// Root mean square of an even sample: as good as all for a colour range, and there at once.
Result<double> sampledRms(const MapSource& source, const Rect& limits, const std::stop_token& stop) {
  constexpr std::int64_t kSample = std::int64_t{1} << 16, kRows = 64;
  const auto col = static_cast<std::int64_t>(limits.x), row = static_cast<std::int64_t>(limits.y);
  const auto cols = static_cast<std::int64_t>(limits.w), rows = static_cast<std::int64_t>(limits.h);
  const std::int64_t width = std::min(cols, kSample),
                     lines = std::min({rows, kRows, std::max<std::int64_t>(1, kSample / width)});
  std::vector<float> values(static_cast<std::size_t>(width));
  double squares = 0, count = 0;
  for (std::int64_t i = 0; i < lines; ++i) {
    if (stop.stop_requested()) return cancelled();
    if (Status read = source.read(row + i * rows / lines, 1, col, width, values.data()); !read) return read.error();
    for (const float x : values)
      if (std::isfinite(x)) squares += static_cast<double>(x) * static_cast<double>(x), ++count;
  }
  return count > 0 ? std::sqrt(squares / count) : 0.0;
}

Status chooseScale(WeightPicture& p, const std::stop_token& stop) {
  TileKey key = p.source.key;
  key.quantity += kRangeOf;
  key.rowBegin = static_cast<std::int64_t>(p.limits.y);
  key.rowEnd = key.rowBegin + static_cast<std::int64_t>(p.limits.h);
  key.colBegin = static_cast<std::int64_t>(p.limits.x);
  key.colEnd = key.colBegin + static_cast<std::int64_t>(p.limits.w);
  auto known = p.shared.weights->ranges.find(key);
  if (!known) {
    auto rms = sampledRms(p.source, p.limits, stop);
    if (!rms) return rms.error();
    known = p.shared.weights->ranges.insert(key, *rms);
  }
  const double high = niceCeil(p.reach * **known);
  const auto given = numberOrAuto(p.request.parameters, "high");
  auto scale = rangeOf(p.request, p.figure.theme, given && *given > 0 ? -*given : -high, high);
  if (!scale) return scale.error();
  p.scale = *scale;
  p.scale.map = p.figure.theme.diverging;
  return Done{};
}

scene::ImageLayer imageOf(const WeightPicture& p, const WeightMap& map, std::vector<float> values,
                          std::vector<std::uint8_t> mask) {
  scene::ImageLayer image;
  image.panel = p.panel;
  image.data = {static_cast<double>(map.cols.begin), static_cast<double>(map.rows.begin),
                static_cast<double>(map.width * map.colCell), static_cast<double>(map.height * map.rowCell)};
  image.width = map.width;
  image.height = map.height;
  image.values = std::make_shared<const std::vector<float>>(std::move(values));
  if (std::ranges::find(mask, 1) != mask.end())
    image.mask = std::make_shared<const std::vector<std::uint8_t>>(std::move(mask));
  image.scale = p.scale;
  return image;
}

const std::vector<float>& chosenValues(const WeightPicture& p, const WeightMap& map) {
  return textOf(p.request.parameters, "reduce") == "mean" ? map.mean : map.extreme;
}

std::int64_t groundCell(double elements) {
  std::int64_t cell = 1;
  while (static_cast<double>(cell * kGroundCells) < elements) cell *= 2;
  return cell;
}

// All of it, coarse, under the map: what a moving camera uncovers before the next picture comes.
Status addGround(WeightPicture& p, const std::stop_token& stop) {
  if (!p.request.loader || (p.data.w >= p.limits.w && p.data.h >= p.limits.h)) return Done{};
  const CellRange rows = covering(p.limits.y, p.limits.h, p.limits.y, p.limits.h);
  const CellRange cols = covering(p.limits.x, p.limits.w, p.limits.x, p.limits.w);
  auto ground =
      weightMap(p.source, rows, cols, groundCell(p.limits.h), groundCell(p.limits.w), p.shared.tiles, p.missing, stop);
  if (!ground) return ground.error();
  const std::vector<float>& values = chosenValues(p, *ground);
  for (std::size_t i = 0; i < values.size(); ++i)
    if (!std::isfinite(values[i])) ground->mask[i] = 1; // the map itself counts them
  p.figure.scene.images.push_back(imageOf(p, *ground, values, ground->mask));
  p.ground = std::move(*ground);
  return Done{};
}

// Right of the plot, under the colour bar. Returns the height it takes.
double addMiniMap(WeightPicture& p, double x) {
  if (!p.ground || p.figure.print || !flagOf(p.request.parameters, "minimap")) return 0;
  const double size = p.figure.theme.denseSize, shape = std::clamp(p.plot.h / p.plot.w, 0.4, kSquareUpTo);
  const double w = std::min(p.figure.barWidth() - 1.2 * size, 0.3 * p.plot.h / shape), h = w * shape;
  if (std::min(w, h) < 16) return 0;
  const Rect frame{x + size, p.plot.y + p.plot.h - h, w, h};
  drawMiniMap(p.figure, {frame, p.limits, p.data, imageOf(p, *p.ground, chosenValues(p, *p.ground), p.ground->mask)});
  return h;
}

void addBorders(WeightPicture& p) {
  const WeightMap& m = p.map;
  if (m.rowCell > 1 || m.colCell > 1 || std::min(unitsPerRow(p), unitsPerColumn(p)) < kBorderCell) return;
  p.figure.cellBorders(p.panel, m.cols.begin, m.cols.end, m.rows.begin, m.rows.end);
}

void addNumbers(WeightPicture& p) {
  const WeightMap& m = p.map;
  const double size = p.figure.theme.denseSize;
  if (m.rowCell > 1 || m.colCell > 1 || unitsPerColumn(p) < kNumberWidth || unitsPerRow(p) < kNumberHeight) return;
  const int chars = static_cast<int>((unitsPerColumn(p) - 6) / (size * scene::kMonoAdvance));
  for (std::int64_t r = 0; r < m.height; ++r)
    for (std::int64_t c = 0; c < m.width; ++c) {
      const auto value = static_cast<double>(p.values[m.at(r, c)]);
      std::string number = m.mask[m.at(r, c)] ? std::string() : numberIn(value, chars, 4);
      if (number.empty()) continue;
      const scene::Color ground = std::isfinite(value) ? p.scale.color(value) : p.scale.nonFinite;
      p.figure.text({static_cast<double>(m.cols.begin + c) + 0.5, static_cast<double>(m.rows.begin + r) + 0.5},
                    std::move(number), size, inkOn(ground), scene::Align::Center, scene::VAlign::Middle, true, p.panel);
    }
}

// Under the map, flat, in a strip that follows it.
void addColumnNumbers(WeightPicture& p, std::int64_t count) {
  const double size = p.figure.theme.denseSize;
  const double extent = scene::textWidth(std::to_string(count), size) + 1.2 * size;
  const std::int64_t step = std::max<std::int64_t>(1, scene::labelStep(unitsPerColumn(p), extent));
  const Rect frame{p.plot.x, p.plot.y + p.plot.h, p.plot.w, scene::lineHeight(size) + 0.4 * size};
  const Rect data{p.data.x, 0, p.data.w, 1};
  const int strip = p.figure.panel(p.panelName + ".bottom", frame, data, data, false);
  p.figure.scene.panels.back().followX = p.panel;
  p.figure.scene.panels.back().clip = false;
  const auto first = static_cast<std::int64_t>(p.data.x) / step * step;
  for (std::int64_t i = first; i < count && static_cast<double>(i) < p.data.x + p.data.w; i += step)
    p.figure.text({static_cast<double>(i) + 0.5, 0.3}, std::to_string(i), size, p.figure.theme.secondary,
                  scene::Align::Center, scene::VAlign::Top, false, strip);
}

void addAxis(WeightPicture& p, scene::Side side) {
  const bool left = side == scene::Side::Left;
  const double size = p.figure.theme.denseSize;
  if (p.plot.x < 2 * size) return; // too small for labels
  scene::CellAxis axis;
  axis.panel = p.panel;
  axis.side = side;
  axis.room = rowLabels(p);
  axis.count = static_cast<std::int64_t>(left ? p.limits.y + p.limits.h : p.limits.x + p.limits.w);
  axis.mono = false;
  if (left)
    scene::addCellAxis(p.figure.scene, axis, p.figure.theme);
  else
    addColumnNumbers(p, axis.count);
  scene::addAxisTitle(p.figure.scene, p.plot, side, (left ? rowLabels(p) : scene::lineHeight(size)) + 0.5 * size,
                      left ? p.rowName : p.columnName, p.figure.theme);
}

} // namespace

std::vector<Parameter> mapParameters() {
  return {{"reduce",
           ParameterKind::Choice,
           "extreme",
           {"extreme", "mean"},
           "what a pooled cell shows: the value furthest from 0, or the mean"},
          {"minimap", ParameterKind::Boolean, "true", {}, "all of it in a corner once zoomed in"},
          lowParameter(),
          highParameter("of the quantity; the range is symmetric about 0 unless low is given too"),
          titleParameter()};
}

Status drawWeightMap(WeightPicture& p, const std::stop_token& stop) {
  const bool stretched = layOut(p);
  p.data = saneViewport(p.request, p.panelName, p.limits);
  p.panel = p.figure.panel(p.panelName, p.plot, p.data, p.limits, true);
  p.figure.scene.panels.back().maxZoomCell = 96;
  p.figure.scene.panels.back().stretch = stretched;
  if (Status chosen = chooseScale(p, stop); !chosen) return chosen;
  auto map = weightMap(p.source, covering(p.data.y, p.data.h, p.limits.y, p.limits.h),
                       covering(p.data.x, p.data.w, p.limits.x, p.limits.w), cellFor(p, unitsPerRow(p)),
                       cellFor(p, unitsPerColumn(p)), p.shared.tiles, p.missing, stop);
  if (!map) return map.error();
  p.map = std::move(*map);
  p.values = chosenValues(p, p.map);
  if (Status ground = addGround(p, stop); !ground) return ground;
  p.figure.scene.images.push_back(imageOf(p, p.map, p.values, p.map.mask));
  addBorders(p);
  addNumbers(p);
  addAxis(p, scene::Side::Left);
  addAxis(p, scene::Side::Bottom);
  if (std::min(p.figure.width(), p.figure.height()) < 160) return Done{};
  const double beside = p.plot.x + p.plot.w + besideMap(p), taken = addMiniMap(p, beside);
  p.figure.bar(beside, p.plot.y, p.plot.h - (taken > 0 ? taken + 3 * p.figure.gap() : 0), p.scale, p.label);
  return Done{};
}

namespace {

// A strip beside the map; `values` one for every row (or column) of the source.
void addStrip(WeightPicture& p, const std::vector<double>& values, bool rows) {
  const CellRange range = rows ? p.map.rows : p.map.cols;
  const std::int64_t cell = rows ? p.map.rowCell : p.map.colCell;
  const double most = values.empty() ? 0 : *std::max_element(values.begin(), values.end()), gap = p.figure.gap();
  if (!(most > 0) || p.profile <= 0) return;
  const double names = rows == headsInRows(p) ? p.bandRoom : 0;
  const Rect frame = rows ? Rect{p.plot.x + p.plot.w + names + gap, p.plot.y, p.profile, p.plot.h}
                          : Rect{p.plot.x, p.plot.y - names - gap - p.profile, p.plot.w, p.profile};
  const Rect data = rows ? Rect{0, p.data.y, 1.04, p.data.h} : Rect{p.data.x, 1.04, p.data.w, -1.04};
  const int panel = p.figure.panel(p.panelName + (rows ? ".rows" : ".columns"), frame, data, data, false);
  (rows ? p.figure.scene.panels.back().followY : p.figure.scene.panels.back().followX) = p.panel;
  std::vector<Point> curve;
  for (std::int64_t i = range.begin; i < range.end; i += cell) {
    const std::int64_t end = std::min({i + cell, range.end, static_cast<std::int64_t>(values.size())});
    const double largest = *std::max_element(values.begin() + i, values.begin() + end) / most;
    for (const auto at : {static_cast<double>(i), static_cast<double>(end)})
      curve.push_back(rows ? Point{largest, at} : Point{at, largest});
  }
  p.figure.line(panel, std::move(curve), p.figure.theme.secondary, p.figure.print ? 0.5 : 1);
  p.figure.scene.links.push_back(
      {panel, data, "",
       (rows ? "2-norm of every row, largest " : "2-norm of every column, largest ") + scene::numberText(most, 4)});
}

} // namespace

void drawNorms(WeightPicture& p, const std::vector<double>& rows, const std::vector<double>& columns) {
  addStrip(p, rows, true);
  addStrip(p, columns, false);
}

namespace {

// A strip that follows the map, right of it or on top.
int addBandStrip(WeightPicture& p) {
  const bool rows = headsInRows(p);
  const Rect frame = rows ? Rect{p.plot.x + p.plot.w, p.plot.y, p.bandRoom, p.plot.h}
                          : Rect{p.plot.x, p.plot.y - p.bandRoom, p.plot.w, p.bandRoom};
  const Rect data = rows ? Rect{0, p.data.y, 1, p.data.h} : Rect{p.data.x, 0, p.data.w, 1};
  const Rect all = rows ? Rect{0, p.limits.y, 1, p.limits.h} : Rect{p.limits.x, 0, p.limits.w, 1};
  const int strip = p.figure.panel(p.panelName + ".heads", frame, data, all, false);
  scene::Panel& panel = p.figure.scene.panels.back();
  (rows ? panel.followY : panel.followX) = p.panel;
  return strip;
}

// Of a fused matrix q, k and v of one head; `chosen` is its q then.
bool belongs(const WeightPicture& p, const HeadBand& band, const HeadBand* chosen) {
  if (!chosen) return false;
  const weights::HeadCounts& n = p.request.weights->heads();
  const std::int64_t group = n.kvHeads > 0 ? std::max<std::int64_t>(1, n.heads / n.kvHeads) : 1;
  return band.head == (band.kind == chosen->kind ? chosen->head : chosen->head / group);
}

// Every n-th where they would touch; the chosen one always. A head that is cut is named in the middle of what shows.
void nameBands(WeightPicture& p, const HeadBand* chosen) {
  const auto& theme = p.figure.theme;
  const bool rows = headsInRows(p);
  const double size = theme.denseSize, extent = rows ? 1.1 * size : widestName(p) + 0.8 * size;
  const double unit = rows ? unitsPerRow(p) : unitsPerColumn(p);
  const double begin = rows ? p.data.y : p.data.x, end = begin + (rows ? p.data.h : p.data.w);
  const double height = rows ? p.bands.front().rect.h : p.bands.front().rect.w;
  const std::int64_t step = std::max<std::int64_t>(1, scene::labelStep(height * unit, extent));
  const std::int64_t skip = chosen ? (chosen - p.bands.data()) % step : 0; // counted from the chosen one
  const int strip = addBandStrip(p);
  for (std::size_t i = 0; i < p.bands.size(); ++i) {
    const HeadBand& band = p.bands[i];
    const double from = std::max(begin, rows ? band.rect.y : band.rect.x),
                 to = std::min(end, (rows ? band.rect.y : band.rect.x) + height);
    if (static_cast<std::int64_t>(i) % step != skip || (to - from) * unit < 0.9 * size) continue;
    const double middle = (from + to) / 2;
    if (rows)
      p.figure.text({0.3 * size / p.bandRoom, middle}, bandName(band), size,
                    belongs(p, band, chosen) ? theme.accent : theme.secondary, scene::Align::Left,
                    scene::VAlign::Middle, false, strip);
    else
      p.figure.text({middle, 0.5}, bandName(band), size, belongs(p, band, chosen) ? theme.accent : theme.secondary,
                    scene::Align::Center, scene::VAlign::Middle, false, strip);
  }
}

} // namespace

void drawBands(WeightPicture& p, const HeadBand* chosen, const weights::Weight& weight) {
  const auto& theme = p.figure.theme;
  const weights::HeadCounts& n = p.request.weights->heads();
  const std::int64_t group = n.kvHeads > 0 ? std::max<std::int64_t>(1, n.heads / n.kvHeads) : 1;
  for (const HeadBand& band : p.bands) {
    const Rect& r = band.rect;
    const bool query = band.kind == 'q' || band.kind == 'o';
    p.figure.scene.links.push_back(
        {p.panel, r, "head " + std::to_string(weight.layer) + " " + std::to_string(band.head * (query ? 1 : group)),
         std::string(query ? "head " : "key/value head ") + std::to_string(band.head)});
    const double units = band.rows ? r.h * unitsPerRow(p) : r.w * unitsPerColumn(p);
    if (units < 6 || (band.rows ? r.y : r.x) == 0) continue;
    const Point from{r.x, r.y}, to = band.rows ? Point{r.x + r.w, r.y} : Point{r.x, r.y + r.h};
    p.figure.line(p.panel, {from, to}, withAlpha(theme.text, 0.45), p.figure.print ? 0.4 : 1);
  }
  for (const HeadBand& band : p.bands)
    if (belongs(p, band, chosen)) p.figure.outline(p.panel, band.rect, theme.accent, p.figure.print ? 1 : 2);
  if (p.bandRoom > 0) nameBands(p, chosen);
}

void drawTitle(WeightPicture& p, const std::string& text) {
  const double size = p.figure.theme.denseSize;
  p.figure.heading(text, 0.8 * size, 0.8 * size + scene::lineHeight(size) / 2, p.figure.width() - 1.6 * size);
}

namespace {

std::vector<std::string> labelsOf(CellRange range, std::int64_t cell) {
  std::vector<std::string> labels;
  for (std::int64_t i = range.begin; i < range.end; i += cell)
    labels.push_back(cell == 1 ? std::to_string(i)
                               : std::to_string(i) + "-" + std::to_string(std::min(range.end, i + cell) - 1));
  return labels;
}

} // namespace

Built finished(WeightPicture& p) {
  Built built;
  built.id = p.request.id;
  built.incomplete = p.missing.ask();
  built.data.push_back({p.label, "1", viewOf(p.values, {p.map.height, p.map.width}),
                        labelsOf(p.map.rows, p.map.rowCell), labelsOf(p.map.cols, p.map.colCell)});
  built.scene = std::move(p.figure.scene);
  scene::finish(built.scene);
  if (built.scene.nonFinite == 0) return built;
  scene::Text text;
  text.text = std::to_string(built.scene.nonFinite) + (p.map.rowCell * p.map.colCell > 1 ? " cells" : " values") +
              " not finite";
  text.size = p.figure.theme.denseSize;
  text.color = p.figure.theme.bad;
  text.align = scene::Align::Right;
  text.vertical = scene::VAlign::Bottom;
  text.at = {built.scene.width - 0.6 * text.size, built.scene.height - 0.4 * text.size};
  built.scene.texts.push_back(std::move(text));
  return built;
}

std::string captionOfMap(const WeightPicture& p) {
  std::string text = "Rows " + std::to_string(p.map.rows.begin) + " to " + std::to_string(p.map.rows.end - 1) +
                     " down, columns " + std::to_string(p.map.cols.begin) + " to " +
                     std::to_string(p.map.cols.end - 1) + " across";
  if (p.map.rowCell * p.map.colCell > 1) {
    text += textOf(p.request.parameters, "reduce") == "mean" ? ", mean" : ", value furthest from 0";
    text += " over cells of " + std::to_string(p.map.rowCell) + " x " + std::to_string(p.map.colCell);
  }
  return text + "." + rangeSentence(p.scale, p.label);
}

} // namespace orrery::views
