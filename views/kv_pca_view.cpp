// SPDX-License-Identifier: MIT
// "kv-pca": keys or values of one head along their first two principal components, coloured by position.
#include <algorithm>
#include <cmath>

#include "views/built_in.h"
#include "views/chart.h"
#include "views/kv_data.h"
#include "views/scene/text_metrics.h"
#include "views/scene/ticks.h"

namespace orrery::views {
namespace {

using scene::Point;

constexpr std::int64_t kMostTokens = 4096;

class KvPcaView final : public BuiltInView {
public:
  KvPcaView()
      : BuiltInView({"kv-pca",
                     "KV in two dimensions (PCA)",
                     "trace",
                     {stateParameter("key"),
                      {"path", ParameterKind::Boolean, "false", {}, "a line through the tokens in the order of time"},
                      {"labels", ParameterKind::Boolean, "true", {}, "names of tokens where they have room"},
                      titleParameter()}}) {}
  Result<Built> build(const Request& request, std::stop_token stop) const override;
};

Axis axisOf(const analysis::Pca& pca, std::int64_t component, std::int64_t count) {
  const auto k = static_cast<std::int64_t>(pca.variance.size());
  double low = 0, high = 0;
  for (std::int64_t i = 0; i < count && component < k; ++i) {
    low = std::min(low, pca.scores[static_cast<std::size_t>(i * k + component)]);
    high = std::max(high, pca.scores[static_cast<std::size_t>(i * k + component)]);
  }
  const double pad = high > low ? 0.06 * (high - low) : 1;
  const double share =
      component < k && pca.total > 0 ? 100 * pca.variance[static_cast<std::size_t>(component)] / pca.total : 0;
  return {"component " + std::to_string(component + 1) + " (" + scene::numberText(share, 3) + " % of the variance)",
          low - pad, high + pad};
}

Point scoreAt(const analysis::Pca& pca, std::int64_t i) {
  const auto k = static_cast<std::int64_t>(pca.variance.size());
  const auto at = static_cast<std::size_t>(i * k);
  return {pca.scores[at], k > 1 ? pca.scores[at + 1] : 0};
}

// Names of tokens beside their dots, those of the selection first; one that would touch another is left out.
void addLabels(Figure& figure, int panel, const Request& request, const KvVectors& vectors, const analysis::Pca& pca) {
  const auto& theme = figure.theme;
  const scene::Panel p = figure.scene.panels[static_cast<std::size_t>(panel)];
  const double size = theme.denseSize, h = scene::lineHeight(size);
  std::vector<std::int64_t> order;
  const auto chosen = [&](std::int64_t i) {
    return i * vectors.step == request.selection.query || i * vectors.step == request.selection.key;
  };
  for (std::int64_t i = 0; i < vectors.n; ++i) order.push_back(i);
  std::ranges::stable_partition(order, chosen);
  std::vector<scene::Rect> taken;
  for (const std::int64_t i : order) {
    const Point at = scene::toScene(p, scoreAt(pca, i));
    const std::string name = tokenText(*request.snapshot, i * vectors.step);
    const scene::Rect box{at.x + 0.5 * size, at.y - h / 2, scene::textWidth(name, size), h};
    const bool inside = box.x + box.w < p.frame.x + p.frame.w && box.y > p.frame.y && box.y + h < p.frame.y + p.frame.h;
    const bool free = std::ranges::none_of(taken, [&](const scene::Rect& other) {
      return box.x < other.x + other.w && other.x < box.x + box.w && box.y < other.y + h && other.y < box.y + h;
    });
    if (!inside || !free) continue;
    taken.push_back(box);
    figure.text({box.x, at.y}, name, size, chosen(i) ? theme.accent : theme.secondary);
    if (taken.size() >= 400) return;
  }
}

void addDots(Figure& figure, int panel, const Request& request, const KvVectors& vectors, const analysis::Pca& pca,
             const scene::ColorScale& time) {
  const double r = figure.print ? 1.4 : 3;
  const scene::Panel p = figure.scene.panels[static_cast<std::size_t>(panel)];
  const double dx = std::abs(p.data.w / p.frame.w) * 2 * r, dy = std::abs(p.data.h / p.frame.h) * 2 * r;
  for (std::int64_t i = 0; i < vectors.n; ++i) {
    const Point at = scoreAt(pca, i);
    const std::int64_t token = i * vectors.step;
    const bool chosen = token == request.selection.query || token == request.selection.key;
    figure.scene.discs.push_back(
        {panel, at, chosen ? 1.6 * r : r, chosen ? figure.theme.accent : time.color(static_cast<double>(token))});
    figure.scene.links.push_back(
        {panel,
         {at.x - dx, at.y + dy, 2 * dx, -2 * dy},
         "key " + std::to_string(token),
         tokenName(*request.snapshot, token) + ": " + scene::numberText(at.x, 3) + ", " + scene::numberText(at.y, 3)});
  }
}

Result<Built> KvPcaView::build(const Request& request, std::stop_token stop) const {
  auto head = selectedKvHead(request);
  if (!head) return head.error();
  auto vectors = kvVectors(head->attention, stateOf(request), head->head, kMostTokens);
  if (!vectors) return vectors.error();
  if (stop.stop_requested()) return cancelled();
  auto pca = analysis::principalComponents(vectors->rows(), 2);
  if (!pca) return pca.error();
  const std::string what(hooks::kvStateTitle(stateOf(request)));
  Figure figure(request);
  const auto& theme = figure.theme;
  const double size = theme.denseSize, line = scene::lineHeight(size), pad = 0.8 * size;
  double top = pad;
  if (showsTitle(request)) {
    figure.heading("Principal components of " + what + " · " + kvHeadName(request, *head), pad, top + line / 2,
                   figure.width() - 2 * pad);
    top += 1.6 * line;
  }
  Chart chart{"pca", {pad, top, figure.width() - 2 * pad - figure.barWidth(), figure.height() - top - pad}};
  chart.x = axisOf(*pca, 0, vectors->n);
  chart.y = axisOf(*pca, 1, vectors->n);
  const int panel = addChart(figure, chart);
  scene::ColorScale time;
  time.map = "viridis";
  time.high = static_cast<double>(std::max<std::int64_t>(1, head->attention.tokens - 1));
  const scene::Rect frame = figure.scene.panels[static_cast<std::size_t>(panel)].frame;
  figure.bar(frame.x + frame.w, frame.y, frame.h, time, "token position");
  if (flagOf(request.parameters, "path")) {
    std::vector<Point> path;
    for (std::int64_t i = 0; i < vectors->n; ++i) path.push_back(scoreAt(*pca, i));
    figure.line(panel, std::move(path), mix(theme.canvas, theme.secondary, 0.5), theme.lineWidth);
  }
  addDots(figure, panel, request, *vectors, *pca, time);
  if (flagOf(request.parameters, "labels")) addLabels(figure, panel, request, *vectors, *pca);
  Built built;
  built.id = request.id;
  std::vector<std::string> names;
  for (std::int64_t i = 0; i < vectors->n; ++i) names.push_back(tokenName(*request.snapshot, i * vectors->step));
  const auto k = static_cast<std::int64_t>(pca->variance.size());
  built.data.push_back({"scores", "1", viewOf(pca->scores, {vectors->n, k}), std::move(names), {}});
  built.data.push_back({"components", "1", viewOf(pca->components, {k, vectors->d}), {}, {}});
  built.data.push_back({"variance", "1", viewOf(pca->variance, {k}), {}, {}});
  built.caption = captionStart(request, request.selection.layer, -1, head->attention.tokens) + " " + what +
                  " of key/value head " + std::to_string(head->head) +
                  " along their first two principal components (about the mean), coloured by token position.";
  built.scene = std::move(figure.scene);
  scene::finish(built.scene);
  return built;
}

} // namespace

std::unique_ptr<View> makeKvPcaView(const Shared&) { return std::make_unique<KvPcaView>(); }

} // namespace orrery::views
