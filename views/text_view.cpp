// SPDX-License-Identifier: MIT
// "text": the text itself, shaded by what one token attends to (or by who attends to it), for one head or the mean of
// several.
#include <algorithm>
#include <charconv>
#include <cmath>

#include "core/base/text.h"
#include "views/attention_map.h"
#include "views/built_in.h"
#include "views/scene/text_metrics.h"
#include "views/scene/ticks.h"
#include "views/token_flow.h"

namespace orrery::views {
namespace {

using scene::Color;
using scene::Rect;

ViewInfo makeInfo() {
  return {"text",
          "Attention over the text",
          "trace",
          {{"heads", ParameterKind::Text, "selected", {}, "selected, layer, all, or a list L.H,L.H: the mean of these"},
           {"direction",
            ParameterKind::Choice,
            "attends",
            {"attends", "attended"},
            "what the chosen token attends to, or which tokens attend to it"},
           scaleParameter(),
           lowParameter(),
           highParameter("probability"),
           titleParameter()}};
}

struct HeadId {
  std::int64_t layer = 0, head = 0;
};

std::optional<std::int64_t> numberFrom(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 0) return std::nullopt;
  return value;
}

Result<std::vector<HeadId>> listedHeads(std::string_view text) {
  std::vector<HeadId> heads;
  const Error wrong =
      badInput("parameter \"heads\": expected selected, layer, all or a list like 0.1,3.2, got " + inQuotes(text));
  while (!text.empty()) {
    const std::size_t comma = text.find(',');
    const std::string_view one = text.substr(0, comma);
    const std::size_t dot = one.find('.');
    if (dot == std::string_view::npos) return wrong;
    const auto layer = numberFrom(one.substr(0, dot)), head = numberFrom(one.substr(dot + 1));
    if (!layer || !head || heads.size() > 4096) return wrong;
    heads.push_back({*layer, *head});
    text = comma == std::string_view::npos ? std::string_view() : text.substr(comma + 1);
  }
  if (heads.empty()) return wrong;
  return heads;
}

void addLayer(std::vector<HeadId>& heads, const store::Snapshot& snapshot, std::int64_t layer) {
  const std::int64_t count = snapshot.attention[static_cast<std::size_t>(layer)].heads;
  for (std::int64_t h = 0; h < count; ++h) heads.push_back({layer, h});
}

Result<std::vector<HeadId>> chosenHeads(const Request& request) {
  const std::string text = textOf(request.parameters, "heads");
  const Selection& s = request.selection;
  if (text == "selected") return std::vector<HeadId>{{s.layer, s.head}};
  if (text != "layer" && text != "all") return listedHeads(text);
  std::vector<HeadId> heads;
  const auto layers = static_cast<std::int64_t>(request.snapshot->attention.size());
  for (std::int64_t l = 0; l < layers; ++l)
    if (text == "all" || l == s.layer) addLayer(heads, *request.snapshot, l);
  if (heads.empty()) return notFound("layer " + std::to_string(s.layer) + ": this run has no such layer");
  return heads;
}

// Mean over heads of the attention between `focus` and every token; NaN where masked.
Result<std::vector<double>> meanWeights(const Request& request, const std::vector<HeadId>& heads, std::int64_t focus,
                                        std::int64_t tokens, const std::stop_token& stop) {
  const bool attends = textOf(request.parameters, "direction") == "attends";
  std::vector<double> sum(static_cast<std::size_t>(tokens), 0);
  for (const HeadId& id : heads) {
    if (stop.stop_requested()) return cancelled();
    auto attention = layerAttention(request, id.layer);
    if (!attention.ok()) return attention.error();
    if (id.head >= attention->record->heads || id.head < 0)
      return notFound("head " + std::to_string(id.head) + ": layer " + std::to_string(id.layer) + " has heads 0 to " +
                      std::to_string(attention->record->heads - 1));
    const std::int64_t n = std::min(tokens, attention->tokens);
    if (focus >= n) continue; // this layer has not got there yet
    const hooks::TileRange one{focus, focus + 1}, all{0, n};
    auto cells = attends ? hooks::attentionTile(*attention->record, id.head, one, all)
                         : hooks::attentionTile(*attention->record, id.head, all, one);
    if (!cells.ok()) return cells.error();
    const TensorView& lse = attention->record->lse; // a row without a finite one has no pattern
    for (std::int64_t i = 0; i < n; ++i) {
      const double norm = elementAt(lse, id.head * lse.strides[0] + (attends ? focus : i) * lse.strides[1]);
      const auto at = static_cast<std::size_t>(i);
      sum[at] += std::isfinite(norm) ? static_cast<double>((*cells)[at]) : std::nan("");
    }
  }
  for (std::int64_t i = 0; i < tokens; ++i) {
    double& value = sum[static_cast<std::size_t>(i)];
    value /= static_cast<double>(heads.size());
    if (attends ? i > focus : i < focus) value = std::nan("");
  }
  return sum;
}

// Without the first token, which most heads use as a resting place: it would take all the range.
double autoHigh(const std::vector<double>& weights) {
  double most = 0;
  for (std::size_t i = 1; i < weights.size(); ++i)
    if (std::isfinite(weights[i])) most = std::max(most, weights[i]);
  if (most <= 0 && !weights.empty() && std::isfinite(weights[0])) most = weights[0];
  return niceCeil(most);
}

std::string headsText(const Request& request, const std::vector<HeadId>& heads) {
  const std::string text = textOf(request.parameters, "heads");
  if (text == "all") return "mean of all " + std::to_string(heads.size()) + " heads";
  if (text == "layer")
    return "mean of the " + std::to_string(heads.size()) + " heads of layer " + std::to_string(heads[0].layer);
  if (heads.size() == 1) return "layer " + std::to_string(heads[0].layer) + ", head " + std::to_string(heads[0].head);
  return "mean of heads " + scene::cleanText(text, 60);
}

class TextView final : public BuiltInView {
public:
  TextView() : BuiltInView(makeInfo()) {}
  Result<Built> build(const Request& request, std::stop_token stop) const override;
};

struct Page {
  FlowPage flow;
  std::int64_t focus = 0;
  bool attends = true;
  std::vector<double> weights; // [T]; NaN: masked, or not finite
  scene::ColorScale scale;
  double size = 12;
};

void addTokens(Figure& figure, const Request& request, const Page& page) {
  const auto& theme = figure.theme;
  for (const FlowItem& item : page.flow.items) {
    const double weight = page.weights[static_cast<std::size_t>(item.position)];
    const bool masked = page.attends ? item.position > page.focus : item.position < page.focus;
    const Color shade = std::isfinite(weight) ? page.scale.color(weight) : page.scale.nonFinite;
    const Color ground = masked ? theme.canvas : shade;
    std::string tooltip = tokenName(*request.snapshot, item.position);
    if (!masked) tooltip += "\nattention " + scene::numberText(weight, 4);
    addFlowItem(figure, item, ground, page.size, std::move(tooltip));
    if (masked) figure.scene.texts.back().color = theme.disabled;
    if (item.position != page.focus && item.position != request.selection.key) continue;
    const double width = item.position == page.focus ? (figure.print ? 1 : 2) : (figure.print ? 0.5 : 1);
    figure.outline(scene::kNoPanel, {item.rect.x, item.rect.y, item.rect.w - 1, item.rect.h}, theme.accent, width);
  }
}

Result<Built> TextView::build(const Request& request, std::stop_token stop) const {
  if (auto first = layerAttention(request, 0); !first.ok()) return first.error();
  const std::int64_t T = shownTokens(request);
  auto heads = chosenHeads(request);
  if (!heads.ok()) return heads.error();
  Figure figure(request);
  const auto& theme = figure.theme;
  Page page;
  page.size = figure.print ? theme.textSize : theme.textSize + 1;
  page.focus = request.selection.query >= 0 && request.selection.query < T ? request.selection.query : T - 1;
  page.attends = textOf(request.parameters, "direction") == "attends";
  auto weights = meanWeights(request, *heads, page.focus, T, stop);
  if (!weights.ok()) return weights.error();
  page.weights = std::move(*weights);
  auto scale = rangeOf(request, theme, 0, autoHigh(page.weights));
  if (!scale.ok()) return scale.error();
  page.scale = *scale;

  const double size = theme.denseSize, pad = 0.8 * size, line = scene::lineHeight(size);
  const double top = pad + (showsTitle(request) ? 1.6 * line : 0), foot = pad + 1.3 * line;
  const bool bar = figure.width() >= 200;
  const Rect room{pad, top, std::max(20.0, figure.width() - 2 * pad - (bar ? figure.barWidth() : 0)),
                  std::max(1.0, figure.height() - top - foot)};
  page.flow = flowPage(*request.snapshot, T, page.focus, figure, room, page.size);
  addTokens(figure, request, page);
  const std::string quantity = heads->size() > 1 ? "mean attention probability" : "attention probability";
  if (bar) figure.bar(room.x + room.w, room.y, std::min(room.h, 16 * size), page.scale, quantity);
  const std::string what = "what " + tokenName(*request.snapshot, page.focus) + " attends to";
  const std::string who = "which tokens attend to " + tokenName(*request.snapshot, page.focus);
  const std::string subject = (page.attends ? what : who) + ", " + headsText(request, *heads);
  if (showsTitle(request)) figure.heading(subject, pad, pad + line / 2, figure.width() - 2 * pad);
  addPageLine(figure, page.flow, room.x + room.w, figure.height() - 0.4 * size - line / 2);

  Built built;
  built.id = request.id;
  std::vector<std::string> names;
  for (std::int64_t i = 0; i < T; ++i) names.push_back(tokenName(*request.snapshot, i));
  built.data.push_back({"attention", "probability", viewOf(page.weights, {T}), std::move(names), {}});
  built.caption = captionStart(request, -1, -1, T) + " Shaded: " + subject + "." + rangeSentence(page.scale, quantity);
  built.scene = std::move(figure.scene);
  scene::finish(built.scene);
  return built;
}

} // namespace

std::unique_ptr<View> makeTextView(const Shared&) { return std::make_unique<TextView>(); }

} // namespace orrery::views
