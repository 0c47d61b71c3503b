// SPDX-License-Identifier: MIT
#include "views/map_pixels.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/sweep/measure.h"
#include "views/figure.h"

namespace orrery::views {
namespace {

const std::vector<std::string> kMeasures = {"spec", "sohl-dickstein", "torkamandi", "final-loss"};

sweep::Measure measureOf(const Request& request) {
  const std::string name = textOf(request.parameters, "measure");
  if (name == "torkamandi") return sweep::Measure::Torkamandi;
  if (name == "final-loss") return sweep::Measure::FinalLoss;
  if (name == "spec" && request.map->spec) return request.map->spec->measure;
  return sweep::Measure::SohlDickstein;
}

std::string nameOf(sweep::Measure measure) {
  switch (measure) {
  case sweep::Measure::SohlDickstein:
    return "Sohl-Dickstein";
  case sweep::Measure::Torkamandi:
    return "Torkamandi";
  case sweep::Measure::FinalLoss:
    break;
  }
  return "final loss";
}

// The one number of each criterion that "threshold" stands for.
sweep::Thresholds thresholdsOf(const Request& request, sweep::Measure measure) {
  sweep::Thresholds thresholds;
  const std::optional<double> given = numberOrAuto(request.parameters, "threshold");
  if (!given) return thresholds;
  if (measure == sweep::Measure::SohlDickstein) thresholds.sohlDickstein = *given;
  if (measure == sweep::Measure::Torkamandi) thresholds.recent = *given;
  if (measure == sweep::Measure::FinalLoss) thresholds.finalLoss = *given;
  return thresholds;
}

Result<const sweep::MapLayer*> layerOf(const sweep::Map& map, const std::string& name) {
  if (name == "map") return &map.pixels;
  const auto found = map.nulls.find(name);
  if (found != map.nulls.end()) return &found->second;
  return notFound("the map has no null map \"" + name + "\" yet");
}

struct Scoring {
  bool again = false; // from the digests
  sweep::Measure measure = sweep::Measure::SohlDickstein;
  sweep::Thresholds thresholds;
  std::size_t steps = 0;
};

Result<Scoring> scoringOf(const Request& request, const sweep::MapLayer& layer) {
  Scoring scoring;
  scoring.measure = measureOf(request);
  const bool other =
      textOf(request.parameters, "measure") != "spec" || numberOrAuto(request.parameters, "threshold").has_value();
  if (!other) return scoring;
  if (layer.digests.empty() || !request.map->spec)
    return notFound("the file holds no digests of this layer, so that its measure cannot be changed");
  scoring.again = true;
  scoring.thresholds = thresholdsOf(request, scoring.measure);
  scoring.steps = static_cast<std::size_t>(request.map->spec->steps);
  return scoring;
}

void fill(MapPixels& pixels, const sweep::MapLayer& layer, const Scoring& scoring) {
  const std::size_t count = static_cast<std::size_t>(pixels.height * pixels.width);
  pixels.trainable.resize(count);
  pixels.stable.resize(count);
  pixels.state.resize(count);
  pixels.value.resize(count);
  for (std::int64_t row = 0; row < pixels.height; ++row)
    for (std::int64_t column = 0; column < pixels.width; ++column) {
      const std::size_t to = pixels.at(row, column), from = static_cast<std::size_t>(mapPixel(pixels, row, column));
      pixels.state[to] = layer.state[from];
      pixels.trainable[to] = (layer.classes[from] & sweep::kTrainable) != 0;
      pixels.stable[to] = (layer.classes[from] & sweep::kStable) != 0;
      pixels.value[to] = layer.value[from];
      if (!scoring.again || layer.state[from] == sweep::kNone) continue;
      const sweep::Outcome outcome =
          sweep::outcomeOf(scoring.measure, layer.digests[from], scoring.steps, scoring.thresholds);
      pixels.trainable[to] = outcome.trainable;
      pixels.value[to] = outcome.value;
    }
}

// Indices of the shown pixels of one class.
std::vector<std::size_t> ofClass(const MapPixels& pixels, bool trainable) {
  std::vector<std::size_t> found;
  for (std::size_t i = 0; i < pixels.value.size(); ++i)
    if (pixels.state[i] != sweep::kNone && (pixels.trainable[i] != 0) == trainable) found.push_back(i);
  return found;
}

// 0 to 1 by rank; equal values have equal ranks.
std::vector<double> byRank(const MapPixels& pixels, const std::vector<std::size_t>& of) {
  std::vector<std::size_t> order(of.size());
  for (std::size_t k = 0; k < order.size(); ++k) order[k] = k;
  const auto size = [&](std::size_t k) { return std::abs(pixels.value[of[k]]); };
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return size(a) < size(b); });
  std::vector<double> rank(of.size());
  for (std::size_t k = 0; k < order.size(); ++k) {
    const bool same = k > 0 && size(order[k]) == size(order[k - 1]);
    rank[order[k]] = same ? rank[order[k - 1]] : static_cast<double>(k) / static_cast<double>(of.size());
  }
  return rank;
}

std::vector<double> byLogarithm(const MapPixels& pixels, const std::vector<std::size_t>& of) {
  std::vector<double> logs;
  for (const std::size_t i : of) logs.push_back(std::log10(std::max(std::abs(pixels.value[i]), 1e-300)));
  std::vector<double> sorted = logs;
  std::sort(sorted.begin(), sorted.end());
  const auto at = [&](double share) {
    return sorted[static_cast<std::size_t>(share * static_cast<double>(sorted.size() - 1))];
  };
  const double low = sorted.empty() ? 0 : at(0.01), high = sorted.empty() ? 1 : std::max(at(0.99), low + 1e-9);
  for (double& value : logs) value = std::clamp((value - low) / (high - low), 0.0, 1.0);
  return logs;
}

