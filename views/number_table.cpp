// SPDX-License-Identifier: MIT
#include "views/number_table.h"

#include <algorithm>
#include <cmath>
#include <sstream>

#include "core/base/text.h"
#include "views/figure.h"
#include "views/scene/text_metrics.h"
#include "views/scene/ticks.h"

namespace orrery::views {
namespace {

using scene::Align;
using scene::Rect;
using scene::VAlign;

double valueOf(const TableRow& row, std::size_t column) {
  return column < row.values.size() ? row.values[column] : std::nan("");
}

// What is not known stands last in either order.
void sortRows(NumberTable& table, const Request& request) {
  const auto found = std::ranges::find(table.columns, textOf(request.parameters, "sort"), &TableColumn::name);
  if (found == table.columns.end()) return;
  const auto column = static_cast<std::size_t>(found - table.columns.begin());
  const bool falling = textOf(request.parameters, "order") == "falling";
  std::ranges::stable_sort(table.rows, [&](const TableRow& a, const TableRow& b) {
    const double x = valueOf(a, column), y = valueOf(b, column);
    if (std::isnan(x) || std::isnan(y)) return !std::isnan(x) && std::isnan(y);
    return falling ? x > y : x < y;
  });
}

struct Placed {
  std::size_t column = 0;
  double right = 0; // numbers end here
};

struct Layout {
  const Request& request;
  Figure& figure;
  const NumberTable& table;
  double line = 0, names = 0, shapes = 0; // units; shapes: where the shape ends
  std::vector<Placed> columns = {};
  std::vector<std::size_t> hidden = {}; // columns that were asked for and have no room
  bool brief = false;                   // names without what most of them end in
  int panel = 0;
};

// Those that parameter "columns" names, in the table's order; none of them: all.
std::vector<std::size_t> chosenColumns(const Layout& t) {
  std::vector<std::size_t> chosen, all;
  std::string wish = textOf(t.request.parameters, "columns"), name;
  std::erase(wish, ' ');
  std::vector<std::string> names;
  for (std::istringstream parts(wish); std::getline(parts, name, ',');) names.push_back(name);
  for (std::size_t i = 0; i < t.table.columns.size(); ++i) {
    all.push_back(i);
    const std::string& column = t.table.columns[i].name;
    if (std::ranges::any_of(names, [&](const std::string& glob) { return matchesGlob(glob, column); }))
      chosen.push_back(i);
  }
  return chosen.empty() ? all : chosen;
}

double columnWidth(const Layout& t, std::size_t column) {
  const double size = t.figure.theme.denseSize;
  return 1.2 * size + std::max(scene::textWidth("↓ " + t.table.columns[column].title, size), 4.2 * size);
}

// Columns as wide as their heads; as many as there is room for, the one that sorts always among them.
void layOutColumns(Layout& t) {
  const double size = t.figure.theme.denseSize, gap = 1.2 * size;
  double widest = 0, widestShape = 0;
  for (const TableRow& row : t.table.rows) {
    widest = std::max(widest, scene::textWidth(row.weight->name, size));
    widestShape = std::max(widestShape, scene::textWidth(shapeText(row.weight->shape), size));
  }
  t.names = std::min(widest + size, 0.45 * t.figure.width());
  t.brief = t.names < widest + size;
  t.shapes = t.names + gap + widestShape;
  const std::string sort = textOf(t.request.parameters, "sort");
  const std::vector<std::size_t> wanted = chosenColumns(t);
  double room = t.figure.width() - size - t.shapes;
  std::vector<bool> fits(t.table.columns.size(), false);
  for (const std::size_t i : wanted)
    if (t.table.columns[i].name == sort) fits[i] = true, room -= columnWidth(t, i);
  for (const std::size_t i : wanted) {
    if (fits[i]) continue;
    room -= columnWidth(t, i);
    fits[i] = room >= 0;
  }
  double right = t.shapes;
  for (const std::size_t i : wanted)
    if (fits[i])
      t.columns.push_back({i, right += columnWidth(t, i)});
    else
      t.hidden.push_back(i);
}

// Under the table: what has no room in it.
void addHidden(Layout& t) {
  const double size = t.figure.theme.denseSize, pad = 0.8 * size;
  std::string text = t.figure.print ? "not shown:" : "not shown (setting \"columns\"):";
  for (const std::size_t i : t.hidden) text.append(i == t.hidden.front() ? " " : ", ").append(t.table.columns[i].title);
  t.figure.text({pad, t.figure.height() - 0.4 * size}, scene::elide(text, t.figure.width() - 2 * pad, size), size,
                t.figure.theme.secondary, Align::Left, VAlign::Bottom);
}

void addHeads(Layout& t, double y) {
  const auto& theme = t.figure.theme;
  const double size = theme.denseSize;
  const std::string sort = textOf(t.request.parameters, "sort");
  const std::string arrow = textOf(t.request.parameters, "order") == "falling" ? "↓" : "↑";
  t.figure.text({0.8 * size, y}, "tensor", size, sort == "file" ? theme.accent : theme.secondary);
  t.figure.text({t.shapes, y}, "shape", size, theme.secondary, Align::Right);
  for (const Placed& placed : t.columns) {
    const TableColumn& column = t.table.columns[placed.column];
    const bool chosen = column.name == sort;
    t.figure.text({placed.right, y}, chosen ? arrow + " " + column.title : column.title, size,
                  chosen ? theme.accent : theme.secondary, Align::Right);
  }
}

std::string cellText(double value, bool whole) {
  return std::isnan(value) ? std::string("–") : scene::numberText(value, whole ? 7 : 4);
}

// The end of a name tells tensors apart: "…0.self_attn.q_proj".
std::string elideStart(std::string_view name, double room, double size) {
  if (scene::textWidth(name, size) <= room) return std::string(name);
  while (!name.empty() && (scene::textWidth(name, size) > room - size || (name.front() & 0xC0) == 0x80))
    name.remove_prefix(1);
  return "…" + std::string(name);
}

std::string_view nameOf(const Layout& t, const TableRow& row) {
  constexpr std::string_view kCommon = ".weight";
  std::string_view name = row.weight->name;
  if (t.brief && name.ends_with(kCommon)) name.remove_suffix(kCommon.size());
  return name;
}

void addRow(Layout& t, std::int64_t index) {
  const auto& theme = t.figure.theme;
  const TableRow& row = t.table.rows[static_cast<std::size_t>(index)];
  const double size = theme.denseSize, width = t.figure.width(), y = static_cast<double>(index) + 0.5;
  const auto put = [&](double x, std::string text, scene::Color color, Align align) {
    t.figure.text({x / width, y}, std::move(text), size, color, align, VAlign::Middle, false, t.panel);
  };
  const bool chosen = row.weight->name == t.request.selection.tensor;
  put(0.8 * size, elideStart(nameOf(t, row), t.names - size, size), chosen ? theme.accent : theme.text, Align::Left);
  put(t.shapes, shapeText(row.weight->shape), theme.secondary, Align::Right);
  if (row.values.empty() && row.note.empty())
    put(t.shapes + 2 * size, "…", theme.disabled, Align::Left);
  else if (row.values.empty())
    put(t.shapes + 2 * size, scene::elide(row.note, width - t.shapes - 3 * size, size), theme.bad, Align::Left);
  for (const Placed& placed : t.columns)
    if (!row.values.empty())
      put(placed.right, cellText(valueOf(row, placed.column), t.table.columns[placed.column].whole), theme.text,
          Align::Right);
}

// The part of each column's largest value that a value takes, as a faint bar behind it.
void addBars(Layout& t, std::int64_t first, std::int64_t last) {
  const double width = t.figure.width();
  double left = t.shapes;
  for (const Placed& placed : t.columns) {
    double most = 0;
    for (const TableRow& row : t.table.rows)
      if (const double value = valueOf(row, placed.column); std::isfinite(value)) most = std::max(most, value);
    const double room = placed.right - left - 0.6 * t.figure.theme.denseSize;
    for (std::int64_t i = first; most > 0 && i < last; ++i) {
      const double value = valueOf(t.table.rows[static_cast<std::size_t>(i)], placed.column);
      if (!(value > 0) || !std::isfinite(value)) continue;
      const double w = room * value / most;
      t.figure.scene.below.push_back({t.panel,
                                      {(placed.right - w) / width, static_cast<double>(i) + 0.12, w / width, 0.76},
                                      mix(t.figure.theme.canvas, t.figure.theme.info, 0.16)});
    }
    left = placed.right;
  }
}

void addRows(Layout& t) {
  const scene::Panel panel = t.figure.scene.panels[static_cast<std::size_t>(t.panel)];
  const auto count = static_cast<std::int64_t>(t.table.rows.size());
  // Some more than are in view, so that a moving camera finds them.
  const double beyond = t.request.loader ? panel.data.h / 2 : 0;
  const auto first = std::clamp<std::int64_t>(static_cast<std::int64_t>(panel.data.y - beyond), 0, count);
  const auto last = std::clamp<std::int64_t>(static_cast<std::int64_t>(std::ceil(panel.data.y + panel.data.h + beyond)),
                                             first, count);
  const auto step =
      std::max<std::int64_t>(1, static_cast<std::int64_t>(std::ceil(t.line * panel.data.h / panel.frame.h - 1e-6)));
  addBars(t, first, last);
  for (std::int64_t i = first; i < last; ++i) {
    const weights::Weight& weight = *t.table.rows[static_cast<std::size_t>(i)].weight;
    const Rect row{0, static_cast<double>(i), 1, 1};
    if (weight.name == t.request.selection.tensor)
      t.figure.scene.below.push_back({t.panel, row, mix(t.figure.theme.canvas, t.figure.theme.accent, 0.18)});
    t.figure.scene.links.push_back({t.panel, row, tensorAction(weight), weight.name + " " + shapeAndType(weight)});
    if (i % step == 0) addRow(t, i);
  }
}

// Scrolls: without a viewport the first rows that fit are shown. Zooming changes the height of rows alone.
void addPanel(Layout& t, double top) {
  const auto count = static_cast<double>(t.table.rows.size());
  const Rect frame{0, top, t.figure.width(),
                   std::max(1.0, t.figure.height() - top - (t.hidden.empty() ? 0.4 : 1.3) * t.line)};
  const double fitting = std::max(1.0, std::floor(frame.h / t.line));
  const Rect limits{0, 0, 1, std::max(count, fitting)};
  const Rect shown = t.request.viewports.contains(t.table.name) ? saneViewport(t.request, t.table.name, limits)
                                                                : Rect{0, 0, 1, fitting};
  t.panel = t.figure.panel(t.table.name, frame, {0, shown.y, 1, shown.h}, limits, true);
  t.figure.scene.panels.back().stretch = true;
  t.figure.scene.panels.back().maxZoomCell = t.line; // a column of data is as wide as the panel: it stays
}

DataTable dataOf(const NumberTable& table) {
  std::vector<double> values;
  std::vector<std::string> names, columns;
  for (const TableRow& row : table.rows) {
    names.push_back(row.weight->name);
    for (std::size_t i = 0; i < table.columns.size(); ++i) values.push_back(valueOf(row, i));
  }
  for (const TableColumn& column : table.columns) columns.push_back(column.name);
  const auto height = static_cast<std::int64_t>(names.size()), width = static_cast<std::int64_t>(columns.size());
  return {table.name, "1", viewOf(std::move(values), {height, width}), std::move(names), std::move(columns)};
}

} // namespace

std::vector<Parameter> tableParameters(const std::vector<TableColumn>& columns) {
  std::vector<std::string> names = {"file"};
  for (const TableColumn& column : columns) names.push_back(column.name);
  return {{"sort", ParameterKind::Choice, "file", names, "column to sort by; file: as they stand in the checkpoint"},
          {"order", ParameterKind::Choice, "falling", {"falling", "rising"}, "largest or smallest first"},
          {"columns", ParameterKind::Text, "*", {}, "columns by their names as in sort, with commas, * and ?"},
          {"names", ParameterKind::Text, "*", {}, "only tensors whose name matches, with * and ?"},
          titleParameter()};
}

Built buildTable(const Request& request, NumberTable table) {
  sortRows(table, request);
  Figure figure(request);
  Layout t{request, figure, table};
  const double size = figure.theme.denseSize, line = scene::lineHeight(size), pad = 0.8 * size;
  t.line = 1.35 * line;
  layOutColumns(t);
  double top = pad;
  if (showsTitle(request)) {
    figure.heading(table.heading, pad, pad + line / 2, figure.width() - 2 * pad);
    top += 1.6 * line;
  }
  addHeads(t, top + line / 2);
  addPanel(t, top + 1.3 * line);
  addRows(t);
  if (!t.hidden.empty()) addHidden(t);
  Built built;
  built.id = request.id;
  built.data.push_back(dataOf(table));
  built.scene = std::move(figure.scene);
  scene::finish(built.scene);
  return built;
}

} // namespace orrery::views
