// SPDX-License-Identifier: MIT
// "heads": every head as a thumbnail, L x H, with the query down and the key to the right. Long models are folded into
// several columns of layers so that thumbnails stay as large as the canvas allows. A chosen head score tints the empty
// (masked) half of each thumbnail, is printed there, and may order them.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "views/attention_map.h"
#include "views/built_in.h"
#include "views/figure.h"
#include "views/head_score_cache.h"
#include "views/scene/text_metrics.h"
#include "views/scene/ticks.h"

namespace orrery::views {
namespace {

using scene::Align;
using scene::Color;
using scene::Point;
using scene::Rect;
using scene::VAlign;

constexpr double kLargestThumbnail = 220; // units
constexpr std::int64_t kMostCells = 256;  // of a thumbnail, a side

std::vector<std::string> scoreChoices() {
  std::vector<std::string> names{"none"};
  for (const auto& row : analysis::headScoreTable()) names.emplace_back(row.name);
  return names;
}

ViewInfo makeInfo() {
  return {"heads",
          "All heads",
          "trace",
          {{"score", ParameterKind::Choice, "previous-token", scoreChoices(), "head score that tints the thumbnails"},
           {"order", ParameterKind::Choice, "layer", {"layer", "score"}, "by layer and head, or highest score first"},
           {"reduce", ParameterKind::Choice, "mean", {"mean", "max"}, "what a pooled cell shows"},
           scaleParameter(),
           lowParameter(),
           highParameter("probability"),
           titleParameter()}};
}

struct Item {
  std::int64_t layer = 0, head = 0;
  double score = std::nan("");
};

// Where thumbnails stand: blocks of layers side by side, heads of one key/value head closer together.
struct Grid {
  std::int64_t rows = 1, columns = 1, blocks = 1, group = 1; // rows per block; heads per key/value head
  double side = 1, gap = 1, groupGap = 0, blockGap = 0;
  Point origin; // of the first thumbnail
  double blockWidth() const {
    return static_cast<double>(columns) * (side + gap) - gap +
           groupGap * static_cast<double>((columns - 1) / std::max<std::int64_t>(1, group));
  }
  Rect cell(std::int64_t row, std::int64_t column) const {
    const std::int64_t block = row / rows;
    const double x = origin.x + static_cast<double>(block) * (blockWidth() + blockGap) +
                     static_cast<double>(column) * (side + gap) + groupGap * static_cast<double>(column / group);
    return {x, origin.y + static_cast<double>(row % rows) * (side + gap), side, side};
  }
  double width() const { return static_cast<double>(blocks) * (blockWidth() + blockGap) - blockGap; }
  double height() const { return static_cast<double>(rows) * (side + gap) - gap; }
};

// The number of blocks that gives the largest thumbnails.
Grid bestGrid(std::int64_t layers, std::int64_t heads, std::int64_t group, Rect room, double layerLabel, bool fold) {
  Grid best;
  best.side = 0;
  for (std::int64_t blocks = 1; blocks <= (fold ? layers : 1); ++blocks) {
    Grid grid;
    grid.blocks = blocks;
    grid.rows = (layers + blocks - 1) / blocks;
    if ((layers + grid.rows - 1) / grid.rows != blocks) continue;
    grid.columns = heads;
    grid.group = std::max<std::int64_t>(1, group);
    grid.blockGap = layerLabel;
    const auto H = static_cast<double>(heads), R = static_cast<double>(grid.rows), B = static_cast<double>(blocks);
    const double groups = group > 1 && group < heads ? static_cast<double>((heads - 1) / group) : 0;
    // A gap is 1/12 of a side, a group gap 1/6 more, so that both shrink with the canvas.
    const double across = B * (H + (H - 1) / 12 + groups / 6), down = R + (R - 1) / 12;
    grid.side = std::min({(room.w - (B - 1) * layerLabel) / across, room.h / down, kLargestThumbnail});
    grid.side = std::max(grid.side, 1.0);
    grid.gap = grid.side / 12;
    grid.groupGap = groups > 0 ? grid.side / 6 : 0;
    if (grid.side > best.side * 1.02) best = grid;
  }
  best.origin = {room.x, room.y};
  return best;
}

struct Score {
  const analysis::HeadScoreInfo* info = nullptr; // null: none
  RunScores values;
  double top = 1; // value of the full tint
};

class HeadsView final : public BuiltInView {
public:
  explicit HeadsView(const Shared& shared) : BuiltInView(makeInfo(), shared) {}
  Result<Built> build(const Request& request, std::stop_token stop) const override;

private:
  Result<Score> scoreOf(const Request& request, std::stop_token stop) const;
};

Result<Score> HeadsView::scoreOf(const Request& request, std::stop_token stop) const {
  Score score;
  for (const auto& row : analysis::headScoreTable())
    if (row.name == textOf(request.parameters, "score")) score.info = &row;
  if (!score.info) return score;
  auto values = m_shared.scores->scores(request, stop);
  if (!values.ok()) return values.error();
  score.values = std::move(*values);
  double most = 0;
  for (const auto& layer : score.values.layers)
    for (const auto& head : layer)
      if (std::isfinite(head[score.info->score])) most = std::max(most, head[score.info->score]);
  score.top = score.info->bounded ? 1 : niceCeil(most);
  return score;
}

double scoreAt(const Score& score, std::int64_t layer, std::int64_t head) {
  if (!score.info || layer >= static_cast<std::int64_t>(score.values.layers.size())) return std::nan("");
  const auto& heads = score.values.layers[static_cast<std::size_t>(layer)];
  if (head >= static_cast<std::int64_t>(heads.size())) return std::nan("");
  return heads[static_cast<std::size_t>(head)][score.info->score];
}

std::vector<Item> itemsOf(const store::Snapshot& snapshot, const Score& score, bool byScore) {
  std::vector<Item> items;
  for (std::size_t l = 0; l < snapshot.attention.size(); ++l)
    for (std::int64_t h = 0; h < snapshot.attention[l].heads; ++h) {
      const auto layer = static_cast<std::int64_t>(l);
      items.push_back({layer, h, scoreAt(score, layer, h)});
    }
  const auto rank = [](const Item& item) { return std::isfinite(item.score) ? item.score : -1.0; };
  if (byScore)
    std::stable_sort(items.begin(), items.end(), [&](const Item& a, const Item& b) { return rank(a) > rank(b); });
  return items;
}

// Largest number of heads of any layer.
std::int64_t mostHeads(const store::Snapshot& snapshot) {
  std::int64_t most = 0;
  for (const auto& record : snapshot.attention) most = std::max(most, record.heads);
  return most;
}

struct Drawing {
  const Request& request;
  Figure& figure;
  Grid grid;
  const Score& score;
  bool byScore = false;
  std::vector<Item> items;
  std::vector<HeadMap> maps;   // one per item; height 0: nothing yet
  std::vector<Rect> positions; // one per item, scene units at fit
  scene::ColorScale scale;
  int panel = 0;
  double zoom = 1; // units on screen per unit at fit
};

Rect placeOf(const Drawing& d, std::size_t index) {
  const Item& item = d.items[index];
  if (!d.byScore) return d.grid.cell(item.layer, item.head);
  const auto at = static_cast<std::int64_t>(index);
  return d.grid.cell(at / d.grid.columns, at % d.grid.columns);
}

Color tintOf(const Drawing& d, double score) {
  const auto& theme = d.figure.theme;
  const double share = std::isfinite(score) ? std::clamp(score / d.score.top, 0.0, 1.0) : 0;
  return mix(mix(theme.canvas, theme.secondary, 0.10), theme.good, 0.75 * share);
}

std::string itemTooltip(const Drawing& d, const Item& item) {
  const auto& record = d.request.snapshot->attention[static_cast<std::size_t>(item.layer)];
  std::string text = "layer " + std::to_string(item.layer) + ", head " + std::to_string(item.head);
  if (record.kvHeads < record.heads) text += ", key/value head " + std::to_string(record.kvHead(item.head));
  if (d.score.info && std::isfinite(item.score)) {
    text += "\n" + std::string(d.score.info->title) + " " + scene::numberText(item.score, 4);
    if (d.score.info->unit != "1") text += " " + std::string(d.score.info->unit);
  }
  return text;
}

void addThumbnail(Drawing& d, std::size_t index) {
  const Item& item = d.items[index];
  const Rect place = d.positions[index];
  const HeadMap& map = d.maps[index];
  scene::ImageLayer image;
  image.panel = d.panel;
  image.data = place;
  image.scale = d.scale;
  image.scale.masked = tintOf(d, item.score);
  if (map.height == 0) {
    d.figure.scene.below.push_back({d.panel, place, d.figure.theme.panel});
  } else {
    const bool max = textOf(d.request.parameters, "reduce") == "max";
    image.width = map.width;
    image.height = map.height;
    image.values = std::make_shared<const std::vector<float>>(max ? map.max : map.mean);
    image.mask = std::make_shared<const std::vector<std::uint8_t>>(map.mask);
    d.figure.scene.images.push_back(std::move(image));
  }
  d.figure.scene.links.push_back(
      {d.panel, place, "head " + std::to_string(item.layer) + " " + std::to_string(item.head), itemTooltip(d, item)});
}

// The score, and in score order the head's name, in the empty upper right half where they have room.
void addBadge(Drawing& d, std::size_t index) {
  const Item& item = d.items[index];
  const Rect place = d.positions[index];
  const auto& theme = d.figure.theme;
  const double size = theme.denseSize, side = place.w * d.zoom;
  const Color ink = inkOn(tintOf(d, item.score));
  const Point corner{place.x + place.w - 0.25 * size / d.zoom, place.y + 0.2 * size / d.zoom};
  std::string number = d.score.info && std::isfinite(item.score) ? numberIn(item.score, 4, 2) : std::string();
  const double room = side * 0.8;
  // All heads or none: the width of two decimals decides.
  if (scene::textWidth("0.00", size) > room || side < 3.2 * size) return;
  if (d.byScore) {
    const std::string name = "L" + std::to_string(item.layer) + " H" + std::to_string(item.head);
    if (side < 4.4 * size || scene::textWidth(name, size) > room * 0.8) {
      number = scene::textWidth(name, size) <= room ? name : std::string();
    } else {
      d.figure.text({corner.x, corner.y + scene::lineHeight(size) / d.zoom}, name, size, ink, Align::Right, VAlign::Top,
                    false, d.panel);
    }
  }
  if (!number.empty()) d.figure.text(corner, number, size, ink, Align::Right, VAlign::Top, false, d.panel);
}

void addSelectionFrame(Drawing& d) {
  for (std::size_t i = 0; i < d.items.size(); ++i) {
    if (d.items[i].layer != d.request.selection.layer || d.items[i].head != d.request.selection.head) continue;
    const double pad = std::min(1.5 / d.zoom, d.grid.gap / 2);
    const Rect r = d.positions[i];
    d.figure.outline(d.panel, {r.x - pad, r.y - pad, r.w + 2 * pad, r.h + 2 * pad}, d.figure.theme.accent,
                     d.figure.print ? 1.2 : 2);
  }
}

// Layer numbers left of each block, head numbers above it, thinned to what has room.
void addLabels(Drawing& d) {
  const auto& theme = d.figure.theme;
  const double size = theme.denseSize, pad = 0.4 * size / d.zoom;
  const Grid& g = d.grid;
  const std::int64_t layers = static_cast<std::int64_t>(d.request.snapshot->attention.size());
  const std::int64_t layerStep = std::max<std::int64_t>(1, scene::labelStep((g.side + g.gap) * d.zoom, 1.15 * size));
  const double widest = scene::textWidth(std::to_string(g.columns - 1), size) + 0.5 * size;
  const std::int64_t headStep = std::max<std::int64_t>(1, scene::labelStep((g.side + g.gap) * d.zoom, widest));
  for (std::int64_t l = 0; l < layers; ++l) {
    const Rect r = g.cell(l, 0);
    if ((l % g.rows) % layerStep == 0)
      d.figure.text({r.x - pad, r.y + r.h / 2}, std::to_string(l), size,
                    l == d.request.selection.layer ? theme.accent : theme.secondary, Align::Right, VAlign::Middle,
                    false, d.panel);
    if (l % g.rows != 0) continue;
    for (std::int64_t h = 0; h < g.columns; h += headStep) {
      const Rect c = g.cell(l, h);
      d.figure.text({c.x + c.w / 2, c.y - pad}, std::to_string(h), size,
                    h == d.request.selection.head ? theme.accent : theme.secondary, Align::Center, VAlign::Bottom,
                    false, d.panel);
    }
  }
}

// A brace over the heads that share one key/value head.
void addGroups(Drawing& d, double labelHeight) {
  const Grid& g = d.grid;
  if (d.byScore || g.groupGap <= 0) return;
  const auto& theme = d.figure.theme;
  const double y = -labelHeight / d.zoom, tick = 0.3 * theme.denseSize / d.zoom;
  for (std::int64_t block = 0; block < g.blocks; ++block)
    for (std::int64_t h = 0; h < g.columns; h += g.group) {
      const Rect a = g.cell(block * g.rows, h), b = g.cell(block * g.rows, std::min(h + g.group, g.columns) - 1);
      const double top = a.y + y;
      d.figure.line(d.panel, {{a.x, top + tick}, {a.x, top}, {b.x + b.w, top}, {b.x + b.w, top + tick}},
                    mix(theme.canvas, theme.secondary, 0.7), theme.lineWidth);
    }
}

std::string scoreSentence(const Score& score) {
  if (!score.info) return {};
  std::string text = std::string(score.info->title) + " score";
  if (score.info->unit != "1") text += " (" + std::string(score.info->unit) + ")";
  text += ", full tint at " + scene::numberText(score.top, 3);
  if (score.values.cut) text += ", first " + std::to_string(score.values.tokens) + " tokens";
  return text;
}

std::string axisSentence(const Drawing& d) {
  if (d.byScore) return "highest score first; L layer, H head";
  std::string text = "layers down, heads across";
  if (d.grid.groupGap > 0) text += ", braces: heads of one key/value head";
  return text;
}

// One line under the grid: how to read it.
void addFoot(Drawing& d, double x, double y, double room) {
  const double size = d.figure.theme.denseSize;
  std::vector<std::string> texts;
  if (d.score.info) {
    const std::string tint = "tint: " + scoreSentence(d.score);
    texts = {tint + " · " + axisSentence(d), tint, "tint: " + std::string(d.score.info->title) + " score"};
  } else {
    texts = {axisSentence(d), d.byScore ? "L layer, H head" : "layers down, heads across"};
  }
  const std::string text = firstFitting(texts, room, size);
  if (!text.empty()) d.figure.text({x, y}, text, size, d.figure.theme.secondary);
}

std::vector<DataTable> tablesOf(const Drawing& d, std::int64_t layers, std::int64_t heads) {
  std::vector<DataTable> tables;
  std::int64_t height = 0, width = 0;
  for (const HeadMap& map : d.maps) {
    height = std::max(height, map.height);
    width = std::max(width, map.width);
  }
  std::vector<float> stacked(static_cast<std::size_t>(layers * heads * height * width), 0);
  const bool max = textOf(d.request.parameters, "reduce") == "max";
  for (std::size_t i = 0; i < d.items.size(); ++i) {
    const HeadMap& map = d.maps[i];
    const std::int64_t base = (d.items[i].layer * heads + d.items[i].head) * height;
    for (std::int64_t r = 0; r < map.height; ++r)
      for (std::int64_t c = 0; c < map.width; ++c)
        stacked[static_cast<std::size_t>((base + r) * width + c)] = (max ? map.max : map.mean)[map.at(r, c)];
  }
  // Row-major over (layer, head, query cell, key cell): reshape to four sides.
  tables.push_back({"overview", "probability", viewOf(std::move(stacked), {layers * heads * height, width}), {}, {}});
  if (!d.score.info) return tables;
  std::vector<double> scores;
  for (std::int64_t l = 0; l < layers; ++l)
    for (std::int64_t h = 0; h < heads; ++h) scores.push_back(scoreAt(d.score, l, h));
  tables.push_back({std::string(d.score.info->name),
                    std::string(d.score.info->unit),
                    viewOf(std::move(scores), {layers, heads}),
                    {},
                    {}});
  return tables;
}

// Thumbnails of all items; those of layers that have not been reached yet stay empty.
Status fetchMaps(Drawing& d, const std::shared_ptr<TileCache>& cache, const std::stop_token& stop) {
  const double pixels = d.grid.side * d.zoom * std::clamp(d.request.pixelRatio, 0.5, 4.0);
  const std::int64_t cells = std::clamp<std::int64_t>(static_cast<std::int64_t>(pixels), 1, kMostCells);
  for (const Item& item : d.items) {
    if (stop.stop_requested()) return cancelled();
    d.maps.emplace_back();
    auto attention = layerAttention(d.request, item.layer);
    if (!attention.ok()) continue;
    auto map = thumbnail(*attention, item.head, cells, cache, stop);
    if (!map.ok()) return map.error();
    d.maps.back() = std::move(*map);
  }
  return Done{};
}

// The mean over heads of a high quantile: one sink column must not darken all the others.
double autoHigh(const Drawing& d) {
  const bool max = textOf(d.request.parameters, "reduce") == "max";
  double sum = 0, count = 0;
  for (const HeadMap& map : d.maps) {
    const auto high = quantile(max ? map.max : map.mean, map.mask, 0.985);
    if (!high) continue;
    sum += *high;
    ++count;
  }
  return niceCeil(count > 0 ? sum / count : 0);
}

Rect roomFor(const Figure& figure, bool title, bool braces, double layerLabel) {
  const double size = figure.theme.denseSize, line = scene::lineHeight(size), pad = 0.6 * size;
  const double top = pad + (title ? 1.5 * line : 0) + line + 0.4 * size + (braces ? 0.7 * size : 0);
  const double bottom = pad + 1.4 * line;
  return {pad + layerLabel, top, std::max(1.0, figure.width() - 2 * pad - layerLabel - figure.barWidth()),
          std::max(1.0, figure.height() - top - bottom)};
}

// In score order a free shape: as many columns as give the largest thumbnails. In the middle of what is free.
Grid gridFor(bool byScore, std::int64_t layers, std::int64_t heads, std::int64_t group, Rect room, double layerLabel) {
  Grid best = bestGrid(layers, heads, group, room, layerLabel, !byScore);
  const std::int64_t count = layers * heads;
  for (std::int64_t columns = 1; byScore && columns <= count; ++columns) {
    const Grid grid = bestGrid((count + columns - 1) / columns, columns, columns, room, 0, false);
    if (columns == 1 || grid.side > best.side * 1.001) best = grid;
  }
  best.origin.x += std::max(0.0, (room.w - best.width()) / 2);
  return best;
}

std::string captionOf(const Drawing& d, std::int64_t layers, std::int64_t heads, std::int64_t cell,
                      const std::string& quantity) {
  std::string text = captionStart(d.request, -1, -1, shownTokens(d.request)) + " Attention patterns of all " +
                     std::to_string(layers) + " x " + std::to_string(heads) + " heads, queries down, keys across";
  const std::string side = std::to_string(cell);
  if (cell > 1)
    text += ", " + textOf(d.request.parameters, "reduce") + " over cells of " + side + " x " + side + " tokens";
  text += "." + rangeSentence(d.scale, quantity);
  return d.score.info ? text + " " + scoreSentence(d.score) + "." : text;
}

// The grid in the room that the figure has, and the panel through which it is seen.
void layOut(Drawing& d, std::int64_t layers, std::int64_t heads) {
  const auto& theme = d.figure.theme;
  const std::int64_t kvHeads = std::max<std::int64_t>(1, d.request.snapshot->attention[0].kvHeads);
  const std::int64_t group = d.byScore ? heads : heads / kvHeads;
  const bool braces = !d.byScore && group > 1 && kvHeads > 1;
  const double layerLabel = scene::textWidth(std::to_string(layers), theme.denseSize) + 0.9 * theme.denseSize;
  const Rect room = roomFor(d.figure, showsTitle(d.request), braces, layerLabel);
  d.grid = gridFor(d.byScore, layers, heads, group, room, layerLabel);
  const Rect frame{
      0, room.y - (braces ? 2.4 : 1.7) * theme.denseSize,
      d.figure.width() - d.figure.barWidth() - std::max(0.0, (room.w - d.grid.width()) / 2) + 0.5 * theme.denseSize, 0};
  const Rect whole{frame.x, frame.y, frame.w, std::max(1.0, room.y + room.h + 2 - frame.y)};
  const Rect shown = saneViewport(d.request, "grid", whole);
  d.panel = d.figure.panel("grid", whole, shown, whole, true);
  d.figure.scene.panels.back().maxZoomCell = 12;
  d.zoom = whole.w / shown.w;
}

void drawGrid(Drawing& d) {
  for (std::size_t i = 0; i < d.items.size(); ++i) d.positions.push_back(placeOf(d, i));
  for (std::size_t i = 0; i < d.items.size(); ++i) {
    addThumbnail(d, i);
    if (d.score.info || d.byScore) addBadge(d, i);
  }
  if (!d.byScore) addLabels(d);
  const auto& theme = d.figure.theme;
  addGroups(d, 1.15 * scene::lineHeight(theme.denseSize) + 0.4 * theme.denseSize);
  addSelectionFrame(d);
}

// Colour bar, heading and the line below.
void addSurroundings(Drawing& d, const std::string& quantity) {
  Figure& figure = d.figure;
  const double size = figure.theme.denseSize, room = figure.width() - 1.2 * size;
  const Rect grid{d.grid.origin.x, d.grid.origin.y, d.grid.width(), d.grid.height()};
  figure.bar(grid.x + grid.w, grid.y, std::max(0.0, std::min(grid.h, 30 * size)), d.scale, quantity);
  if (showsTitle(d.request))
    figure.heading("Attention of all heads · " + modelName(*d.request.snapshot) + " · " +
                       std::to_string(shownTokens(d.request)) + " tokens",
                   0.6 * size, 0.6 * size + scene::lineHeight(figure.theme.textSize) / 2, room);
  addFoot(d, 0.6 * size, std::min(figure.height() - 0.9 * size, grid.y + grid.h + 1.4 * size), room);
}

Result<Built> HeadsView::build(const Request& request, std::stop_token stop) const {
  if (auto first = layerAttention(request, 0); !first.ok()) return first.error();
  const store::Snapshot& snapshot = *request.snapshot;
  const auto layers = static_cast<std::int64_t>(snapshot.attention.size());
  const std::int64_t heads = mostHeads(snapshot);
  auto score = scoreOf(request, stop);
  if (!score.ok()) return score.error();

  Figure figure(request);
  Drawing d{request, figure, {}, *score, textOf(request.parameters, "order") == "score" && score->info, {}, {}, {}, {}};
  layOut(d, layers, heads);
  d.items = itemsOf(snapshot, *score, d.byScore);
  if (auto fetched = fetchMaps(d, m_shared.tiles, stop); !fetched.ok()) return fetched.error();
  auto scale = rangeOf(request, figure.theme, 0, autoHigh(d));
  if (!scale.ok()) return scale.error();
  d.scale = *scale;
  drawGrid(d);
  std::int64_t cell = 1;
  for (const HeadMap& map : d.maps) cell = std::max(cell, map.cell);
  const std::string probability = "attention probability";
  const std::string quantity = cell > 1 ? textOf(request.parameters, "reduce") + " " + probability : probability;
  addSurroundings(d, quantity);

  Built built;
  built.id = request.id;
  built.data = tablesOf(d, layers, heads);
  built.caption = captionOf(d, layers, heads, cell, quantity);
  built.scene = std::move(figure.scene);
  scene::finish(built.scene);
  return built;
}

} // namespace

std::unique_ptr<View> makeHeadsView(const Shared& shared) { return std::make_unique<HeadsView>(shared); }

} // namespace orrery::views