// Where `value` lies among ascending `places`, in pixels; neighbours are joined by straight lines.
double pixelAt(const std::vector<double>& places, double value) {
  const auto after = std::upper_bound(places.begin(), places.end(), value);
  if (after == places.begin()) return 0;
  if (after == places.end()) return static_cast<double>(places.size() - 1);
  const auto k = static_cast<std::size_t>(after - places.begin()) - 1;
  return static_cast<double>(k) + (value - places[k]) / (places[k + 1] - places[k]);
}

// The value at a place between pixels; the ends beyond them.
double placeAt(const std::vector<double>& places, double pixel) {
  const double at = std::clamp(pixel, 0.0, static_cast<double>(places.size() - 1));
  const auto k = std::min(static_cast<std::size_t>(at), places.size() - 2);
  return places[k] + (at - static_cast<double>(k)) * (places[k + 1] - places[k]);
}

} // namespace

std::vector<Parameter> mapPixelParameters() {
  return {
      {"measure", ParameterKind::Choice, "spec", kMeasures, "what decides the class; spec: as the map was computed"},
      {"threshold",
       ParameterKind::NumberOrAuto,
       "auto",
       {},
       "of the measure: mean of the last v, recent loss, or last loss, as a share of the first"}};
}

std::int64_t mapPixel(const MapPixels& pixels, std::int64_t row, std::int64_t column) {
  return (pixels.height - 1 - row) * pixels.width + column;
}

MapPlace chosenPlace(const Selection& selection, std::int64_t height, std::int64_t width) {
  const auto inside = [](std::int64_t place, std::int64_t size) { return place >= 0 && place < size; };
  if (inside(selection.mapRow, height) && inside(selection.mapColumn, width))
    return {selection.mapRow, selection.mapColumn};
  return {height / 2, width / 2};
}

bool insideMap(const MapPixels& pixels, std::int64_t row, std::int64_t column) {
  return row >= 0 && column >= 0 && row < pixels.height && column < pixels.width;
}

Result<MapPixels> mapPixels(const Request& request, const std::string& name) {
  if (!request.map || request.map->snapshot->map->size() == 0)
    return notFound("no map yet: start one in the panel Boundary map, or open a map file");
  const sweep::Map& map = *request.map->snapshot->map;
  auto layer = layerOf(map, name);
  if (!layer.ok()) return layer.error();
  auto scoring = scoringOf(request, **layer);
  if (!scoring.ok()) return scoring.error();
  MapPixels pixels;
  pixels.height = map.height();
  pixels.width = map.width();
  pixels.x = map.x;
  pixels.y.assign(map.y.rbegin(), map.y.rend());
  pixels.layer = name;
  pixels.measure = nameOf(scoring->measure);
  fill(pixels, **layer, *scoring);
  return pixels;
}

std::vector<float> mapTones(const MapPixels& pixels, bool equalised) {
  std::vector<float> tones(pixels.value.size(), 0);
  for (const bool trainable : {false, true}) {
    const std::vector<std::size_t> of = ofClass(pixels, trainable);
    const std::vector<double> share = equalised ? byRank(pixels, of) : byLogarithm(pixels, of);
    for (std::size_t k = 0; k < of.size(); ++k) {
      const double tone = 0.25 + 0.75 * share[k];
      tones[of[k]] = static_cast<float>(trainable ? -tone : tone);
    }
  }
  return tones;
}

bool isLogAxis(const std::vector<double>& values, const sweep::AxisSpec* axis) {
  if (values.empty() || values.front() <= 0) return false;
  return (axis && axis->log10) || ((!axis || !axis->given.empty()) && values.back() > 20 * values.front());
}

MapAxis mapAxis(const std::vector<double>& values, PixelSpan shown, const std::string& parameter, bool log, int most) {
  MapAxis axis;
  axis.title = log ? "log10 " + parameter : parameter;
  if (values.size() < 2) return axis;
  // Distances from the first value: exact however deep the zoom.
  std::vector<double> places;
  const double first = values.front(), origin = log ? std::log10(first) : first;
  for (const double value : values)
    places.push_back(log ? std::log1p((value - first) / first) / std::log(10.0) : value - first);
  const double low = placeAt(places, shown.begin - 0.5), high = placeAt(places, shown.end - 0.5);
  const bool isSmall = high - low < 1e-3 * std::abs(origin);
  if (isSmall) axis.title += (origin < 0 ? " + " : " \u2212 ") + scene::numberText(std::abs(origin), 9);
  const double shift = isSmall ? 0 : origin;
  for (scene::Tick& tick : scene::linearTicks(shift + low, shift + high, most))
    axis.ticks.push_back({pixelAt(places, tick.value - shift) + 0.5, std::move(tick.label)});
  return axis;
}

std::string pixelPlace(const MapInput& input, const MapPixels& pixels, std::int64_t row, std::int64_t column) {
  const std::string x = input.spec ? input.spec->x.parameter : "x", y = input.spec ? input.spec->y.parameter : "y";
  return x + " " + scene::numberText(pixels.x[static_cast<std::size_t>(column)], 6) + ", " + y + " " +
         scene::numberText(pixels.y[static_cast<std::size_t>(row)], 6);
}

} // namespace orrery::views
