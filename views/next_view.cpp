// SPDX-License-Identifier: MIT
// "next": the 20 likeliest next tokens after the selected position, as bars with their probabilities.
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

using scene::Align;
using scene::Rect;

struct Row {
  std::string label;
  double probability = 0;
  std::int32_t id = 0;
  bool came = false; // the token that stands at the next position
};

// A token that stands in the text is named by its own bytes, any other by the vocabulary, else by its id.
std::string textOfId(const store::Snapshot& snapshot, std::int32_t id) {
  const auto vocabulary = snapshot.info ? snapshot.info->vocabulary : nullptr;
  if (vocabulary && id >= 0 && static_cast<std::size_t>(id) < vocabulary->size()) {
    std::string text = scene::tokenLabel((*vocabulary)[static_cast<std::size_t>(id)]);
    if (!text.empty()) return text;
  }
  return std::string("#").append(std::to_string(id));
}

std::vector<Row> rowsOf(const Request& request, std::int64_t position, std::int64_t most) {
  const store::Snapshot& s = *request.snapshot;
  const hooks::TokenScore& score = s.scores[static_cast<std::size_t>(position)];
  std::vector<Row> rows;
  for (int i = 0; i < hooks::kTopTokens && i < most; ++i) {
    const double p = std::exp(static_cast<double>(score.topLogProbabilities[i]));
    const bool filled = score.topIds[i] != 0 || i == 0 || score.topLogProbabilities[i] < 0;
    if (!filled || std::isnan(p)) continue; // a vocabulary below 20 leaves the rest at 0
    const bool came =
        position + 1 < shownTokens(request) && s.tokens[static_cast<std::size_t>(position) + 1] == score.topIds[i];
    rows.push_back({textOfId(s, score.topIds[i]), p, score.topIds[i], came});
  }
  return rows;
}

class NextView final : public BuiltInView {
public:
  NextView()
      : BuiltInView({"next",
                     "Next tokens",
                     "trace",
                     {{"count", ParameterKind::Integer, "20", {}, "how many tokens, at most 20"}, titleParameter()}}) {}
  Result<Built> build(const Request& request, std::stop_token stop) const override;
};

std::string percent(double p) { return scene::numberText(100 * p, p >= 0.1 ? 3 : 2) + " %"; }

Result<std::int64_t> positionOf(const Request& request) {
  const std::int64_t T = shownTokens(request);
  if (T < 1) return notFound("no tokens yet: open a checkpoint, type a prompt and run it");
  const auto scored = std::min(T, static_cast<std::int64_t>(request.snapshot->scores.size()));
  if (scored < 1) return notFound("the next tokens of this run were not captured");
  const std::int64_t at = request.selection.query;
  if (at >= scored && at < T) return notFound("position " + std::to_string(at) + " has not been computed yet");
  return at >= 0 && at < scored ? at : scored - 1;
}

void addRows(Figure& figure, const std::vector<Row>& rows, Rect room, double height) {
  const auto& theme = figure.theme;
  const double size = figure.print ? theme.denseSize : theme.textSize;
  double widest = 0;
  for (const Row& row : rows) widest = std::max(widest, scene::textWidth(row.label, size, true));
  const double mark = 0.9 * size, numbers = scene::textWidth("99.9 % ", size) + 0.4 * size;
  const double labels = std::min(widest, 0.45 * room.w);
  const double x = room.x + mark + labels + 0.6 * size, bars = std::max(4.0, room.x + room.w - numbers - x);
  const double top = niceCeil(rows.empty() ? 1 : rows[0].probability);
  double y = room.y;
  for (const Row& row : rows) {
    const double middle = y + height / 2;
    if (row.came) figure.scene.discs.push_back({scene::kNoPanel, {room.x + mark / 2, middle}, 0.22 * size, theme.good});
    figure.text({x - 0.6 * size, middle}, scene::elide(row.label, labels, size, true), size, theme.text, Align::Right,
                scene::VAlign::Middle, true);
    const double width = std::max(0.5, bars * std::min(1.0, row.probability / top));
    figure.scene.below.push_back({scene::kNoPanel,
                                  {x, y + 0.16 * height, width, 0.68 * height},
                                  row.came ? theme.good : mix(theme.canvas, theme.info, 0.75)});
    figure.text({x + width + 0.4 * size, middle}, percent(row.probability), size, theme.secondary);
    figure.scene.links.push_back(
        {scene::kNoPanel,
         {room.x, y, room.w, height},
         "",
         row.label + "\nid " + std::to_string(row.id) + "\nprobability " + scene::numberText(row.probability, 6)});
    y += height;
  }
}

Result<Built> NextView::build(const Request& request, std::stop_token stop) const {
  auto position = positionOf(request);
  if (!position.ok()) return position.error();
  if (stop.stop_requested()) return cancelled();
  Figure figure(request);
  const auto& theme = figure.theme;
  const double size = figure.print ? theme.denseSize : theme.textSize, line = scene::lineHeight(size);
  const double pad = 0.8 * size, top = pad + (showsTitle(request) ? 1.6 * line : 0);
  const double foot = pad + 1.2 * line, height = 1.45 * size;
  const Rect room{pad, top, std::max(20.0, figure.width() - 2 * pad), std::max(height, figure.height() - top - foot)};
  const std::int64_t fit = std::max<std::int64_t>(1, static_cast<std::int64_t>(room.h / height));
  const std::int64_t count = std::clamp<std::int64_t>(integerOf(request.parameters, "count"), 1, hooks::kTopTokens);
  const std::vector<Row> rows = rowsOf(request, *position, count);
  const std::vector<Row> shown(rows.begin(), rows.begin() + std::min<std::ptrdiff_t>(std::ssize(rows), fit));
  addRows(figure, shown, room, height);

  double sum = 0;
  for (const Row& row : rows) sum += row.probability;
  const double entropy = static_cast<double>(request.snapshot->scores[static_cast<std::size_t>(*position)].entropy);
  const std::string rest = std::to_string(rows.size()) + " tokens hold " + percent(sum) + " · entropy " +
                           scene::numberText(entropy, 3) + " nat";
  const std::string foottext = scene::elide(rest, room.w, theme.denseSize);
  const double footY = std::min(room.y + static_cast<double>(shown.size()) * height, room.y + room.h) + 0.8 * line;
  if (footY + line / 2 <= figure.height()) figure.text({pad, footY}, foottext, theme.denseSize, theme.secondary);
  const std::string title = "Next token after " + tokenName(*request.snapshot, *position);
  if (showsTitle(request)) figure.heading(title, pad, pad + line / 2, room.w);

  Built built;
  built.id = request.id;
  std::vector<double> values;
  std::vector<std::string> names;
  for (const Row& row : rows) {
    values.push_back(row.probability);
    names.push_back(row.label);
  }
  const auto n = static_cast<std::int64_t>(values.size());
  built.data.push_back({"next tokens", "probability", viewOf(std::move(values), {n}), std::move(names), {}});
  built.caption = captionStart(request, -1, -1, shownTokens(request)) + " " + title + "; " + rest + ".";
  built.scene = std::move(figure.scene);
  scene::finish(built.scene);
  return built;
}

} // namespace

std::unique_ptr<View> makeNextView(const Shared&) { return std::make_unique<NextView>(); }

} // namespace orrery::views
