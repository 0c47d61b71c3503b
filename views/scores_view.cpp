// SPDX-License-Identifier: MIT
// "scores": one head score of every head, as an L x H table with its numbers.
#include <algorithm>
#include <cmath>

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
  std::vector<std::string> names;
  for (const auto& row : analysis::headScoreTable()) names.emplace_back(row.name);
  return {"scores",
          "Head scores",
          "trace",
          {{"score", ParameterKind::Choice, "previous-token", names, "which head score"},
           scaleParameter(),
           lowParameter(),
           highParameter("of the score"),
           titleParameter()}};
}

class ScoresView final : public View {
public:
  explicit ScoresView(Shared shared) : m_shared(std::move(shared)) {}
  const ViewInfo& info() const override { return m_info; }
  Result<Built> build(const Request& request, std::stop_token stop) const override;
  Selection onLink(const std::string& action, const Selection& current) const override {
    return selectionOf(action, current);
  }

private:
  const ViewInfo m_info = makeInfo();
  Shared m_shared;
};

struct Table {
  const analysis::HeadScoreInfo* info = nullptr;
  std::int64_t layers = 0, heads = 0, tokens = 0;
  bool cut = false;
  std::vector<float> values; // [L, H]; NaN where nothing counts
};

Table tableOf(const RunScores& scores, const std::string& name) {
  Table table;
  for (const auto& row : analysis::headScoreTable())
    if (row.name == name) table.info = &row;
  table.layers = static_cast<std::int64_t>(scores.layers.size());
  table.tokens = scores.tokens;
  table.cut = scores.cut;
  for (const auto& layer : scores.layers) table.heads = std::max(table.heads, static_cast<std::int64_t>(layer.size()));
  for (const auto& layer : scores.layers)
    for (std::size_t h = 0; h < static_cast<std::size_t>(table.heads); ++h)
      table.values.push_back(h < layer.size() ? static_cast<float>(layer[h][table.info->score]) : std::nanf(""));
  return table;
}

void addImage(Figure& figure, int panel, const Table& table, const scene::ColorScale& scale) {
  scene::ImageLayer image;
  image.panel = panel;
  image.data = {0, 0, static_cast<double>(table.heads), static_cast<double>(table.layers)};
  image.width = table.heads;
  image.height = table.layers;
  image.values = std::make_shared<const std::vector<float>>(table.values);
  std::vector<std::uint8_t> mask; // heads without a score are empty, not wrong
  for (const float value : table.values) mask.push_back(std::isnan(value) ? 1 : 0);
  image.mask = std::make_shared<const std::vector<std::uint8_t>>(std::move(mask));
  image.scale = scale;
  image.scale.masked = mix(figure.theme.canvas, figure.theme.secondary, 0.08);
  figure.scene.images.push_back(std::move(image));
}

void addCells(Figure& figure, int panel, const Request& request, const Table& table, const scene::ColorScale& scale) {
  const Rect frame = figure.scene.panels[static_cast<std::size_t>(panel)].frame;
  const double w = frame.w / static_cast<double>(table.heads), h = frame.h / static_cast<double>(table.layers);
  const double size = figure.theme.denseSize;
  const int chars = h >= 1.3 * size ? static_cast<int>((w - 3) / (size * scene::kMonoAdvance)) : 0;
  for (std::int64_t l = 0; l < table.layers; ++l)
    for (std::int64_t i = 0; i < table.heads; ++i) {
      const auto value = static_cast<double>(table.values[static_cast<std::size_t>(l * table.heads + i)]);
      const auto x = static_cast<double>(i), y = static_cast<double>(l);
      const std::string name = "layer " + std::to_string(l) + ", head " + std::to_string(i);
      figure.scene.links.push_back({panel,
                                    {x, y, 1, 1},
                                    "head " + std::to_string(l) + " " + std::to_string(i),
                                    name + ": " + scene::numberText(value, 4)});
      if (l == request.selection.layer && i == request.selection.head)
        figure.outline(panel, {x, y, 1, 1}, figure.theme.accent, figure.print ? 1 : 2);
      // At most two decimals: what a mean over tokens is good for. With room for one, zeros are left out.
      std::string number = std::isfinite(value) && chars >= 2 ? numberIn(value, chars, 2) : "";
      if (number == ".0" || number == "0") number.clear();
      if (!number.empty())
        figure.text({x + 0.5, y + 0.5}, std::move(number), size, inkOn(scale.color(value)), scene::Align::Center,
                    scene::VAlign::Middle, true, panel);
    }
}

