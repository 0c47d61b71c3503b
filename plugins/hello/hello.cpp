// SPDX-License-Identifier: MIT
#include "plugins/hello/hello.h"

#include <algorithm>
#include <cmath>

#include "views/scene/axes.h"
#include "views/scene/text_metrics.h"
#include "views/scene/ticks.h"

namespace orrery::plugins {
namespace {

using views::Built;
using views::Request;

std::string hookOf(std::size_t layer) { return "blocks." + std::to_string(layer) + ".hook_resid_post"; }

// sqrt(sum over D of x^2) of each position of one layer; NaN where nothing was captured.
std::vector<float> normsOf(const store::HookChannel& channel, std::int64_t tokens) {
  std::vector<float> norms(static_cast<std::size_t>(tokens), std::nanf(""));
  for (std::size_t b = 0; b < channel.blocks.size(); ++b) {
    const store::HookBlock& block = channel.blocks[b]; // [B = 1, T, D]
    const std::vector<double> values = toDoubles(block.value);
    const std::size_t width = block.count > 0 ? values.size() / static_cast<std::size_t>(block.count) : 0;
    for (std::int64_t t = 0; t < block.count && block.begin + t < tokens; ++t) {
      double sum = 0;
      for (std::size_t d = 0; d < width; ++d) {
        const double x = values[static_cast<std::size_t>(t) * width + d];
        sum += x * x;
      }
      norms[static_cast<std::size_t>(block.begin + t)] = static_cast<float>(std::sqrt(sum));
    }
  }
  return norms;
}

class ResidualNormView final : public views::View {
public:
  const views::ViewInfo& info() const override { return m_info; }

  Result<Built> build(const Request& request, std::stop_token stop) const override {
    if (!request.snapshot || request.snapshot->length() < 1) return notFound("no tokens yet: run a prompt first");
    const store::Snapshot& snapshot = *request.snapshot;
    const std::int64_t shown = request.selection.shownTokens, all = snapshot.length();
    const std::int64_t tokens = std::max<std::int64_t>(1, shown < 0 ? all : std::min(shown, all));
    std::vector<float> norms; // [L, T]
    std::int64_t layers = 0;
    for (auto at = snapshot.hooks.find(hookOf(0)); at != snapshot.hooks.end();
         at = snapshot.hooks.find(hookOf(static_cast<std::size_t>(layers)))) {
      if (stop.stop_requested()) return cancelled();
      const std::vector<float> row = normsOf(at->second, tokens);
      norms.insert(norms.end(), row.begin(), row.end());
      ++layers;
    }
    if (layers == 0)
      return notFound("residual-norm needs the hook " + hookOf(0) + ": capture blocks.*.hook_resid_post");
    return draw(request, std::move(norms), layers, tokens);
  }

private:
  static Built draw(const Request& request, std::vector<float> norms, std::int64_t layers, std::int64_t tokens) {
    const scene::Theme& theme = scene::theme(request.theme);
    const double labels = 3 * theme.denseSize;
    const scene::MapFrames frames =
        scene::mapFrames(request.width, request.height, theme, {labels, 2 * labels, true, false, true, 0});
    Built built;
    built.id = request.id;
    built.scene.width = request.width;
    built.scene.height = request.height;
    built.scene.background = theme.canvas;
    const scene::Rect all{0, 0, static_cast<double>(tokens), static_cast<double>(layers)};
    scene::Panel panel;
    panel.name = "residual-norm";
    panel.frame = frames.plot;
    panel.data = panel.limits = all;
    built.scene.panels.push_back(panel);
    scene::ImageLayer image;
    image.data = all;
    image.width = tokens;
    image.height = layers;
    image.scale.map = theme.sequential;
    for (const float norm : norms)
      if (std::isfinite(norm)) image.scale.high = std::max(image.scale.high, static_cast<double>(norm));
    image.values = std::make_shared<const std::vector<float>>(norms);
    built.scene.images.push_back(image);
    addAxes(built.scene, request, layers, tokens, labels);
    scene::addColorBar(built.scene, frames.bar, image.scale, "norm of the residual stream", theme);
    built.data.push_back({"residual norm", "residual", viewOf(std::move(norms), {layers, tokens}), {}, {}});
    built.caption = "Euclidean norm of hook_resid_post; layers down, tokens across; linear from 0 to " +
                    scene::numberText(image.scale.high, 3) + ".";
    scene::finish(built.scene);
    return built;
  }

  static void addAxes(scene::Scene& scene, const Request& request, std::int64_t layers, std::int64_t tokens,
                      double room) {
    const scene::Theme& theme = scene::theme(request.theme);
    scene::CellAxis rows;
    rows.room = room;
    rows.count = layers;
    scene::addCellAxis(scene, rows, theme);
    scene::CellAxis columns;
    columns.side = scene::Side::Bottom;
    columns.room = 2 * room;
    columns.count = tokens;
    columns.highlight = request.selection.query < tokens ? request.selection.query : -1;
    columns.label = [snapshot = request.snapshot](std::int64_t i) {
      const auto at = static_cast<std::size_t>(i);
      return at < snapshot->pieces.size() ? scene::tokenLabel(snapshot->pieces[at]) : std::string();
    };
    scene::addCellAxis(scene, columns, theme);
    const scene::Rect plot = scene.panels[0].frame;
    scene::addAxisTitle(scene, plot, scene::Side::Left, room + theme.denseSize * 0.6, "layer", theme);
    scene::addAxisTitle(scene, plot, scene::Side::Bottom, 2 * room + theme.denseSize * 0.6, "token", theme);
  }

  const views::ViewInfo m_info{"residual-norm", "Norm of the residual stream", "trace", {}};
};

} // namespace

Status registerHello(PluginHost& host) { return host.addView(std::make_unique<ResidualNormView>()); }

} // namespace orrery::plugins
