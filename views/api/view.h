// SPDX-License-Identifier: MIT
// What a view is: a name, parameters, and a pure function from a Request to a Scene with its data.
// build() runs on a pool thread (or in `orrery render`), reads only the Request (and caches), and can be cancelled; a
// late answer is dropped by its id. Views do no science (core/analysis does) and know nothing of windows.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/base/tensor_view.h"
#include "core/store/snapshot.h"
#include "core/weights/weight_set.h"
#include "views/api/selection.h"
#include "views/api/tile_loader.h"
#include "views/scene/scene.h"
#include "views/scene/theme.h"

namespace orrery::views {

struct MapInput; // map_input.h

enum class ParameterKind { Boolean, Integer, Number, Choice, Text, NumberOrAuto };
struct Parameter {
  std::string name; // as in `--set name=value`
  ParameterKind kind = ParameterKind::Number;
  std::string defaultValue;
  std::vector<std::string> choices; // with Choice
  std::string help;                 // one line, with unit
};
using Parameters = std::map<std::string, std::string>; // values as text, as they stand in recipes

struct ViewInfo {
  std::string name;  // "head", "heads", "text" ... stable: recipes and --view use it
  std::string title; // "Attention of one head"
  // "trace": needs a Snapshot; "weights": a checkpoint; "checkpoints": one or more to compare with; "map": a MapInput
  std::string input;
  std::vector<Parameter> parameters;
};

// What is shown of each zoomable panel, in its data coordinates; empty: fit.
using Viewports = std::map<std::string, scene::Rect>; // by panel name

struct Request {
  std::uint64_t id = 0;
  store::SnapshotPtr snapshot;
  weights::WeightsPtr weights;             // of the checkpoint that is open; null: none, or a trace file
  std::vector<weights::WeightsPtr> series; // checkpoints that it is compared with, in order
  std::shared_ptr<const MapInput> map;     // of views whose input is "map"
  Selection selection;
  Parameters parameters; // complete: defaults filled in by completeParameters()
  Viewports viewports;
  double width = 800, height = 600; // scene units
  scene::ThemeKind theme = scene::ThemeKind::Dark;
  double pixelRatio = 1; // device pixels per unit, so that tiles are as fine as the screen
  // Where what takes long may be computed while a coarser picture is shown (Built::incomplete). Null, as in exports:
  // the picture is complete whatever it takes.
  std::shared_ptr<TileLoader> loader;
};

// The numbers behind a picture: named arrays, the first being the picture's own. Written as CSV, NPY or HDF5.
struct DataTable {
  std::string name, unit;
  TensorView values;                                // 1-D or 2-D
  std::vector<std::string> rowLabels, columnLabels; // empty or as long as the sides
};

struct Built {
  std::uint64_t id = 0; // of the Request
  scene::Scene scene;
  std::vector<DataTable> data;
  std::string caption; // text for the paper, with every setting that matters
  // Parts are coarser than asked for; the request's loader says when it is worth asking again.
  bool incomplete = false;
};

class View {
public:
  virtual ~View() = default;
  virtual const ViewInfo& info() const = 0;
  // Any thread; pure. Errors: BadInput for parameters, NotFound if the snapshot lacks what the view needs, Cancelled.
  virtual Result<Built> build(const Request& request, std::stop_token stop) const = 0;
  // What a click on a Link means. Default: unchanged.
  virtual Selection onLink(const std::string& action, const Selection& current) const;
};

// Defaults for what is missing; unknown names, wrong types and choices are refused by name.
Result<Parameters> completeParameters(const ViewInfo& info, const Parameters& given);
// Of complete parameters; 0, false, "" or nullopt where the name is missing.
double numberOf(const Parameters& parameters, const std::string& name);
std::optional<double> numberOrAuto(const Parameters& parameters, const std::string& name); // nullopt: "auto"
std::int64_t integerOf(const Parameters& parameters, const std::string& name);
bool flagOf(const Parameters& parameters, const std::string& name);
std::string textOf(const Parameters& parameters, const std::string& name);

} // namespace orrery::views
