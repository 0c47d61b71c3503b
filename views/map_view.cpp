// SPDX-License-Identifier: MIT
// "map": a boundary map, from a file or while it fills. Converged runs are cool, others warm; guesses are hatched.
#include <algorithm>
#include <cmath>

#include "views/built_in.h"
#include "views/figure.h"
#include "views/map_pixels.h"
#include "views/scene/axes.h"
#include "views/scene/text_metrics.h"

namespace orrery::views {
namespace {

using scene::Rect;

std::vector<Parameter> parametersOf() {
  std::vector<Parameter> all = {{"colours",
                                 ParameterKind::Choice,
                                 "two-sided",
                                 {"two-sided", "equalised", "classes"},
                                 "how fast: by logarithm, by rank in the colours of arXiv 2402.06184, or not at all"},
                                {"beside",
                                 ParameterKind::Choice,
                                 "none",
                                 {"none", "quadratic", "labels", "order"},
                                 "a null map beside it: smooth boundary, shuffled labels, shuffled data order"}};
  for (Parameter& parameter : mapPixelParameters()) all.push_back(std::move(parameter));
  all.push_back({"contours", ParameterKind::Boolean, "false", {}, "lines where classes meet"});
  all.push_back({"guesses", ParameterKind::Boolean, "true", {}, "hatch pixels that were guessed, not computed"});
  all.push_back({"audits", ParameterKind::Boolean, "false", {}, "mark guesses that were computed after all"});
  all.push_back({"rounding", ParameterKind::Boolean, "true", {}, "mark pixels whose class rounding decides"});
  all.push_back(titleParameter());
  return all;
}

class MapView final : public BuiltInView {
public:
  MapView() : BuiltInView({"map", "Boundary map", "map", parametersOf()}) {}
  Result<Built> build(const Request& request, std::stop_token stop) const override;
  Selection onLink(const std::string& action, const Selection& current) const override;
};

// A pixel that is clicked becomes the one shown, the one before it that to compare with.
Selection MapView::onLink(const std::string& action, const Selection& current) const {
  Selection clicked;
  clicked = selectionOf(action, clicked);
  if (clicked.query < 0 || clicked.key < 0) return current;
  Selection next = current;
  if (next.mapRow == clicked.query && next.mapColumn == clicked.key) return next;
  next.otherRow = next.mapRow;
  next.otherColumn = next.mapColumn;
  next.mapRow = clicked.query;
  next.mapColumn = clicked.key;
  return next;
}

struct Picture {
  Figure& figure;
  const Request& request;
  const MapPixels& pixels;
  Rect frame;
  int panel = 0;
  std::string note{}; // for the caption
};

scene::ColorScale scaleOf(const Request& request, const scene::Theme& theme) {
  scene::ColorScale scale;
  scale.map = textOf(request.parameters, "colours") == "equalised" ? "spectral" : theme.diverging;
  scale.low = -1;
  scale.high = 1;
  scale.masked = mix(theme.canvas, theme.secondary, 0.06);
  scale.hatch = mix(theme.canvas, theme.secondary, 0.25);
  return scale;
}

void addImage(Picture& p) {
  const std::string colours = textOf(p.request.parameters, "colours");
  std::vector<float> tones = mapTones(p.pixels, colours == "equalised");
  for (float& tone : tones) {
    if (colours == "classes" && tone != 0) tone = tone > 0 ? 0.6F : -0.6F;
    if (colours == "equalised") tone = -tone; // the paper's colours have the converged at the high end
  }
  const bool hatch = flagOf(p.request.parameters, "guesses");
  std::vector<std::uint8_t> mask;
  for (const std::uint8_t state : p.pixels.state)
    mask.push_back(state == sweep::kNone ? 1 : state == sweep::kGuessed && hatch ? 2 : 0);
  scene::ImageLayer image;
  image.panel = p.panel;
  image.data = {0, 0, static_cast<double>(p.pixels.width), static_cast<double>(p.pixels.height)};
  image.width = p.pixels.width;
  image.height = p.pixels.height;
  image.values = std::make_shared<const std::vector<float>>(std::move(tones));
  image.mask = std::make_shared<const std::vector<std::uint8_t>>(std::move(mask));
  image.scale = scaleOf(p.request, p.figure.theme);
  p.figure.scene.images.push_back(std::move(image));
}

constexpr std::size_t kMostMarks = 60000;

// Runs of marked pixels of a row as one rectangle each.
void addMarks(Picture& p, const std::vector<std::uint8_t>& marked, scene::Color color) {
  std::vector<scene::FilledRect> rects;
  for (std::int64_t row = 0; row < p.pixels.height; ++row)
    for (std::int64_t column = 0; column < p.pixels.width; ++column) {
      if (!marked[p.pixels.at(row, column)]) continue;
      std::int64_t end = column;
      while (end < p.pixels.width && marked[p.pixels.at(row, end)]) ++end;
      rects.push_back({p.panel,
                       {static_cast<double>(column), static_cast<double>(row), static_cast<double>(end - column), 1},
                       color});
      column = end;
    }
  if (rects.size() > kMostMarks) {
    p.note = " Too many pixels are marked to draw the marks.";
    return;
  }
  p.figure.scene.above.insert(p.figure.scene.above.end(), rects.begin(), rects.end());
}

void addContours(Picture& p) {
  const MapPixels& m = p.pixels;
  const auto color = p.figure.theme.text;
  const auto differ = [&](std::size_t a, std::size_t b) {
    return m.state[a] != sweep::kNone && m.state[b] != sweep::kNone && m.trainable[a] != m.trainable[b];
  };
  const double width = p.figure.print ? 0.4 : 1;
  // Sides of pixels between two classes, joined along rows and columns.
  for (std::int64_t row = 0; row + 1 < m.height; ++row)
    for (std::int64_t j = 0; j < m.width; ++j) {
      const std::int64_t begin = j;
      while (j < m.width && differ(m.at(row, j), m.at(row + 1, j))) ++j;
      const double y = static_cast<double>(row + 1);
      if (j > begin)
        p.figure.line(p.panel, {{static_cast<double>(begin), y}, {static_cast<double>(j), y}}, color, width);
    }
  for (std::int64_t column = 0; column + 1 < m.width; ++column)
    for (std::int64_t i = 0; i < m.height; ++i) {
      const std::int64_t begin = i;
      while (i < m.height && differ(m.at(i, column), m.at(i, column + 1))) ++i;
      const double x = static_cast<double>(column + 1);
      if (i > begin)
        p.figure.line(p.panel, {{x, static_cast<double>(begin)}, {x, static_cast<double>(i)}}, color, width);
    }
}

void addOverlays(Picture& p) {
  const sweep::Map& map = *p.request.map->snapshot->map;
  const auto& theme = p.figure.theme;
  std::vector<std::uint8_t> marked(map.size());
  const auto markWhere = [&](auto&& test) {
    for (std::int64_t row = 0; row < p.pixels.height; ++row)
      for (std::int64_t column = 0; column < p.pixels.width; ++column)
        marked[p.pixels.at(row, column)] = test(static_cast<std::size_t>(mapPixel(p.pixels, row, column)));
  };
  if (map.rounding && flagOf(p.request.parameters, "rounding")) {
    markWhere([&](std::size_t i) { return map.rounding->differs[i] != 0; });
    addMarks(p, marked, withAlpha(theme.warn, 0.8));
  }
  if (flagOf(p.request.parameters, "audits")) {
    markWhere([&](std::size_t i) { return map.pixels.state[i] == sweep::kAudited; });
    addMarks(p, marked, withAlpha(theme.text, 0.7));
  }
}

void addSelected(Picture& p) {
  const Selection& s = p.request.selection;
  const double width = p.figure.print ? 1 : 2;
  const auto mark = [&](std::int64_t row, std::int64_t column, scene::Color color, double line) {
    if (!insideMap(p.pixels, row, column)) return;
    const auto x = static_cast<double>(column), y = static_cast<double>(row);
    p.figure.outline(p.panel, {x, y, 1, 1}, color, line);
    const scene::Panel& panel = p.figure.scene.panels[static_cast<std::size_t>(p.panel)];
    if (panel.frame.w / panel.data.w >= 8) return; // a pixel that small needs a ring to be found
    p.figure.scene.discs.push_back({p.panel, {x + 0.5, y + 0.5}, 4.5, withAlpha(p.figure.theme.canvas, 0.6)});
    p.figure.scene.discs.push_back({p.panel, {x + 0.5, y + 0.5}, 3, color});
  };
  mark(s.otherRow, s.otherColumn, p.figure.theme.secondary, width);
  mark(s.mapRow, s.mapColumn, p.figure.theme.accent, width);
}

const sweep::AxisSpec* axisOf(const Request& request, bool isX) {
  if (!request.map->spec) return nullptr;
  return isX ? &request.map->spec->x : &request.map->spec->y;
}

void addAxes(Picture& p, bool left) {
  const auto& theme = p.figure.theme;
  const double size = theme.denseSize, line = scene::lineHeight(size);
  const auto nameOf = [&](bool isX) {
    const sweep::AxisSpec* axis = axisOf(p.request, isX);
    return axis ? axis->parameter : std::string(isX ? "x" : "y");
  };
  const int across = std::max(2, static_cast<int>(p.frame.w / (7 * size)));
  const Rect shown = p.figure.scene.panels[static_cast<std::size_t>(p.panel)].data;
  const MapAxis x = mapAxis(p.pixels.x, {shown.x, shown.x + shown.w}, nameOf(true),
                            isLogAxis(p.pixels.x, axisOf(p.request, true)), across);
  scene::addValueAxis(p.figure.scene, {p.panel, scene::Side::Bottom, x.ticks, false}, theme);
  scene::addAxisTitle(p.figure.scene, p.frame, scene::Side::Bottom, 0.8 * size + line, x.title, theme);
  if (!left) return;
  const std::vector<double> ascending(p.pixels.y.rbegin(), p.pixels.y.rend());
  const int down = std::max(2, static_cast<int>(p.frame.h / (3 * line)));
  const double height = static_cast<double>(p.pixels.height);
  MapAxis y = mapAxis(ascending, {height - shown.y - shown.h, height - shown.y}, nameOf(false),
                      isLogAxis(ascending, axisOf(p.request, false)), down);
  for (scene::Tick& tick : y.ticks) tick.value = static_cast<double>(p.pixels.height) - tick.value;
  scene::addValueAxis(p.figure.scene, {p.panel, scene::Side::Left, y.ticks, false}, theme);
  scene::addAxisTitle(p.figure.scene, p.frame, scene::Side::Left, 4.2 * size, y.title, theme);
}

void drawMap(Picture& p, const std::string& name, bool left) {
  const Rect limits{0, 0, static_cast<double>(p.pixels.width), static_cast<double>(p.pixels.height)};
  p.panel = p.figure.panel(name, p.frame, saneViewport(p.request, name, limits), limits, true);
  addImage(p);
  if (flagOf(p.request.parameters, "contours")) addContours(p);
  if (left) {
    addOverlays(p);
    addSelected(p);
    p.figure.scene.links.push_back({p.panel, limits, "cell", ""});
  }
  addAxes(p, left);
}

// "4096 runs · 12 % guessed, audits found 0 to 1.4 % of guesses wrong"
std::string countSentence(const MapInput& input) {
  const sweep::SweepProgress& progress = input.snapshot->progress;
  const sweep::MapCounts counts = sweep::countStates(input.snapshot->map->pixels.state);
  std::string text = std::to_string(counts.computed) + " runs";
  if (counts.none > 0) text += ", " + std::to_string(counts.none) + " pixels still empty";
  if (counts.guessed > 0) {
    const double share = 100.0 * static_cast<double>(counts.guessed) / static_cast<double>(input.snapshot->map->size());
    text += " \u00b7 " + scene::numberText(share, 3) + " % guessed";
  }
  if (progress.audits > 0)
    text += ", of " + std::to_string(progress.audits) + " audited guesses " + std::to_string(progress.failedAudits) +
            " were wrong";
  return text;
}

std::string stateWord(const MapInput& input) {
  switch (input.snapshot->progress.state) {
  case sweep::SweepState::Preparing:
    return "preparing";
  case sweep::SweepState::Running:
    return "filling";
  case sweep::SweepState::Paused:
    return "paused";
  case sweep::SweepState::Cancelled:
    return "cancelled";
  case sweep::SweepState::Failed:
    return "failed";
  case sweep::SweepState::Done:
    break;
  }
  return "";
}

std::string captionOf(const Request& request, const MapPixels& pixels) {
  const MapInput& input = *request.map;
  std::string text = "Map " + input.name + ", " + std::to_string(pixels.width) + " x " + std::to_string(pixels.height) +
                     " pixels; measure: " + pixels.measure;
  if (const auto threshold = numberOrAuto(request.parameters, "threshold"))
    text += " with threshold " + scene::numberText(*threshold, 4);
  if (input.spec) text += "; " + std::to_string(input.spec->steps) + " steps a run";
  text += "; " + countSentence(input) + ". Cool: trainable, warm: not";
  const std::string colours = textOf(request.parameters, "colours");
  if (colours == "equalised") text += "; colours by rank within each class";
  if (colours == "two-sided") text += "; the further from the middle, the larger the logarithm of the magnitude";
  return text + ".";
}

// As many digits as tell neighbours apart.
std::string placeText(double value, const std::vector<double>& all) {
  const double span = std::abs(all.front() - all.back()),
               largest = std::max(std::abs(all.front()), std::abs(all.back()));
  return scene::numberText(value, span < 1e-2 * largest ? 17 : 8);
}

DataTable tableOf(std::string name, std::string unit, const MapPixels& pixels, std::vector<double> values) {
  DataTable table{std::move(name), std::move(unit), viewOf(std::move(values), {pixels.height, pixels.width}), {}, {}};
  for (const double y : pixels.y) table.rowLabels.push_back(placeText(y, pixels.y));
  for (const double x : pixels.x) table.columnLabels.push_back(placeText(x, pixels.x));
  return table;
}

void addData(Built& built, const MapPixels& pixels) {
  built.data.push_back(tableOf("value", "1", pixels, pixels.value));
  std::vector<double> classes, states(pixels.state.begin(), pixels.state.end());
  for (std::size_t i = 0; i < pixels.trainable.size(); ++i)
    classes.push_back(pixels.stable[i] + 2 * pixels.trainable[i]);
  built.data.push_back(tableOf("class", "bits: 1 stable, 2 trainable", pixels, std::move(classes)));
  built.data.push_back(tableOf("state", "0 none, 1 guessed, 2 computed, 3 audit", pixels, std::move(states)));
}

Rect fitted(Rect room, double aspect) {
  const double w = std::min(room.w, room.h * aspect), h = w / aspect;
  return {room.x, room.y, std::max(1.0, w), std::max(1.0, h)};
}

Result<Built> MapView::build(const Request& request, std::stop_token stop) const {
  auto pixels = mapPixels(request, "map");
  if (!pixels.ok()) return pixels.error();
  const std::string beside = textOf(request.parameters, "beside");
  auto null = beside == "none" ? mapPixels(request, "map") : mapPixels(request, beside);
  if (!null.ok()) return null.error();
  if (stop.stop_requested()) return cancelled();
  Figure figure(request);
  const auto& theme = figure.theme;
  const double size = theme.denseSize, line = scene::lineHeight(size), pad = 0.8 * size;
  const double top = pad + (showsTitle(request) ? 1.6 * line : 0), left = pad + line + 4.2 * size;
  const Rect room{left, top, std::max(1.0, figure.width() - left - figure.barWidth()),
                  std::max(1.0, figure.height() - top - pad - 2.6 * line)};
  const double aspect = static_cast<double>(pixels->width) / static_cast<double>(pixels->height);
  const bool two = beside != "none";
  const Rect first = fitted({room.x, room.y, two ? (room.w - 2 * size) / 2 : room.w, room.h}, aspect);
  Picture picture{figure, request, *pixels, first};
  drawMap(picture, "map", true);
  double right = first.x + first.w;
  if (two) {
    Picture other{figure, request, *null, {right + 2 * size, first.y, first.w, first.h}};
    drawMap(other, "null", false);
    right = other.frame.x + other.frame.w;
  }
  figure.bar(right, first.y, first.h, scaleOf(request, theme),
             textOf(request.parameters, "colours") == "equalised" ? "rank: diverged to trainable"
                                                                  : "trainable to diverged");
  if (showsTitle(request)) {
    const std::string state = stateWord(*request.map);
    figure.heading(request.map->name + (state.empty() ? "" : " \u00b7 " + state) + " \u00b7 " +
                       countSentence(*request.map),
                   pad, pad + line / 2, figure.width() - 2 * pad);
  }
  Built built;
  built.id = request.id;
  addData(built, *pixels);
  if (two) built.data.push_back(tableOf("null_value", "1", *null, null->value));
  built.caption =
      captionOf(request, *pixels) + picture.note + (two ? " Beside it the null map \"" + beside + "\"." : "");
  built.scene = std::move(figure.scene);
  scene::finish(built.scene);
  return built;
}

} // namespace

std::unique_ptr<View> makeMapView(const Shared&) { return std::make_unique<MapView>(); }

} // namespace orrery::views
