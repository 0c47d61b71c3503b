// SPDX-License-Identifier: MIT
// "layers": one number of the spectrum of every matrix as a map, layers down, kinds of matrix across.
#include <algorithm>
#include <cmath>

#include "views/figure.h"
#include "views/scene/axes.h"
#include "views/scene/text_metrics.h"
#include "views/scene/ticks.h"
#include "views/weight_numbers.h"

namespace orrery::views {
namespace {

using scene::Rect;

ViewInfo makeInfo() {
  return {"layers",
          "Matrices by layer and kind",
          "weights",
          {{"number", ParameterKind::Choice, "stable_rank", spectrumNumberNames(), "which number of the spectrum"},
           scaleParameter(),
           lowParameter(),
           highParameter("of the number"),
           titleParameter()}};
}

class LayersView final : public BuiltInView {
public:
  explicit LayersView(const Shared& shared) : BuiltInView(makeInfo(), shared) {}
  Result<Built> build(const Request& request, std::stop_token stop) const override;
};

struct Kind {
  std::string key, title; // kindOf(); "q", "gate", or the name's own words
};

struct Grid {
  std::vector<Kind> kinds; // across, in file order
  std::int64_t layers = 0;
  std::vector<const MatrixSpectrum*> at; // [layers, kinds]; null: no such matrix
  std::vector<float> values;             // [layers, kinds]; NaN: none, or not there yet
  std::size_t index(std::int64_t layer, std::size_t kind) const {
    return static_cast<std::size_t>(layer) * kinds.size() + kind;
  }
};

// "layers.*.mlp.gate_proj.weight" -> "mlp.gate_proj"
std::string wordsOf(std::string key) {
  if (const auto star = key.find("*."); star != std::string::npos) key.erase(0, star + 2);
  if (key.ends_with(".weight")) key.resize(key.size() - 7);
  return key;
}

std::vector<const weights::Weight*> inLayers(const weights::WeightSet& set) {
  std::vector<const weights::Weight*> all;
  for (const weights::Weight* weight : matricesOf(set, "*"))
    if (weight->layer >= 0 && weight->layer < 10000) all.push_back(weight);
  return all;
}

Grid gridOf(const std::vector<MatrixSpectrum>& spectra, const SpectrumNumber& number) {
  Grid grid;
  for (const MatrixSpectrum& m : spectra) {
    grid.layers = std::max(grid.layers, m.weight->layer + 1);
    const std::string key = weights::kindOf(*m.weight);
    if (std::ranges::find(grid.kinds, key, &Kind::key) == grid.kinds.end())
      grid.kinds.push_back({key, m.weight->part.empty() || m.weight->expert >= 0 ? wordsOf(key) : m.weight->part});
  }
  grid.at.assign(static_cast<std::size_t>(grid.layers) * grid.kinds.size(), nullptr);
  grid.values.assign(grid.at.size(), std::nanf(""));
  for (const MatrixSpectrum& m : spectra) {
    const auto kind = std::ranges::find(grid.kinds, weights::kindOf(*m.weight), &Kind::key) - grid.kinds.begin();
    const std::size_t cell = grid.index(m.weight->layer, static_cast<std::size_t>(kind));
    grid.at[cell] = &m;
    if (m.spectrum && m.spectrum->ok()) grid.values[cell] = static_cast<float>(number.of(**m.spectrum));
  }
  return grid;
}

void addImage(Figure& figure, int panel, const Grid& grid, const scene::ColorScale& scale) {
  scene::ImageLayer image;
  image.panel = panel;
  image.width = static_cast<std::int64_t>(grid.kinds.size());
  image.height = grid.layers;
  image.data = {0, 0, static_cast<double>(image.width), static_cast<double>(image.height)};
  image.values = std::make_shared<const std::vector<float>>(grid.values);
  std::vector<std::uint8_t> mask; // what is not known is empty, not wrong
  for (const float value : grid.values) mask.push_back(std::isnan(value) ? 1 : 0);
  image.mask = std::make_shared<const std::vector<std::uint8_t>>(std::move(mask));
  image.scale = scale;
  image.scale.masked = mix(figure.theme.canvas, figure.theme.secondary, 0.08);
  figure.scene.images.push_back(std::move(image));
}

std::string tooltipOf(const MatrixSpectrum& m, const SpectrumNumber& number) {
  std::string text = m.weight->name + " " + shapeAndType(*m.weight) + "\n";
  if (!m.spectrum) return text + "computing";
  if (!m.spectrum->ok()) return text + m.spectrum->error().what;
  return text + std::string(number.title) + " " + scene::numberText(number.of(**m.spectrum), 6);
}

void addCells(Figure& figure, int panel, const Request& request, const Grid& grid, const SpectrumNumber& number,
              const scene::ColorScale& scale) {
  const Rect frame = figure.scene.panels[static_cast<std::size_t>(panel)].frame;
  const double w = frame.w / static_cast<double>(grid.kinds.size()), h = frame.h / static_cast<double>(grid.layers);
  const double size = figure.theme.denseSize;
  const int chars = h >= 1.15 * size ? static_cast<int>((w - 3) / (size * scene::kMonoAdvance)) : 0;
  for (std::int64_t layer = 0; layer < grid.layers; ++layer)
    for (std::size_t kind = 0; kind < grid.kinds.size(); ++kind) {
      const MatrixSpectrum* m = grid.at[grid.index(layer, kind)];
      if (!m) continue;
      const auto x = static_cast<double>(kind), y = static_cast<double>(layer);
      const auto value = static_cast<double>(grid.values[grid.index(layer, kind)]);
      figure.scene.links.push_back({panel, {x, y, 1, 1}, tensorAction(*m->weight), tooltipOf(*m, number)});
      if (m->weight->name == request.selection.tensor)
        figure.outline(panel, {x, y, 1, 1}, figure.theme.accent, figure.print ? 1 : 2);
      std::string text =
          std::isfinite(value) && chars >= 2 ? numberIn(value, chars, value < 10 ? 2 : 1) : std::string();
      if (!text.empty())
        figure.text({x + 0.5, y + 0.5}, std::move(text), size, inkOn(scale.color(value)), scene::Align::Center,
                    scene::VAlign::Middle, true, panel);
    }
}

Result<scene::ColorScale> scaleOf(const Request& request, const Figure& figure, const Grid& grid) {
  const double low = quantile(grid.values, {}, 0).value_or(0), high = quantile(grid.values, {}, 1).value_or(1);
  const bool log = textOf(request.parameters, "scale") == "log";
  return rangeOf(request, figure.theme, log && low > 0 ? low / 1.1 : 0, high > 0 ? niceCeil(high) : 1);
}

Result<Built> LayersView::build(const Request& request, std::stop_token stop) const {
  if (!request.weights) return notFound("no checkpoint is open whose weights could be shown");
  const auto matrices = inLayers(*request.weights);
  if (matrices.empty()) return notFound("no matrix of this checkpoint has a layer number in its name");
  Missing missing(request, m_shared.tiles, stop);
  const auto spectra = spectraOf(request, matrices, m_shared, missing, stop);
  if (stop.stop_requested()) return cancelled();
  const SpectrumNumber& number = *findSpectrumNumber(textOf(request.parameters, "number"));
  const Grid grid = gridOf(spectra, number);
  Figure figure(request);
  auto scale = scaleOf(request, figure, grid);
  if (!scale) return scale.error();
  const auto& theme = figure.theme;
  const double size = theme.denseSize, line = scene::lineHeight(size), pad = 0.8 * size;
  std::vector<std::string> titles;
  for (const Kind& kind : grid.kinds) titles.push_back(kind.title);
  const double below = scene::labelRoom(titles, size, 9 * size, false);
  const double labels = scene::textWidth(std::to_string(grid.layers), size) + 0.6 * size;
  const double left = pad + 1.3 * line + labels, top = pad + (showsTitle(request) ? 1.6 * line : 0);
  const auto columns = static_cast<double>(grid.kinds.size());
  const double cellW = std::min(std::max(1.0, figure.width() - left - pad - figure.barWidth()) / columns, 7 * size);
  const double cellH =
      std::min(std::max(1.0, figure.height() - top - below - pad - size) / static_cast<double>(grid.layers), 3 * size);
  const Rect plot{left, top, cellW * columns, cellH * static_cast<double>(grid.layers)};
  const Rect data{0, 0, columns, static_cast<double>(grid.layers)};
  const int panel = figure.panel("layers", plot, data, data, false);
  addImage(figure, panel, grid, *scale);
  addCells(figure, panel, request, grid, number, *scale);
  const std::int64_t chosen = request.selection.layer < grid.layers ? request.selection.layer : -1;
  scene::CellAxis axis{.panel = panel, .side = scene::Side::Left, .room = labels, .count = grid.layers, .label = {}};
  axis.mono = false;
  axis.highlight = chosen;
  scene::addCellAxis(figure.scene, axis, theme);
  scene::CellAxis kinds{.panel = panel, .side = scene::Side::Bottom, .room = below, .count = 0, .label = {}};
  kinds.count = static_cast<std::int64_t>(grid.kinds.size());
  kinds.label = [&titles](std::int64_t i) { return titles[static_cast<std::size_t>(i)]; };
  kinds.mono = kinds.numbered = false;
  scene::addCellAxis(figure.scene, kinds, theme);
  scene::addAxisTitle(figure.scene, plot, scene::Side::Left, labels + 0.5 * size, "layer", theme);
  figure.bar(plot.x + plot.w, plot.y, plot.h, *scale, std::string(number.title));
  const std::size_t there = known(spectra);
  const std::string progress =
      there < spectra.size() ? " · " + std::to_string(there) + " of " + std::to_string(spectra.size()) + " matrices"
                             : "";
  if (showsTitle(request))
    figure.heading(std::string(number.title) + " by layer and kind · " + checkpointName(*request.weights) + progress,
                   pad, pad + line / 2, figure.width() - 2 * pad);

  Built built;
  built.id = request.id;
  built.incomplete = missing.ask();
  std::vector<std::string> rows;
  for (std::int64_t l = 0; l < grid.layers; ++l) rows.push_back("layer " + std::to_string(l));
  built.data.push_back({std::string(number.name), "1",
                        viewOf(grid.values, {grid.layers, static_cast<std::int64_t>(titles.size())}), std::move(rows),
                        titles});
  built.caption = "Checkpoint " + checkpointName(*request.weights) + ": " + std::string(number.title) +
                  " of every matrix, layers down, kinds across" + progress + "." +
                  rangeSentence(*scale, std::string(number.title));
  built.scene = std::move(figure.scene);
  scene::finish(built.scene);
  return built;
}

} // namespace

std::unique_ptr<View> makeLayersView(const Shared& shared) { return std::make_unique<LayersView>(shared); }

} // namespace orrery::views
