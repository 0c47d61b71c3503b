// SPDX-License-Identifier: MIT
// "tokens": the token strip, coloured by surprisal (how unexpected the model found each token).
#include <algorithm>
#include <cmath>

#include "views/attention_map.h"
#include "views/built_in.h"
#include "views/scene/text_metrics.h"
#include "views/scene/ticks.h"
#include "views/surprisal.h"
#include "views/token_flow.h"

namespace orrery::views {
namespace {

using scene::Rect;

ViewInfo makeInfo() {
  return {"tokens",
          "Tokens",
          "trace",
          {unitParameter(), scaleParameter(), lowParameter(), highParameter("in the unit"), titleParameter()}};
}

class TokensView final : public BuiltInView {
public:
  TokensView() : BuiltInView(makeInfo()) {}
  Result<Built> build(const Request& request, std::stop_token stop) const override;
};

std::string tooltipOf(const Request& request, std::int64_t position, double surprisal, const std::string& unit) {
  const store::Snapshot& s = *request.snapshot;
  std::string text = tokenName(s, position) + "\nid " + std::to_string(s.tokens[static_cast<std::size_t>(position)]) +
                     (position < s.promptTokens ? ", prompt" : ", generated");
  if (std::isfinite(surprisal)) text += "\nsurprisal " + scene::numberText(surprisal, 4) + " " + unit;
  return text;
}

// Generated tokens stand on a thin line, so that they are told from the prompt without colour.
void addTokens(Figure& figure, const Request& request, const FlowPage& page, const std::vector<double>& surprisal,
               const scene::ColorScale& scale, const std::string& unit, double size) {
  const auto& theme = figure.theme;
  for (const FlowItem& item : page.items) {
    const double value = surprisal[static_cast<std::size_t>(item.position)];
    const scene::Color ground = std::isfinite(value) ? scale.color(value) : theme.canvas;
    addFlowItem(figure, item, ground, size, tooltipOf(request, item.position, value, unit));
    const Rect& r = item.rect;
    if (item.position >= request.snapshot->promptTokens)
      figure.line(scene::kNoPanel, {{r.x, r.y + r.h - 0.5}, {r.x + r.w - 1, r.y + r.h - 0.5}}, theme.good,
                  theme.lineWidth);
    if (item.position == request.selection.query || item.position == request.selection.key)
      figure.outline(scene::kNoPanel, {r.x, r.y, r.w - 1, r.h}, theme.accent,
                     item.position == request.selection.query && !figure.print ? 2 : 1);
  }
}

Result<Built> TokensView::build(const Request& request, std::stop_token stop) const {
  if (!request.snapshot || shownTokens(request) < 1)
    return notFound("no tokens yet: open a checkpoint, type a prompt and run it");
  const std::int64_t T = shownTokens(request);
  const std::string unit = textOf(request.parameters, "unit");
  const std::vector<double> surprisal = surprisalOf(request);
  if (stop.stop_requested()) return cancelled();
  Figure figure(request);
  const auto& theme = figure.theme;
  std::vector<float> finite(surprisal.begin(), surprisal.end());
  auto scale = rangeOf(request, theme, 0, niceCeil(quantile(finite, {}, 0.98).value_or(1)));
  if (!scale.ok()) return scale.error();

  const double size = theme.denseSize, pad = 0.8 * size, line = scene::lineHeight(size);
  const double textSize = figure.print ? theme.textSize : theme.textSize + 1;
  const double top = pad + (showsTitle(request) && figure.height() >= 120 ? 1.6 * line : 0);
  const bool bar = figure.width() >= 200 && figure.height() >= 60;
  const Rect whole{pad, top, std::max(20.0, figure.width() - 2 * pad - (bar ? figure.barWidth() : 0)),
                   std::max(1.0, figure.height() - top - pad)};
  const std::int64_t at = request.selection.query;
  const std::int64_t focus = at >= 0 && at < T ? at : T - 1;
  FlowPage page = flowPage(*request.snapshot, T, focus, figure, whole, textSize);
  if (page.first > 0 || page.end < T) // room for the line that names the page
    page = flowPage(*request.snapshot, T, focus, figure, {whole.x, whole.y, whole.w, whole.h - line}, textSize);
  addTokens(figure, request, page, surprisal, *scale, unit, textSize);
  if (bar) figure.bar(whole.x + whole.w, whole.y, std::min(whole.h, 16 * size), *scale, "surprisal (" + unit + ")");
  if (showsTitle(request) && figure.height() >= 120)
    figure.heading("Tokens by surprisal · " + std::to_string(T) + " tokens", pad, pad + line / 2,
                   figure.width() - 2 * pad);
  addPageLine(figure, page, whole.x + whole.w, figure.height() - 0.3 * size - line / 2);

  Built built;
  built.id = request.id;
  std::vector<std::string> names;
  for (std::int64_t i = 0; i < T; ++i) names.push_back(tokenName(*request.snapshot, i));
  built.data.push_back({"surprisal", unit, viewOf(surprisal, {T}), names, {}});
  built.caption = captionStart(request, -1, -1, T) + " Tokens shaded by surprisal." +
                  rangeSentence(*scale, "surprisal (" + unit + ")");
  if (request.snapshot->promptTokens < T) built.caption += " Underlined: generated.";
  built.scene = std::move(figure.scene);
  scene::finish(built.scene);
  return built;
}

} // namespace

std::unique_ptr<View> makeTokensView(const Shared&) { return std::make_unique<TokensView>(); }

} // namespace orrery::views