Rect plotOf(const Figure& figure, const Request& request, const Table& table, double labels) {
  const double size = figure.theme.denseSize, line = scene::lineHeight(size), pad = 0.8 * size;
  const double left = pad + 1.3 * line + labels, top = pad + (showsTitle(request) ? 1.6 * line : 0);
  const double bottom = pad + 2.4 * line;
  const double w = std::max(1.0, figure.width() - left - pad - figure.barWidth());
  const double h = std::max(1.0, figure.height() - top - bottom);
  // Cells no larger than a number needs with some air, and at most twice as wide as high.
  const double cellH = std::min(h / static_cast<double>(table.layers), 4 * size);
  const double cellW = std::min({w / static_cast<double>(table.heads), 6 * size, 2.5 * cellH});
  return {left, top, cellW * static_cast<double>(table.heads), cellH * static_cast<double>(table.layers)};
}

void addLayerAxis(Figure& figure, int panel, std::int64_t count, std::int64_t chosen, double room) {
  scene::CellAxis axis;
  axis.panel = panel;
  axis.side = scene::Side::Left;
  axis.room = room;
  axis.count = count;
  axis.mono = false;
  axis.highlight = chosen;
  scene::addCellAxis(figure.scene, axis, figure.theme);
}

Result<Built> ScoresView::build(const Request& request, std::stop_token stop) const {
  if (auto first = layerAttention(request, 0); !first.ok()) return first.error();
  auto scores = m_shared.scores->scores(request, stop);
  if (!scores.ok()) return scores.error();
  const Table table = tableOf(*scores, textOf(request.parameters, "score"));
  if (table.heads == 0) return notFound("no layer of this run has attention yet");
  Figure figure(request);
  const auto& theme = figure.theme;
  const double most = quantile(table.values, {}, 1).value_or(1);
  auto scale = rangeOf(request, theme, 0, table.info->bounded ? 1 : niceCeil(most));
  if (!scale.ok()) return scale.error();
  const double size = theme.denseSize, line = scene::lineHeight(size);
  const double labels = scene::textWidth(std::to_string(std::max(table.layers, table.heads)), size) + 0.6 * size;
  const Rect plot = plotOf(figure, request, table, labels);
  const Rect data{0, 0, static_cast<double>(table.heads), static_cast<double>(table.layers)};
  const int panel = figure.panel("scores", plot, data, data, false);
  addImage(figure, panel, table, *scale);
  addCells(figure, panel, request, table, *scale);
  const Selection& s = request.selection;
  addLayerAxis(figure, panel, table.layers, s.layer < table.layers ? s.layer : -1, labels);
  figure.numberAxis(
      panel, table.heads, [](std::int64_t head) { return head; }, s.head < table.heads ? s.head : -1);
  scene::addAxisTitle(figure.scene, plot, scene::Side::Left, labels + 0.5 * size, "layer", theme);
  scene::addAxisTitle(figure.scene, plot, scene::Side::Bottom, line + 0.5 * size, "head", theme);
  std::string label = std::string(table.info->title);
  if (table.info->unit != "1") label += " (" + std::string(table.info->unit) + ")";
  figure.bar(plot.x + plot.w, plot.y, plot.h, *scale, label);
  const std::string over =
      table.cut ? "first " + std::to_string(table.tokens) + " tokens" : std::to_string(table.tokens) + " tokens";
  if (showsTitle(request))
    figure.heading(label + " score of every head · " + over, 0.8 * size, 0.8 * size + line / 2,
                   figure.width() - 1.6 * size);

  Built built;
  built.id = request.id;
  std::vector<std::string> rows, columns;
  for (std::int64_t l = 0; l < table.layers; ++l) rows.push_back("layer " + std::to_string(l));
  for (std::int64_t h = 0; h < table.heads; ++h) columns.push_back("head " + std::to_string(h));
  built.data.push_back({std::string(table.info->name), std::string(table.info->unit),
                        viewOf(table.values, {table.layers, table.heads}), std::move(rows), std::move(columns)});
  built.caption = captionStart(request, -1, -1, shownTokens(request)) + " " + label + " score of every head over " +
                  over + "." + rangeSentence(*scale, label);
  built.scene = std::move(figure.scene);
  scene::finish(built.scene);
  return built;
}

} // namespace

std::unique_ptr<View> makeScoresView(const Shared& shared) { return std::make_unique<ScoresView>(shared); }

} // namespace orrery::views
