// SPDX-License-Identifier: MIT
// "cell": which dimensions make one attention score. Bars of scale * q_d * k_d; their sum is the score.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "views/attention_map.h"
#include "views/built_in.h"
#include "views/figure.h"
#include "views/scene/axes.h"
#include "views/scene/text_metrics.h"
#include "views/scene/ticks.h"

namespace orrery::views {
namespace {

using scene::Rect;

ViewInfo makeInfo() {
  return {"cell",
          "One attention cell",
          "trace",
          {{"order", ParameterKind::Choice, "dimension", {"dimension", "size"}, "as stored, or largest first"},
           titleParameter()}};
}

// The numbers of one cell. Source of the formulas: core/hooks/attention_record.h.
struct Cell {
  std::int64_t layer = 0, head = 0, query = 0, key = 0, tokens = 0;
  std::vector<double> products; // [Dh]
  double sum = 0, score = 0, lse = 0, probability = 0;
  bool capped = false, masked = false;
};

// The selected cell; without one, the last query and the key it attends to most.
Result<Cell> chosenCell(const Request& request, const LayerAttention& attention) {
  const hooks::AttentionRecord& record = *attention.record;
  Cell cell;
  cell.layer = attention.layer;
  cell.head = request.selection.head;
  cell.tokens = attention.tokens;
  const Selection& s = request.selection;
  cell.query = s.query >= 0 && s.query < attention.tokens ? s.query : attention.tokens - 1;
  auto row = hooks::attentionTile64(record, cell.head, {cell.query, cell.query + 1}, {0, attention.tokens});
  if (!row.ok()) return row.error();
  const auto most = std::max_element(row->begin(), row->end(), [](double a, double b) { return a < b; });
  cell.key = s.key >= 0 && s.key < attention.tokens ? s.key : most - row->begin();
  cell.probability = (*row)[static_cast<std::size_t>(cell.key)];
  cell.masked = allMasked(record, {cell.query, cell.query + 1}, {cell.key, cell.key + 1});
  auto products = hooks::dimensionProducts(record, cell.head, cell.query, cell.key);
  if (!products.ok()) return products.error();
  cell.products = std::move(*products);
  cell.sum = std::accumulate(cell.products.begin(), cell.products.end(), 0.0);
  cell.capped = record.softcap > 0;
  cell.score = cell.capped ? record.softcap * std::tanh(cell.sum / record.softcap) : cell.sum;
  cell.lse = elementAt(record.lse, cell.head * record.lse.strides[0] + cell.query * record.lse.strides[1]);
  return cell;
}

std::vector<std::int64_t> orderOf(const Cell& cell, bool bySize) {
  std::vector<std::int64_t> order(cell.products.size());
  std::iota(order.begin(), order.end(), std::int64_t{0});
  const auto size = [&](std::int64_t d) { return std::abs(cell.products[static_cast<std::size_t>(d)]); };
  if (bySize)
    std::stable_sort(order.begin(), order.end(), [&](std::int64_t a, std::int64_t b) { return size(a) > size(b); });
  return order;
}

std::string sumSentence(const Cell& cell) {
  std::string text = "sum = " + scene::numberText(cell.sum, 5);
  if (cell.capped) text += " → soft-capped " + scene::numberText(cell.score, 5);
  text += " · lse " + scene::numberText(cell.lse, 5) + " · ";
  if (cell.masked) return text + "masked: probability 0";
  return text + "probability exp(score − lse) = " + scene::numberText(cell.probability, 4);
}

std::string cellName(const Request& request, const Cell& cell) {
  return "query " + tokenName(*request.snapshot, cell.query) + " · key " + tokenName(*request.snapshot, cell.key);
}

struct Bounds {
  double low = 0, high = 0;
};

Bounds boundsOf(const std::vector<double>& products) {
  Bounds b;
  for (const double value : products) {
    if (!std::isfinite(value)) continue;
    b.low = std::min(b.low, value);
    b.high = std::max(b.high, value);
  }
  const double pad = b.high > b.low ? 0.04 * (b.high - b.low) : 1;
  return {b.low < 0 || b.high == 0 ? b.low - pad : 0, b.high > 0 || b.low == 0 ? b.high + pad : 0};
}

int tickCount(const Rect& frame, const scene::Theme& theme) {
  return std::clamp(static_cast<int>(frame.h / (2.2 * scene::lineHeight(theme.denseSize))), 2, 12);
}

// Ticks and their widest label.
double valueRoom(Bounds bounds, const scene::Theme& theme) {
  double widest = 0;
  for (int most = 2; most <= 12; ++most)
    for (const scene::Tick& tick : scene::linearTicks(bounds.low, bounds.high, most))
      widest = std::max(widest, scene::textWidth(tick.label, theme.denseSize));
  return widest + 0.9 * theme.denseSize;
}

void addBars(Figure& figure, int panel, const Cell& cell, const std::vector<std::int64_t>& order,
             std::int64_t selected) {
  const auto& theme = figure.theme;
  const scene::ColorTable& map = *scene::colorTable(theme.diverging);
  for (std::size_t i = 0; i < order.size(); ++i) {
    const std::int64_t d = order[i];
    const double value = cell.products[static_cast<std::size_t>(d)], x = static_cast<double>(i);
    const std::string number = scene::numberText(value, 5);
    const Rect whole{x, cell.products.empty() ? 0 : std::max(value, 0.0), 1, -std::abs(value)};
    if (std::isfinite(value)) {
      figure.scene.below.push_back({panel, {x + 0.12, whole.y, 0.76, whole.h}, value < 0 ? map[24] : map[231]});
      if (d == selected) figure.outline(panel, {x, whole.y, 1, whole.h}, theme.accent, figure.print ? 1 : 2);
    }
    const Rect& all = figure.scene.panels[static_cast<std::size_t>(panel)].data;
    figure.scene.links.push_back({panel,
                                  {x, all.y, 1, all.h},
                                  "channel " + std::to_string(d),
                                  "dimension " + std::to_string(d) + ": " + number});
  }
  figure.line(panel, {{0, 0}, {static_cast<double>(order.size()), 0}}, theme.secondary, theme.lineWidth);
}

class CellView final : public BuiltInView {
public:
  CellView() : BuiltInView(makeInfo()) {}
  Result<Built> build(const Request& request, std::stop_token stop) const override;
};

struct Lines { // of text above the plot
  double y = 0, step = 0, x = 0, room = 0;
};

// Too low for more than the title and the bars; the numbers of the second line are in the inspector as well.
bool isLow(const Figure& figure) { return figure.height() < 12 * figure.theme.denseSize; }

void addLine(Figure& figure, Lines& lines, const std::string& text, bool heading) {
  const double size = heading ? figure.theme.textSize : figure.theme.denseSize;
  std::string shown = scene::elide(text, lines.room, size);
  if (!shown.empty())
    figure.text({lines.x, lines.y + lines.step / 2}, std::move(shown), size,
                heading ? figure.theme.text : figure.theme.secondary);
  lines.y += lines.step;
}

void addAxes(Figure& figure, int panel, const std::vector<std::int64_t>& order, Bounds bounds, bool bySize,
             std::int64_t selected) {
  const auto& theme = figure.theme;
  const double size = theme.denseSize, line = scene::lineHeight(size);
  const Rect frame = figure.scene.panels[static_cast<std::size_t>(panel)].frame;
  scene::addValueAxis(
      figure.scene,
      {panel, scene::Side::Left, scene::linearTicks(bounds.low, bounds.high, tickCount(frame, theme)), false}, theme);
  const auto at = std::find(order.begin(), order.end(), selected);
  figure.numberAxis(
      panel, std::ssize(order), [&](std::int64_t i) { return order[static_cast<std::size_t>(i)]; },
      at == order.end() ? -1 : at - order.begin());
  if (const std::string title = "scale · q · k"; scene::textWidth(title, size) <= frame.h)
    scene::addAxisTitle(figure.scene, frame, scene::Side::Left, valueRoom(bounds, theme), title, theme);
  if (isLow(figure)) return;
  scene::addAxisTitle(figure.scene, frame, scene::Side::Bottom, line + 0.6 * size,
                      bySize ? "dimension, largest first" : "dimension of the head", theme);
}

Result<Built> CellView::build(const Request& request, std::stop_token stop) const {
  auto attention = selectedAttention(request);
  if (!attention.ok()) return attention.error();
  if (stop.stop_requested()) return cancelled();
  auto cell = chosenCell(request, *attention);
  if (!cell.ok()) return cell.error();
  const bool bySize = textOf(request.parameters, "order") == "size";
  const std::vector<std::int64_t> order = orderOf(*cell, bySize);
  Figure figure(request);
  const auto& theme = figure.theme;
  const double size = theme.denseSize, line = scene::lineHeight(size), pad = 0.8 * size;
  Lines lines{pad, 1.25 * line, pad, figure.width() - 2 * pad};
  const std::string place = "Layer " + std::to_string(cell->layer) + " · head " + std::to_string(cell->head);
  if (showsTitle(request)) addLine(figure, lines, place + " · " + cellName(request, *cell), true);
  const std::string brief = "sum " + scene::numberText(cell->sum, 4) + " · lse " + scene::numberText(cell->lse, 4) +
                            " · p " + scene::numberText(cell->probability, 3);
  if (!isLow(figure)) addLine(figure, lines, firstFitting({sumSentence(*cell), brief}, lines.room, size), false);

  const Bounds bounds = boundsOf(cell->products);
  const double left = pad + line + valueRoom(bounds, theme) + 0.3 * size,
               bottom = pad + (isLow(figure) ? 1.2 : 2.4) * line;
  const Rect frame{left, lines.y + 0.5 * size, std::max(1.0, figure.width() - left - pad),
                   std::max(1.0, figure.height() - lines.y - 0.5 * size - bottom)};
  const Rect data{0, bounds.high, static_cast<double>(std::max<std::size_t>(1, order.size())),
                  bounds.low - bounds.high};
  const int panel = figure.panel("cell", frame, data, data, false);
  addBars(figure, panel, *cell, order, request.selection.channel);
  addAxes(figure, panel, order, bounds, bySize, request.selection.channel);

  Built built;
  built.id = request.id;
  std::vector<double> values;
  std::vector<std::string> names;
  for (const std::int64_t d : order) {
    values.push_back(cell->products[static_cast<std::size_t>(d)]);
    names.push_back(std::to_string(d));
  }
  const auto n = static_cast<std::int64_t>(values.size());
  built.data.push_back({"products", "score", viewOf(std::move(values), {n}), std::move(names), {}});
  built.data.push_back({"cell",
                        "1",
                        viewOf(std::vector<double>{cell->sum, cell->score, cell->lse, cell->probability}, {4}),
                        {"sum", "score", "lse", "probability"},
                        {}});
  built.caption = captionStart(request, cell->layer, cell->head, cell->tokens) + " Products scale q_d k_d of " +
                  cellName(request, *cell) + "; " + sumSentence(*cell) + ".";
  built.scene = std::move(figure.scene);
  scene::finish(built.scene);
  return built;
}

} // namespace

std::unique_ptr<View> makeCellView(const Shared&) { return std::make_unique<CellView>(); }

} // namespace orrery::views
