// SPDX-License-Identifier: MIT
// "spectrum": the singular values of a matrix, or of the same matrix in all layers: over their rank, with the power law
// that fits, or as a density beside what a random matrix would have.
#include <algorithm>
#include <cmath>

#include "core/weights/spectra.h"
#include "views/scene/text_metrics.h"
#include "views/scene/ticks.h"
#include "views/value_plot.h"
#include "views/weight_numbers.h"

namespace orrery::views {
namespace {

using scene::Point;
using scene::Rect;

ViewInfo makeInfo() {
  return {
      "spectrum",
      "Spectrum of a matrix",
      "weights",
      {{"plot", ParameterKind::Choice, "rank", {"rank", "density"}, "values over their rank, or how dense they lie"},
       {"set", ParameterKind::Choice, "matrix", {"matrix", "layers"}, "the selected matrix, or the same of all layers"},
       {"of", ParameterKind::Choice, "weights", {"weights", "update"}, "the matrix, or what another checkpoint adds"},
       stepParameter(),
       {"bins", ParameterKind::Integer, "60", {}, "of the density"},
       titleParameter()}};
}

class SpectrumView final : public BuiltInView {
public:
  explicit SpectrumView(const Shared& shared) : BuiltInView(makeInfo(), shared) {}
  Result<Built> build(const Request& request, std::stop_token stop) const override;
};

std::vector<const weights::Weight*> chosenSet(const Request& request, const weights::Weight& chosen) {
  if (textOf(request.parameters, "set") != "layers") return {&chosen};
  std::vector<const weights::Weight*> all;
  for (const weights::Weight& weight : request.weights->weights())
    if (weight.matrix() && weights::kindOf(weight) == weights::kindOf(chosen)) all.push_back(&weight);
  return all;
}

// Of B - A, B the checkpoint that it is compared with.
Result<std::vector<MatrixSpectrum>> updateSpectra(const Request& request,
                                                  const std::vector<const weights::Weight*>& all, const Shared& shared,
                                                  Missing& missing) {
  auto other = chosenOther(request);
  if (!other) return other.error();
  std::vector<MatrixSpectrum> spectra;
  for (const weights::Weight* from : all) {
    auto to = weightIn(**other, *from);
    if (!to) return to.error();
    TileKey key = weightKey(*request.weights, indexOf(*request.weights, *from), kUpdateSpectrumOf);
    key.head = static_cast<std::int64_t>((*other)->id());
    spectra.push_back({from, missing.get<analysis::Spectrum>(
                                 shared.weights, &WeightCaches::spectra, key,
                                 [a = request.weights, b = *other, from, there = *to](const std::stop_token& stop) {
                                   return weights::spectrumOfChange(a, *from, b, *there, {}, stop);
                                 })});
  }
  return spectra;
}

struct Plotted {
  const Request& request;
  Figure& figure;
  const weights::Weight& chosen;
  std::vector<MatrixSpectrum> spectra;          // all of the set
  const analysis::Spectrum* spectrum = nullptr; // of the chosen one, if it is there
  double low = 0, high = 0;                     // of all values: the smallest positive one, the largest
  std::size_t most = 0;                         // values of the longest spectrum
};

void findRange(Plotted& p) {
  for (const MatrixSpectrum& m : p.spectra) {
    if (!m.spectrum || !m.spectrum->ok()) continue;
    const analysis::Spectrum& s = **m.spectrum;
    p.most = std::max(p.most, s.values.size());
    const std::size_t shown = s.estimated ? s.values.size() : static_cast<std::size_t>(s.rank); // rounding left out
    for (std::size_t i = 0; i < shown; ++i) {
      const double value = s.values[i];
      if (value > 0) p.low = p.low > 0 ? std::min(p.low, value) : value;
      p.high = std::max(p.high, value);
    }
    if (m.weight == &p.chosen) p.high = std::max(p.high, s.mpEdge);
  }
}

scene::Color colorOf(const Plotted& p, const weights::Weight& weight) {
  const auto& theme = p.figure.theme;
  if (&weight == &p.chosen) return p.spectra.size() > 1 ? theme.accent : theme.info;
  const double at = p.spectra.size() < 2 ? 0
                                         : static_cast<double>(&weight - p.request.weights->weights().data()) /
                                               static_cast<double>(p.request.weights->weights().size());
  return mix(mix(theme.canvas, theme.info, 0.35), mix(theme.canvas, theme.good, 0.7), at);
}

// k-th largest eigenvalue of the law: x = xmin (n / k)^(1 / (alpha - 1)), s its root.
void addPowerLaw(Plotted& p, const ValuePlot& plot) {
  if (!p.spectrum->powerLaw) return;
  const analysis::PowerLaw& law = *p.spectrum->powerLaw;
  std::vector<Point> curve;
  const auto n = static_cast<double>(law.tail);
  for (const double k : {1.0, n}) curve.push_back({k, std::sqrt(law.xmin * std::pow(n / k, 1 / (law.alpha - 1)))});
  curve[0].y = std::min(curve[0].y, plot.y.high * 1e3); // clipped by the frame
  addCurve(p.figure, plot, curve, p.figure.theme.warn, p.figure.print ? 0.8 : 1.5);
}

void label(Plotted& p, const ValuePlot& plot, Point at, const std::string& text, scene::Color color,
           scene::Align align) {
  const scene::Panel& panel = p.figure.scene.panels[static_cast<std::size_t>(plot.panel)];
  const Point where = scene::toScene(panel, plot.point(at.x, at.y));
  const double size = p.figure.theme.denseSize;
  if (where.y < plot.frame.y + 1.3 * size || scene::textWidth(text, size) > plot.frame.w) return;
  p.figure.text({where.x, where.y - 0.3 * size}, text, size, color, align, scene::VAlign::Bottom);
}

ValuePlot addRankPlot(Plotted& p, const Rect& room) {
  ValuePlot plot{room,
                 {1, std::max(2.0, static_cast<double>(p.most)), true, "rank"},
                 {p.low / 1.15, p.high * 1.15, true, "singular value"},
                 "spectrum"};
  addValuePlot(p.figure, plot);
  for (const bool chosen : {false, true}) // the chosen one on top
    for (const MatrixSpectrum& m : p.spectra) {
      if (!m.spectrum || !m.spectrum->ok() || (m.weight == &p.chosen) != chosen) continue;
      const analysis::Spectrum& s = **m.spectrum;
      std::vector<Point> curve;
      const std::size_t shown = s.estimated ? s.values.size() : static_cast<std::size_t>(s.rank);
      for (std::size_t i = 0; i < shown; ++i) curve.push_back({static_cast<double>(i + 1), s.values[i]});
      addCurve(p.figure, plot, curve, colorOf(p, *m.weight), p.figure.print ? 0.7 : chosen ? 1.6 : 1);
    }
  if (!p.spectrum) return plot;
  addPowerLaw(p, plot);
  if (p.spectrum->mpEdge > p.low) {
    const auto n = static_cast<double>(std::max<std::size_t>(2, p.most));
    addDashed(p.figure, plot, {1, p.spectrum->mpEdge}, {n, p.spectrum->mpEdge}, p.figure.theme.secondary);
    label(p, plot, {n, p.spectrum->mpEdge}, "Marchenko-Pastur edge", p.figure.theme.secondary, scene::Align::Right);
  }
  return plot;
}

struct Bins {
  double width = 1;
  std::vector<double> density; // integrates to 1
};
Bins binsOf(const analysis::Spectrum& s, double high, std::int64_t count) {
  Bins bins{high / static_cast<double>(count), std::vector<double>(static_cast<std::size_t>(count), 0.0)};
  const double each = 1 / (static_cast<double>(s.values.size()) * bins.width);
  for (const double value : s.values)
    bins.density[std::min(bins.density.size() - 1, static_cast<std::size_t>(value / bins.width))] += each;
  return bins;
}

ValuePlot addDensityPlot(Plotted& p, const Rect& room) {
  const std::int64_t count = std::clamp<std::int64_t>(integerOf(p.request.parameters, "bins"), 2, 1000);
  const double high = p.high > 0 ? p.high * 1.02 : 1;
  double top = 0;
  std::vector<std::pair<const weights::Weight*, Bins>> all;
  for (const MatrixSpectrum& m : p.spectra)
    if (m.spectrum && m.spectrum->ok() && !(**m.spectrum).values.empty()) {
      all.emplace_back(m.weight, binsOf(**m.spectrum, high, count));
      top = std::max(top, *std::ranges::max_element(all.back().second.density));
    }
  ValuePlot plot{room, {0, high, false, "singular value"}, {0, top > 0 ? 1.08 * top : 1, false, "density"}, "spectrum"};
  addValuePlot(p.figure, plot);
  for (const bool chosen : {false, true})
    for (const auto& [weight, bins] : all) {
      if ((weight == &p.chosen) != chosen) continue;
      std::vector<Point> steps;
      for (std::size_t i = 0; i < bins.density.size(); ++i)
        for (const double x : {static_cast<double>(i), static_cast<double>(i + 1)})
          steps.push_back({x * bins.width, bins.density[i]});
      addCurve(p.figure, plot, steps, colorOf(p, *weight), p.figure.print ? 0.7 : chosen ? 1.6 : 1);
    }
  if (!p.spectrum || !(p.spectrum->mpEdge > 0)) return plot;
  const analysis::Spectrum& s = *p.spectrum;
  const double std = s.mpEdge / (std::sqrt(static_cast<double>(s.rows)) + std::sqrt(static_cast<double>(s.cols)));
  std::vector<Point> law;
  for (int i = 0; i <= 400; ++i) {
    const double x = s.mpLower + (s.mpEdge - s.mpLower) * i / 400;
    law.push_back({x, std::min(plot.y.high, analysis::marchenkoPasturDensity(x, s.rows, s.cols, std))});
  }
  addCurve(p.figure, plot, law, p.figure.theme.secondary, p.figure.print ? 0.6 : 1);
  addDashed(p.figure, plot, {s.mpEdge, 0}, {s.mpEdge, plot.y.high}, p.figure.theme.secondary);
  return plot;
}

std::vector<std::string> linesOf(const analysis::Spectrum& s) {
  const auto number = [](double x) { return scene::numberText(x, 4); };
  if (s.values.empty() || !(s.values.front() > 0)) return {"all singular values are 0"};
  std::vector<std::string> lines = {"s_1 " + number(s.values.front()), "stable rank " + number(s.stableRank)};
  if (s.estimated) {
    lines.push_back("estimate of the " + std::to_string(s.values.size()) + " largest");
    return lines;
  }
  lines.push_back("effective rank " + number(s.effectiveRankSingular) + " / " + number(s.effectiveRankEnergy));
  if (s.powerLaw)
    lines.push_back("alpha " + scene::numberText(s.powerLaw->alpha, 3) + " ± " +
                    scene::numberText(s.powerLaw->error, 2) + " over " + std::to_string(s.powerLaw->tail));
  lines.push_back(std::to_string(s.outside) + " above the random edge " + number(s.mpEdge));
  return lines;
}

// In the corner that curves leave free: lower left of falling ones, upper right of a density.
void addLines(Plotted& p, const ValuePlot& plot, bool density) {
  const double size = p.figure.theme.denseSize, line = 1.2 * scene::lineHeight(size);
  const Rect& f = plot.frame;
  if (!p.spectrum || f.w < 38 * size || f.h < 12 * line) return;
  const std::vector<std::string> lines = linesOf(*p.spectrum);
  double y = density ? f.y + 2 * line : f.y + f.h - (static_cast<double>(lines.size()) + 0.3) * line;
  for (const std::string& text : lines) {
    p.figure.text({density ? f.x + f.w - size : f.x + size, y}, text, size, p.figure.theme.secondary,
                  density ? scene::Align::Right : scene::Align::Left);
    y += line;
  }
}

std::vector<DataTable> tablesOf(const Plotted& p) {
  std::vector<DataTable> tables;
  const auto add = [&](const MatrixSpectrum& m) {
    if (m.spectrum && m.spectrum->ok())
      tables.push_back({"singular values " + m.weight->name,
                        "weight",
                        viewOf((**m.spectrum).values, {static_cast<std::int64_t>((**m.spectrum).values.size())}),
                        {},
                        {}});
  };
  for (const MatrixSpectrum& m : p.spectra)
    if (m.weight == &p.chosen) add(m);
  for (const MatrixSpectrum& m : p.spectra)
    if (m.weight != &p.chosen) add(m);
  return tables;
}

std::string headingOf(const Plotted& p) {
  const bool update = textOf(p.request.parameters, "of") == "update";
  std::string text = (update ? "change of " : "") + p.chosen.name + " " + shapeText(p.chosen.shape);
  if (p.spectra.size() > 1 && known(p.spectra) < p.spectra.size())
    text += " · " + std::to_string(known(p.spectra)) + " of " + std::to_string(p.spectra.size()) + " matrices";
  else if (p.spectra.size() > 1)
    text += " among " + std::to_string(p.spectra.size()) + " layers";
  return p.spectrum ? text : text + " · computing singular values";
}

Result<Built> SpectrumView::build(const Request& request, std::stop_token stop) const {
  auto weight = chosenWeight(request);
  if (!weight) return weight.error();
  if (!(*weight)->matrix())
    return badInput((*weight)->name + " " + shapeText((*weight)->shape) + " is no matrix: it has no singular values");
  Missing missing(request, m_shared.tiles, stop);
  Figure figure(request);
  Plotted p{request, figure, **weight, {}};
  const auto set = chosenSet(request, **weight);
  if (textOf(request.parameters, "of") == "update") {
    auto updates = updateSpectra(request, set, m_shared, missing);
    if (!updates) return updates.error();
    p.spectra = std::move(*updates);
  } else {
    p.spectra = spectraOf(request, set, m_shared, missing, stop);
  }
  if (stop.stop_requested()) return cancelled();
  for (const MatrixSpectrum& m : p.spectra)
    if (m.weight == &p.chosen && m.spectrum) {
      if (!m.spectrum->ok()) return m.spectrum->error();
      p.spectrum = &**m.spectrum;
    }
  findRange(p);
  const double size = figure.theme.denseSize, line = scene::lineHeight(size), pad = 0.8 * size;
  const double top = pad + (showsTitle(request) ? 1.6 * line : 0);
  const Rect room{pad, top, std::max(1.0, figure.width() - 3 * pad), std::max(1.0, figure.height() - top - 0.3 * pad)};
  if (p.high > 0 && p.low > 0) {
    const bool density = textOf(request.parameters, "plot") == "density";
    addLines(p, density ? addDensityPlot(p, room) : addRankPlot(p, room), density);
  } else {
    const std::string text = p.spectrum ? "every singular value is 0" : "computing singular values";
    figure.text({figure.width() / 2, figure.height() / 2}, text, size, figure.theme.secondary, scene::Align::Center);
  }
  if (showsTitle(request)) figure.heading(headingOf(p), pad, pad + line / 2, figure.width() - 2 * pad);

  Built built;
  built.id = request.id;
  built.incomplete = missing.ask();
  built.data = tablesOf(p);
  built.scene = std::move(figure.scene);
  scene::finish(built.scene);
  built.caption = "Checkpoint " + checkpointName(*request.weights) + ". Singular values of " + headingOf(p);
  if (p.spectrum)
    for (const std::string& text : linesOf(*p.spectrum)) built.caption += ", " + text;
  built.caption += ".";
  return built;
}

} // namespace

std::unique_ptr<View> makeSpectrumView(const Shared& shared) { return std::make_unique<SpectrumView>(shared); }

} // namespace orrery::views
