// SPDX-License-Identifier: MIT
// "head": one head as a map from the whole text to the single cell. Queries run down, keys to the right.
#include <algorithm>
#include <bit>
#include <cmath>

#include "views/attention_map.h"
#include "views/built_in.h"
#include "views/figure.h"
#include "views/mini_map.h"
#include "views/scene/axes.h"
#include "views/scene/text_metrics.h"
#include "views/scene/ticks.h"

namespace orrery::views {
namespace {

using hooks::TileRange;
using scene::Align;
using scene::Color;
using scene::Point;
using scene::Rect;
using scene::VAlign;

constexpr double kBorderCell = 8, kNumberCell = 36; // units per cell from which borders and numbers are drawn
constexpr std::int64_t kMiniMapCells = 64, kGroundCells = 512;

ViewInfo makeInfo() {
  return {
      "head",
      "Attention of one head",
      "trace",
      {{"quantity", ParameterKind::Choice, "pattern", {"pattern", "scores"}, "after or before the softmax"},
       {"normalise", ParameterKind::Choice, "none", {"none", "row-max"}, "divide each row by its maximum"},
       {"reduce", ParameterKind::Choice, "mean", {"mean", "max"}, "what a pooled cell shows"},
       {"causal", ParameterKind::Boolean, "true", {}, "hatch the cells that the mask forbids; false: show them as 0"},
       {"profiles", ParameterKind::Boolean, "true", {}, "row and column of the selected cell as curves"},
       {"minimap", ParameterKind::Boolean, "true", {}, "the whole map in a corner once zoomed in"},
       scaleParameter(),
       lowParameter(),
       highParameter("of the quantity"),
       titleParameter()}};
}

struct Settings {
  Quantity quantity = Quantity::Pattern;
  bool rowMax = false, max = false, causal = true;
};

Settings settingsOf(const Request& request) {
  const Parameters& p = request.parameters;
  return {textOf(p, "quantity") == "scores" ? Quantity::Scores : Quantity::Pattern, textOf(p, "normalise") == "row-max",
          textOf(p, "reduce") == "max", flagOf(p, "causal")};
}

struct Picture {
  const Request& request;
  Figure& figure;
  Settings settings;
  LayerAttention attention;
  std::int64_t head = 0, query = kNone, key = kNone; // kNone where the selection lies outside the text
  Rect plot, data;                                   // scene units, tokens
  double profile = 0;                                // thickness of the profile strips
  double labels = 0;                                 // room of the token labels
  HeadMap map;
  std::vector<float> values; // [height, width] what is drawn
  scene::ColorScale scale;
  std::string label;
  int panel = 0;
  double unitsPerToken() const { return std::min(plot.w / data.w, plot.h / data.h); }
};

std::int64_t inside(std::int64_t position, std::int64_t tokens) {
  return position >= 0 && position < tokens ? position : kNone;
}

TileRange covering(double begin, double size, std::int64_t tokens) {
  const auto first = std::clamp<std::int64_t>(static_cast<std::int64_t>(std::floor(begin)), 0, tokens - 1);
  const auto last = static_cast<std::int64_t>(std::ceil(begin + size));
  return {first, std::clamp(last, first + 1, tokens)};
}

// Power of two so that a cell is at least a device pixel. Print is built at 300 dpi if nothing finer is asked for.
std::int64_t cellFor(const Picture& p) {
  const double ratio = std::clamp(p.request.pixelRatio, 0.25, 16.0);
  const double pixels = p.unitsPerToken() * (p.figure.print ? std::max(ratio, 4.0) : ratio);
  std::int64_t cell = 1;
  while (static_cast<double>(cell) * pixels < 1 && cell < p.attention.tokens) cell *= 2;
  return cell;
}

void divideByRowMax(HeadMap& map) {
  for (std::int64_t r = 0; r < map.height; ++r) {
    for (auto* values : {&map.mean, &map.max}) {
      float most = 0;
      for (std::int64_t c = 0; c < map.width; ++c)
        if (!map.mask[map.at(r, c)]) most = std::max(most, (*values)[map.at(r, c)]);
      for (std::int64_t c = 0; most > 0 && c < map.width; ++c) (*values)[map.at(r, c)] /= most;
    }
  }
}

HeadMap cropColumns(const HeadMap& map, TileRange cols) {
  const std::int64_t first = (cols.begin - map.cols.begin) / map.cell;
  const std::int64_t end = std::min(map.width, (cols.end - map.cols.begin + map.cell - 1) / map.cell);
  HeadMap out;
  out.cell = map.cell;
  out.incomplete = map.incomplete;
  out.rows = map.rows;
  out.cols = {map.cols.begin + first * map.cell, std::min(map.cols.end, map.cols.begin + end * map.cell)};
  out.height = map.height;
  out.width = end - first;
  for (std::int64_t r = 0; r < map.height; ++r)
    for (std::int64_t c = first; c < end; ++c) {
      out.mean.push_back(map.mean[map.at(r, c)]);
      out.max.push_back(map.max[map.at(r, c)]);
      out.mask.push_back(map.mask[map.at(r, c)]);
    }
  return out;
}

// The cells in view. Row maxima are taken over whole rows, so that they do not change with the view.
Result<HeadMap> visibleMap(const Picture& p, const std::shared_ptr<TileCache>& cache, const std::stop_token& stop) {
  const std::int64_t T = p.attention.tokens;
  const TileRange rows = covering(p.data.y, p.data.h, T), cols = covering(p.data.x, p.data.w, T);
  MapRequest wanted{rows, cols, cellFor(p), p.settings.quantity, p.request.loader};
  if (!p.settings.rowMax) return headMap(p.attention, p.head, wanted, cache, stop);
  wanted.cols = {0, T};
  auto map = headMap(p.attention, p.head, wanted, cache, stop);
  if (!map.ok()) return map;
  divideByRowMax(*map);
  return cropColumns(*map, cols);
}

// What is drawn: masked scores (-inf) are masked, or 0 where the mask is not drawn.
void chooseValues(Picture& p) {
  p.values = p.settings.max ? p.map.max : p.map.mean;
  for (std::size_t i = 0; i < p.values.size(); ++i)
    if (p.map.mask[i]) p.values[i] = 0;
}

// Ends that do not move while the view pans: from the whole head, at the resolution in view.
Result<double> wholeHigh(const Picture& p, const std::shared_ptr<TileCache>& cache, const std::stop_token& stop) {
  if (p.settings.rowMax) return 1.0;
  if (p.settings.quantity == Quantity::Scores) {
    std::vector<float> sizes = p.values;
    for (float& value : sizes) value = std::abs(value);
    return niceCeil(quantile(sizes, p.map.mask, 0.995).value_or(1));
  }
  const auto whole = thumbnail(p.attention, p.head, 256, cache, stop);
  if (!whole.ok()) // no overview: from what is in view
    return whole.error().code == Code::Cancelled ? Result<double>(whole.error())
                                                 : niceCeil(quantile(p.values, p.map.mask, 0.995).value_or(1));
  const bool maxima = p.settings.max || p.map.cell < whole->cell;
  return niceCeil(
      quantile(maxima ? whole->max : whole->mean, whole->mask, maxima || whole->cell == 1 ? 0.999 : 0.995).value_or(1));
}

Status chooseScale(Picture& p, const std::shared_ptr<TileCache>& cache, const std::stop_token& stop) {
  const bool scores = p.settings.quantity == Quantity::Scores;
  if (scores && textOf(p.request.parameters, "scale") == "log")
    return badInput("parameter \"scale\": scores have both signs, expected linear");
  auto high = wholeHigh(p, cache, stop);
  if (!high.ok()) return high.error();
  auto scale = rangeOf(p.request, p.figure.theme, scores ? -*high : 0, *high);
  if (!scale.ok()) return scale.error();
  p.scale = *scale;
  if (scores) p.scale.map = p.figure.theme.diverging;
  p.scale.masked = mix(p.figure.theme.canvas, p.figure.theme.secondary, 0.05);
  p.label = scores ? "attention score" : "attention probability";
  if (p.settings.rowMax) p.label = scores ? "score / row maximum" : "probability / row maximum";
  if (p.map.cell > 1) p.label = std::string(p.settings.max ? "max " : "mean ") + p.label;
  return Done{};
}

// Room for token labels on either axis; thinned ones carry their number.
double labelRoom(const Picture& p, double unitsPerLabel) {
  const double size = p.figure.theme.denseSize;
  const std::int64_t T = p.attention.tokens;
  const std::string number = unitsPerLabel < scene::lineHeight(size) ? std::to_string(T) + " " : "";
  std::vector<std::string> labels;
  for (std::int64_t i = 0; i < T; i += std::max<std::int64_t>(1, T / 400))
    labels.push_back(number + tokenText(*p.request.snapshot, i));
  const double most = std::min(p.figure.width(), p.figure.height()) * (p.figure.print ? 0.2 : 0.17);
  return scene::labelRoom(labels, size, std::max(4 * size, most)) + 0.3 * size;
}

void layOut(Picture& p) {
  const Figure& f = p.figure;
  const auto& theme = f.theme;
  const double size = theme.denseSize, line = scene::lineHeight(size), pad = 0.6 * size;
  const double w = f.width(), h = f.height();
  const bool roomy = std::min(w, h) >= 200;
  const bool wanted = flagOf(p.request.parameters, "profiles") && roomy;
  p.profile = !wanted   ? 0
              : f.print ? (p.query != kNone ? 2.2 * size : 0)
                        : std::clamp(std::min(w, h) * 0.07, 24.0, 48.0);
  const std::int64_t T = p.attention.tokens;
  const double room = roomy ? labelRoom(p, 0.6 * std::min(w, h) / static_cast<double>(T)) : 0;
  const double axis = roomy ? 1.3 * line : 0;
  const double left = pad + axis + room + 0.45 * size, bottom = pad + axis + room + 0.45 * size;
  const double top = pad + (showsTitle(p.request) ? 1.5 * line : 0) + (p.profile > 0 ? p.profile + f.gap() : 0);
  const double right = pad + (roomy ? f.barWidth() : 0) + (p.profile > 0 ? p.profile + f.gap() : 0);
  const double side = std::max(8.0, std::min(w - left - right, h - top - bottom));
  const double spare = std::max(0.0, w - left - right - side), below = std::max(0.0, h - top - bottom - side);
  p.labels = room;
  p.plot = {left + spare / 2, top + (f.print ? 0 : below / 2), side, side};
  const double all = static_cast<double>(T);
  p.data = saneViewport(p.request, "head", {0, 0, all, all});
}

bool zoomedIn(const Picture& p) {
  const double all = static_cast<double>(p.attention.tokens);
  return views::zoomedIn(p.data, Rect{0, 0, all, all});
}

scene::ImageLayer imageOf(const Picture& p, const HeadMap& map, std::vector<float> values) {
  scene::ImageLayer image;
  image.panel = p.panel;
  image.data = {static_cast<double>(map.cols.begin), static_cast<double>(map.rows.begin),
                static_cast<double>(map.width * map.cell), static_cast<double>(map.height * map.cell)};
  image.width = map.width;
  image.height = map.height;
  image.values = std::make_shared<const std::vector<float>>(std::move(values));
  if (p.settings.causal) image.mask = std::make_shared<const std::vector<std::uint8_t>>(map.mask);
  image.scale = p.scale;
  return image;
}

// The whole head, coarse, under the map: what a moving camera uncovers before the next picture comes.
void addGround(Picture& p, const std::shared_ptr<TileCache>& cache, const std::stop_token& stop) {
  if (!zoomedIn(p) || p.settings.rowMax || p.settings.quantity == Quantity::Scores) return;
  auto whole = thumbnail(p.attention, p.head, kGroundCells, cache, stop);
  if (!whole.ok()) return; // without overview: no ground
  std::vector<float>& values = p.settings.max ? whole->max : whole->mean;
  for (std::size_t i = 0; i < values.size(); ++i)
    if (!std::isfinite(values[i])) whole->mask[i] = 1; // the map itself counts them
  p.figure.scene.images.push_back(imageOf(p, *whole, std::move(values)));
}

void addMap(Picture& p, const std::shared_ptr<TileCache>& cache, const std::stop_token& stop) {
  const double all = static_cast<double>(p.attention.tokens);
  p.panel = p.figure.panel("head", p.plot, p.data, {0, 0, all, all}, true);
  p.figure.scene.panels.back().maxZoomCell = 96;
  if (p.request.loader) addGround(p, cache, stop);
  p.figure.scene.images.push_back(imageOf(p, p.map, p.values));
  p.figure.scene.links.push_back({p.panel, {0, 0, all, all}, "cell", ""});
}

// Diagonal strokes over the cells above the diagonal, from cell corner to cell corner.
void addHatch(Picture& p) {
  if (!p.settings.causal) return;
  const double cell = static_cast<double>(p.map.cell), units = cell * p.unitsPerToken();
  const double step = cell * std::max(1.0, std::ceil(6 / units));
  const double right = std::min(p.data.x + p.data.w, static_cast<double>(p.map.cols.end));
  const double top = std::max(0.0, p.data.y), bottom = std::min(p.data.y + p.data.h, right);
  const Color color = mix(p.figure.theme.canvas, p.figure.theme.secondary, 0.35);
  // Strokes x + y = s start at the corner of the diagonal cells and rise to the right.
  for (double s = std::floor((std::max(0.0, p.data.x) + top) / step) * step; s < right + bottom; s += step) {
    const double m = std::floor(s / (2 * cell)) * cell; // corner on or above the diagonal
    double y0 = std::min(m, s - m), x0 = s - y0;
    if (y0 > bottom) {
      y0 = bottom;
      x0 = s - y0;
    }
    const double y1 = std::max(top, s - right), x1 = s - y1;
    if (y1 < y0 && x0 <= right) p.figure.line(p.panel, {{x0, y0}, {x1, y1}}, color, p.figure.print ? 0.3 : 0.5);
  }
}

void addBorders(Picture& p) {
  if (p.map.cell > 1 || p.unitsPerToken() < kBorderCell) return;
  const HeadMap& m = p.map;
  p.figure.cellBorders(p.panel, m.cols.begin, m.cols.end, m.rows.begin, m.rows.end);
}

void addNumbers(Picture& p) {
  const double units = p.unitsPerToken(), size = p.figure.theme.denseSize;
  if (p.map.cell > 1 || units < kNumberCell) return;
  const int chars = static_cast<int>((units - 6) / (size * scene::kMonoAdvance));
  for (std::int64_t r = 0; r < p.map.height; ++r)
    for (std::int64_t c = 0; c < p.map.width; ++c) {
      const std::size_t at = p.map.at(r, c);
      if (p.map.mask[at] && p.settings.causal) continue;
      const double value = static_cast<double>(p.values[at]);
      const Color ground = std::isfinite(value) ? p.scale.color(value) : p.scale.nonFinite;
      std::string number = numberIn(value, chars, 4);
      if (number.empty()) continue;
      p.figure.text({static_cast<double>(p.map.cols.begin + c) + 0.5, static_cast<double>(p.map.rows.begin + r) + 0.5},
                    std::move(number), size, inkOn(ground), Align::Center, VAlign::Middle, true, p.panel);
    }
}

// A band along the selected row and column, and a frame around their cell.
void addCrossHair(Picture& p) {
  const auto& theme = p.figure.theme;
  const double all = static_cast<double>(p.attention.tokens), thin = p.figure.print ? 0.6 : 1;
  const double half = p.unitsPerToken() >= 5 ? 0 : 0.5; // small cells: a line through the middle
  const Color faint = withAlpha(theme.accent, 0.75);
  const auto rule = [&](bool row, double at) {
    p.figure.line(p.panel, row ? std::vector<Point>{{0, at}, {all, at}} : std::vector<Point>{{at, 0}, {at, all}}, faint,
                  thin);
  };
  const auto band = [&](bool row, std::int64_t position) {
    const auto at = static_cast<double>(position);
    if (half > 0) return rule(row, at + half);
    rule(row, at);
    rule(row, at + 1);
  };
  if (p.query != kNone) band(true, p.query);
  if (p.key != kNone) band(false, p.key);
  if (p.query == kNone || p.key == kNone) return;
  const double reach = std::max(1.0, 5 / p.unitsPerToken()), mid = reach / 2;
  p.figure.outline(p.panel,
                   {static_cast<double>(p.key) + 0.5 - mid, static_cast<double>(p.query) + 0.5 - mid, reach, reach},
                   theme.accent, p.figure.print ? 1 : 2);
}

// Row of the selected query over the map, column of the selected key beside it; without a selection the largest value
// of every column and row.
std::vector<double> profileOf(const Picture& p, bool alongKeys) {
  const std::int64_t count = alongKeys ? p.map.width : p.map.height;
  const std::int64_t across = alongKeys ? p.map.height : p.map.width;
  const std::int64_t chosen = alongKeys ? p.query : p.key, begin = alongKeys ? p.map.rows.begin : p.map.cols.begin;
  const std::int64_t line = chosen == kNone ? kNone : (chosen - begin) / p.map.cell;
  if (chosen != kNone && (chosen < begin || line >= across)) return {}; // not in view
  std::vector<double> profile;
  for (std::int64_t i = 0; i < count; ++i) {
    double most = std::nan("");
    for (std::int64_t k = line == kNone ? 0 : line; k < (line == kNone ? across : line + 1); ++k) {
      const std::size_t at = alongKeys ? p.map.at(k, i) : p.map.at(i, k);
      const double value = static_cast<double>(p.values[at]);
      if (p.map.mask[at] == 0 && !(most >= value)) most = value;
    }
    profile.push_back(most);
  }
  return profile;
}

void addProfile(Picture& p, bool alongKeys) {
  if (p.profile <= 0) return;
  const auto& theme = p.figure.theme;
  const Rect& plot = p.plot;
  const double gap = p.figure.gap();
  const Rect frame = alongKeys ? Rect{plot.x, plot.y - gap - p.profile, plot.w, p.profile}
                               : Rect{plot.x + plot.w + gap, plot.y, p.profile, plot.h};
  const Rect data = alongKeys ? Rect{p.data.x, 1.04, p.data.w, -1.08} : Rect{-0.04, p.data.y, 1.08, p.data.h};
  const int panel = p.figure.panel(alongKeys ? "head.row" : "head.column", frame, data, data, false);
  (alongKeys ? p.figure.scene.panels.back().followX : p.figure.scene.panels.back().followY) = p.panel;
  const bool chosen = (alongKeys ? p.query : p.key) != kNone;
  const Color color = chosen ? theme.accent : theme.secondary;
  const double first = static_cast<double>(alongKeys ? p.map.cols.begin : p.map.rows.begin);
  const double end = static_cast<double>(alongKeys ? p.map.cols.end : p.map.rows.end);
  const auto point = [&](double along, double value) { return alongKeys ? Point{along, value} : Point{value, along}; };
  p.figure.line(panel, {point(first, 0), point(end, 0)}, mix(theme.canvas, theme.secondary, 0.35), theme.lineWidth);
  const std::vector<double> profile = profileOf(p, alongKeys);
  std::vector<Point> curve;
  for (std::size_t i = 0; i <= profile.size(); ++i) {
    if (i == profile.size() || !std::isfinite(profile[i])) {
      p.figure.line(panel, std::move(curve), color, p.figure.print ? 0.6 : 1.2);
      curve.clear();
      continue;
    }
    const double height = p.scale.position(profile[i]), cell = static_cast<double>(p.map.cell);
    const double at = first + static_cast<double>(i) * cell;
    curve.push_back(point(at, height));
    curve.push_back(point(std::min(end, at + cell), height));
  }
}

void addAxis(Picture& p, scene::Side side) {
  const bool left = side == scene::Side::Left;
  const double size = p.figure.theme.denseSize;
  if (p.labels <= 0) return;
  scene::CellAxis axis;
  axis.panel = p.panel;
  axis.side = side;
  axis.room = p.labels;
  axis.count = p.attention.tokens;
  axis.label = [snapshot = p.request.snapshot](std::int64_t i) { return tokenText(*snapshot, i); };
  axis.highlight = left ? p.query : p.key;
  scene::addCellAxis(p.figure.scene, axis, p.figure.theme);
  double used = 0;
  for (const scene::Text& text : p.figure.scene.texts)
    if (text.panel == static_cast<int>(p.figure.scene.panels.size()) - 1)
      used = std::max(used, scene::textWidth(text.text, text.size, text.mono));
  scene::addAxisTitle(p.figure.scene, p.plot, side, used + 0.8 * size, left ? "query" : "key", p.figure.theme);
}

// Right of the plot, under the colour bar. Returns the height it takes.
double addMiniMap(Picture& p, double x, const std::shared_ptr<TileCache>& cache, const std::stop_token& stop) {
  const auto& theme = p.figure.theme;
  const double all = static_cast<double>(p.attention.tokens), size = theme.denseSize;
  const double side = std::min(p.figure.barWidth() - 1.2 * size, 0.3 * p.plot.h);
  if (!flagOf(p.request.parameters, "minimap") || !zoomedIn(p) || p.figure.print || side < 40) return 0;
  auto map = thumbnail(p.attention, p.head, kMiniMapCells, cache, stop);
  if (!map.ok()) return 0; // without overview: no mini-map
  const Rect frame{x + size, p.plot.y + p.plot.h - side, side, side};
  scene::ImageLayer image;
  image.width = map->width;
  image.height = map->height;
  image.data = {0, 0, static_cast<double>(map->width * map->cell), static_cast<double>(map->height * map->cell)};
  image.scale.map = theme.sequential;
  image.scale.high = niceCeil(quantile(map->mean, map->mask, 0.99).value_or(1));
  image.scale.masked = theme.panel;
  image.values = std::make_shared<const std::vector<float>>(std::move(map->mean));
  image.mask = std::make_shared<const std::vector<std::uint8_t>>(std::move(map->mask));
  drawMiniMap(p.figure, {frame, {0, 0, all, all}, p.data, std::move(image)});
  return side;
}

std::string cellSentence(const Picture& p) {
  if (p.query == kNone) return {};
  const store::Snapshot& s = *p.request.snapshot;
  std::string text = "query " + tokenName(s, p.query);
  if (p.key == kNone) return text;
  text += " → key " + tokenName(s, p.key);
  auto cell = hooks::attentionTile(*p.attention.record, p.head, {p.query, p.query + 1}, {p.key, p.key + 1});
  if (cell.ok()) text += p.key > p.query ? ": masked" : ": " + scene::numberText(static_cast<double>((*cell)[0]), 4);
  return text;
}

void addTitle(Picture& p) {
  if (!showsTitle(p.request)) return;
  const double size = p.figure.theme.denseSize;
  const std::string cell = cellSentence(p);
  std::string text = "Layer " + std::to_string(p.attention.layer) + " · head " + std::to_string(p.head);
  if (!cell.empty()) text += " · " + cell;
  if (p.map.incomplete) text += " · finer cells are coming";
  p.figure.heading(text, 0.6 * size, 0.6 * size + scene::lineHeight(size) / 2, p.figure.width() - 1.2 * size);
}

std::vector<std::string> namesOf(const Picture& p, TileRange range) {
  std::vector<std::string> names;
  for (std::int64_t i = range.begin; i < range.end; i += p.map.cell) {
    const std::int64_t last = std::min(range.end, i + p.map.cell) - 1;
    names.push_back(p.map.cell == 1 ? tokenName(*p.request.snapshot, i)
                                    : std::to_string(i) + "-" + std::to_string(last));
  }
  return names;
}

std::vector<DataTable> tablesOf(const Picture& p) {
  std::vector<double> sums;
  for (std::int64_t r = 0; r < p.map.height; ++r) {
    double sum = 0;
    for (std::int64_t c = 0; c < p.map.width; ++c) sum += static_cast<double>(p.values[p.map.at(r, c)]);
    sums.push_back(sum);
  }
  const std::string unit = p.settings.quantity == Quantity::Pattern ? "probability" : "score";
  return {{"attention", unit, viewOf(p.values, {p.map.height, p.map.width}), namesOf(p, p.map.rows),
           namesOf(p, p.map.cols)},
          {"row sums", unit, viewOf(std::move(sums), {p.map.height}), namesOf(p, p.map.rows), {}}};
}

std::string captionOf(const Picture& p, std::int64_t nonFinite) {
  std::string text = captionStart(p.request, p.attention.layer, p.head, p.attention.tokens);
  text += " Queries " + std::to_string(p.map.rows.begin) + " to " + std::to_string(p.map.rows.end - 1) +
          " down, keys " + std::to_string(p.map.cols.begin) + " to " + std::to_string(p.map.cols.end - 1) + " across";
  if (p.map.cell > 1) {
    const std::string cell = std::to_string(p.map.cell);
    text +=
        ", " + std::string(p.settings.max ? "maximum" : "mean") + " over cells of " + cell + " x " + cell + " tokens";
  }
  text += "." + rangeSentence(p.scale, p.label);
  if (p.settings.causal) text += " Hatched: masked.";
  if (p.query != kNone) text += " Selected: " + cellSentence(p) + ".";
  if (nonFinite > 0) text += " " + std::to_string(nonFinite) + " cells are not finite.";
  return text;
}

void addNonFiniteCount(Built& built, const Figure& figure) {
  if (built.scene.nonFinite == 0) return;
  scene::Text text;
  text.text = std::to_string(built.scene.nonFinite) + " not finite";
  text.size = figure.theme.denseSize;
  text.color = figure.theme.bad;
  text.align = Align::Right;
  text.vertical = VAlign::Bottom;
  text.at = {built.scene.width - 0.6 * text.size, built.scene.height - 0.4 * text.size};
  built.scene.texts.push_back(std::move(text));
}

class HeadView final : public BuiltInView {
public:
  explicit HeadView(const Shared& shared) : BuiltInView(makeInfo(), shared) {}
  Result<Built> build(const Request& request, std::stop_token stop) const override;
};

Result<Built> HeadView::build(const Request& request, std::stop_token stop) const {
  auto attention = selectedAttention(request);
  if (!attention.ok()) return attention.error();
  Figure figure(request);
  Picture p{
      request, figure, settingsOf(request), *attention, request.selection.head, kNone, kNone, {}, {}, 0, 0, {}, {}, {},
      {},      0};
  p.query = inside(request.selection.query, attention->tokens);
  p.key = inside(request.selection.key, attention->tokens);
  layOut(p);
  auto map = visibleMap(p, m_shared.tiles, stop);
  if (!map.ok()) return map.error();
  p.map = std::move(*map);
  chooseValues(p);
  if (auto chosen = chooseScale(p, m_shared.tiles, stop); !chosen.ok()) return chosen.error();
  if (stop.stop_requested()) return cancelled();

  addMap(p, m_shared.tiles, stop);
  addHatch(p);
  addBorders(p);
  addNumbers(p);
  addProfile(p, true);
  addProfile(p, false);
  addCrossHair(p);
  addAxis(p, scene::Side::Left);
  addAxis(p, scene::Side::Bottom);
  const double barAt = p.plot.x + p.plot.w + (p.profile > 0 ? p.profile + figure.gap() : 0);
  if (std::min(figure.width(), figure.height()) >= 200) {
    const double taken = addMiniMap(p, barAt, m_shared.tiles, stop);
    figure.bar(barAt, p.plot.y, p.plot.h - (taken > 0 ? taken + 3 * figure.gap() : 0), p.scale, p.label);
  }
  addTitle(p);

  Built built;
  built.id = request.id;
  built.incomplete = p.map.incomplete;
  built.data = tablesOf(p);
  built.scene = std::move(figure.scene);
  scene::finish(built.scene);
  built.caption = captionOf(p, built.scene.nonFinite);
  addNonFiniteCount(built, figure);
  return built;
}

} // namespace

std::unique_ptr<View> makeHeadView(const Shared& shared) { return std::make_unique<HeadView>(shared); }

} // namespace orrery::views
