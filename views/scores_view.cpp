// SPDX-License-Identifier: MIT
// "scores": one head score of every head, as an L x H table with its numbers.
#include <algorithm>
#include <cmath>

#include "views/attention_map.h"
#include "views/built_in.h"
#include "views/figure.h"
#include "views/layer_head_map.h"

namespace orrery::views {
namespace {

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

class ScoresView final : public BuiltInView {
public:
  explicit ScoresView(const Shared& shared) : BuiltInView(makeInfo(), shared) {}
  Result<Built> build(const Request& request, std::stop_token stop) const override;
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
  std::string label = std::string(table.info->title);
  if (table.info->unit != "1") label += " (" + std::string(table.info->unit) + ")";
  const std::string over =
      table.cut ? "first " + std::to_string(table.tokens) + " tokens" : std::to_string(table.tokens) + " tokens";
  const LayerHeadMap map{request, "scores", label, table.layers, table.heads, table.values, *scale};
  drawLayerHeadMap(figure, map, label + " score of every head · " + over);

  Built built;
  built.id = request.id;
  built.data.push_back(layerHeadTable(map, std::string(table.info->name), std::string(table.info->unit)));
  built.caption = captionStart(request, -1, -1, shownTokens(request)) + " " + label + " score of every head over " +
                  over + "." + rangeSentence(*scale, label);
  built.scene = std::move(figure.scene);
  scene::finish(built.scene);
  return built;
}

} // namespace

std::unique_ptr<View> makeScoresView(const Shared& shared) { return std::make_unique<ScoresView>(shared); }

} // namespace orrery::views
