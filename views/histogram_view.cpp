// SPDX-License-Identifier: MIT
// "histogram": how the numbers of a tensor are spread: bars, moments, and the values furthest out with their places.
#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

#include "views/scene/text_metrics.h"
#include "views/scene/ticks.h"
#include "views/value_plot.h"
#include "views/weight_numbers.h"

namespace orrery::views {
namespace {

using scene::Align;
using scene::Point;
using scene::Rect;

ViewInfo makeInfo() {
  return {"histogram",
          "Histogram of a tensor",
          "weights",
          {{"bins", ParameterKind::Integer, "100", {}, "number of bars"},
           {"scale", ParameterKind::Choice, "log", {"linear", "log"}, "of the counts"},
           {"low", ParameterKind::NumberOrAuto, "auto", {}, "where the bars begin"},
           {"high", ParameterKind::NumberOrAuto, "auto", {}, "where they end"},
           {"outliers", ParameterKind::Integer, "24", {}, "how many of the values furthest out are listed"},
           titleParameter()}};
}

class HistogramView final : public BuiltInView {
public:
  explicit HistogramView(const Shared& shared) : BuiltInView(makeInfo(), shared) {}
  Result<Built> build(const Request& request, std::stop_token stop) const override;
};

analysis::NumberOptions optionsOf(const Request& request) {
  analysis::NumberOptions options;
  options.bins = std::clamp<std::int64_t>(integerOf(request.parameters, "bins"), 1, 2000);
  options.outliers = std::clamp<std::int64_t>(integerOf(request.parameters, "outliers"), 0, 1000);
  options.low = numberOrAuto(request.parameters, "low");
  options.high = numberOrAuto(request.parameters, "high");
  return options;
}

// Options are part of what the numbers are computed from.
TileKey keyOf(const weights::WeightSet& set, const weights::Weight& weight, const analysis::NumberOptions& options) {
  TileKey key = weightKey(set, indexOf(set, weight), kNumbersOf);
  key.cell = options.bins;
  key.rowBegin = options.outliers;
  key.colBegin = options.low ? std::bit_cast<std::int64_t>(*options.low) : 0;
  key.colEnd = options.high ? std::bit_cast<std::int64_t>(*options.high) : 0;
  key.rowEnd = 1 + 2 * options.low.has_value() + 4 * options.high.has_value();
  return key;
}

ValuePlot addBars(Figure& figure, const Request& request, const analysis::TensorNumbers& numbers, const Rect& room) {
  const analysis::Histogram& h = numbers.histogram;
  const bool log = textOf(request.parameters, "scale") == "log";
  const auto most = static_cast<double>(std::max<std::int64_t>(1, *std::ranges::max_element(h.counts)));
  ValuePlot plot{room,
                 {h.low, h.high, false, "value"},
                 {log ? 0.5 : 0, log ? most * 1.5 : niceCeil(most), log, "count"},
                 "histogram"};
  addValuePlot(figure, plot);
  const double bottom = plot.y.at(plot.y.low);
  for (std::size_t i = 0; i < h.counts.size(); ++i) {
    if (h.counts[i] == 0) continue;
    const double x = h.low + h.width() * static_cast<double>(i), top = plot.y.at(static_cast<double>(h.counts[i]));
    figure.scene.below.push_back(
        {plot.panel, {x, top, h.width(), bottom - top}, mix(figure.theme.canvas, figure.theme.info, 0.75)});
    figure.scene.links.push_back(
        {plot.panel,
         {x, plot.y.at(plot.y.high), h.width(), bottom - plot.y.at(plot.y.high)},
         "",
         scene::numberText(x, 4) + " to " + scene::numberText(x + h.width(), 4) + ": " + std::to_string(h.counts[i])});
  }
  const analysis::Moments& m = numbers.moments;
  addDashed(figure, plot, {m.mean, plot.y.low}, {m.mean, plot.y.high}, figure.theme.secondary);
  if (!(m.std > 0)) return plot;
  std::vector<Point> normal; // of the same mean and spread: what outliers stand out from
  for (int i = 0; i <= 200; ++i) {
    const double x = h.low + (h.high - h.low) * i / 200, z = (x - m.mean) / m.std;
    const double y =
        static_cast<double>(m.count) * h.width() / m.std * std::exp(-z * z / 2) / std::sqrt(2 * std::acos(-1.0));
    normal.push_back({x, y >= plot.y.low ? y : std::nan("")});
  }
  addCurve(figure, plot, normal, figure.theme.warn, figure.print ? 0.7 : 1.2);
  return plot;
}

std::vector<std::pair<std::string, std::string>> momentLines(const analysis::Moments& m) {
  const auto number = [](double x) { return scene::numberText(x, 5); };
  return {{"values", std::to_string(m.count)},
          {"not finite", std::to_string(m.nonFinite)},
          {"mean", number(m.mean)},
          {"std", number(m.std)},
          {"skewness", number(m.skewness)},
          {"excess kurtosis", number(m.kurtosis)},
          {"min", number(m.min)},
          {"max", number(m.max)}};
}

void addList(Figure& figure, const Rect& room, const analysis::TensorNumbers& numbers) {
  const auto& theme = figure.theme;
  const double size = theme.denseSize, line = 1.25 * scene::lineHeight(size);
  double y = room.y + line / 2;
  for (const auto& [name, value] : momentLines(numbers.moments)) {
    if (y > room.y + room.h - line / 2) return;
    const bool wrong = name == "not finite" && numbers.moments.nonFinite > 0;
    figure.text({room.x, y}, name, size, theme.secondary);
    figure.text({room.x + room.w, y}, value, size, wrong ? theme.bad : theme.text, Align::Right);
    y += line;
  }
  y += 0.6 * line;
  if (numbers.outliers.empty() || y > room.y + room.h - 2 * line) return;
  const auto put = [&](const std::array<std::string, 4>& cells, scene::Color color) {
    for (std::size_t i = 0; i < cells.size(); ++i)
      figure.text({room.x + room.w * (static_cast<double>(i) + 1) / 4, y}, cells[i], size, color, Align::Right);
    y += line;
  };
  put({"row", "column", "value", "z"}, theme.secondary);
  for (const analysis::Outlier& o : numbers.outliers) {
    if (y > room.y + room.h - line / 2) return;
    put({std::to_string(o.row), std::to_string(o.col), scene::numberText(o.value, 4), scene::numberText(o.z, 3)},
        theme.text);
  }
}

std::vector<DataTable> tablesOf(const analysis::TensorNumbers& numbers) {
  const analysis::Histogram& h = numbers.histogram;
  std::vector<double> bins, outliers;
  for (std::size_t i = 0; i < h.counts.size(); ++i)
    bins.insert(bins.end(), {h.low + h.width() * static_cast<double>(i), h.low + h.width() * static_cast<double>(i + 1),
                             static_cast<double>(h.counts[i])});
  for (const analysis::Outlier& o : numbers.outliers)
    outliers.insert(outliers.end(), {static_cast<double>(o.row), static_cast<double>(o.col), o.value, o.z});
  const analysis::Moments& m = numbers.moments;
  return {{"histogram",
           "1",
           viewOf(std::move(bins), {static_cast<std::int64_t>(h.counts.size()), 3}),
           {},
           {"low", "high", "count"}},
          {"outliers",
           "1",
           viewOf(std::move(outliers), {static_cast<std::int64_t>(numbers.outliers.size()), 4}),
           {},
           {"row", "column", "value", "z"}},
          {"moments",
           "1",
           viewOf(std::vector<double>{static_cast<double>(m.count), static_cast<double>(m.nonFinite), m.mean, m.std,
                                      m.skewness, m.kurtosis, m.min, m.max},
                  {8}),
           {"count", "non_finite", "mean", "std", "skewness", "kurtosis", "min", "max"},
           {}}};
}

Result<Built> HistogramView::build(const Request& request, std::stop_token stop) const {
  auto weight = chosenWeight(request);
  if (!weight) return weight.error();
  const weights::Weight& w = **weight;
  const analysis::NumberOptions options = optionsOf(request);
  if (options.low && options.high && !(*options.low < *options.high))
    return badInput("parameters \"low\" and \"high\": expected low below high, got " +
                    scene::numberText(*options.low, 6) + " and " + scene::numberText(*options.high, 6));
  Missing missing(request, m_shared.tiles, stop);
  const auto numbers = missing.get<analysis::TensorNumbers>(
      m_shared.weights, &WeightCaches::numbers, keyOf(*request.weights, w, options),
      [set = request.weights, &w, options](const std::stop_token& until) {
        return analysis::tensorNumbers(weights::sourceOf(set, w), options, until);
      });
  if (numbers && !numbers->ok()) return numbers->error();
  Figure figure(request);
  const double size = figure.theme.denseSize, line = scene::lineHeight(size), pad = 0.8 * size;
  const double top = pad + (showsTitle(request) ? 1.6 * line : 0), list = 19 * size;
  const bool listed = figure.width() > 2.4 * list;
  const double right = listed ? list + 3 * pad : 2 * pad;
  Built built;
  if (numbers) {
    addBars(figure, request, **numbers,
            {pad, top, std::max(1.0, figure.width() - pad - right), std::max(1.0, figure.height() - top - 0.3 * pad)});
    if (listed) addList(figure, {figure.width() - list - pad, top, list, figure.height() - top - pad}, **numbers);
    built.data = tablesOf(**numbers);
  } else {
    figure.text({figure.width() / 2, figure.height() / 2}, "counting", size, figure.theme.secondary, Align::Center);
  }
  if (showsTitle(request))
    figure.heading(w.name + " · " + shapeAndType(w), pad, pad + line / 2, figure.width() - 2 * pad);
  built.id = request.id;
  built.incomplete = missing.ask();
  built.caption = "Checkpoint " + checkpointName(*request.weights) + ", tensor " + w.name + " " + shapeAndType(w) + ".";
  if (numbers) {
    for (const auto& [name, value] : momentLines((*numbers)->moments)) built.caption += " " + name + " " + value + ",";
    built.caption.back() = '.';
    built.caption += " Curve: the normal distribution of this mean and std.";
  }
  built.scene = std::move(figure.scene);
  scene::finish(built.scene);
  return built;
}

} // namespace

std::unique_ptr<View> makeHistogramView(const Shared& shared) { return std::make_unique<HistogramView>(shared); }

} // namespace orrery::views
