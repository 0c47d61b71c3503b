// SPDX-License-Identifier: MIT
// orrery render TRACE --view NAME ... --out FIG.svg, and orrery render RECIPE.json --out FIG2.svg
#include <charconv>
#include <filesystem>
#include <iostream>
#include <memory>

#include "app/figure_writer.h"
#include "app/map_reader.h"
#include "app/replay.h"
#include "app/verbs/verbs.h"
#include "core/session/weights.h"
#include "core/sweep/map_file.h"
#include "core/tensorio/sha256.h"
#include "core/trace/trace_reader.h"
#include "plugins/plugin_host.h"
#include "views/paint/gui_application.h"

namespace orrery::app {
namespace {

struct Options {
  std::string input, other, view, theme, out, data;
  std::vector<std::string> set;
  exports::FigureOptions figure;
  CLI::App* verb = nullptr;
};

std::int64_t* selectionField(views::Selection& selection, const std::string& key) {
  for (const auto& [name, field] : views::kSelectionNumbers)
    if (key == (field == &views::Selection::shownTokens ? "tokens" : name)) return &(selection.*field);
  return nullptr;
}

// "layer=3", "tensor=NAME" change the selection, "viewport.head=x,y,w,h" what is shown of a panel, the rest are view
// parameters.
Status applySetting(exports::Recipe& recipe, const std::string& setting) {
  const auto equals = setting.find('=');
  if (equals == std::string::npos || equals == 0)
    return badInput("--set: expected key=value, found \"" + setting + "\"");
  const std::string key = setting.substr(0, equals), value = setting.substr(equals + 1);
  if (std::int64_t* field = selectionField(recipe.selection, key)) {
    const auto [end, code] = std::from_chars(value.data(), value.data() + value.size(), *field);
    if (code == std::errc() && end == value.data() + value.size() && *field >= 0) return Done{};
    return badInput("--set " + key + ": expected a whole number from 0, found \"" + value + "\"");
  }
  if (key == "tensor") {
    recipe.selection.tensor = value;
    return Done{};
  }
  if (!key.starts_with("viewport.")) {
    recipe.parameters[key] = value;
    return Done{};
  }
  double numbers[4];
  const char* at = value.data();
  const char* const last = at + value.size();
  for (int i = 0; i < 4; ++i) {
    const auto [end, code] = std::from_chars(at, last, numbers[i]);
    if (code != std::errc() || (i < 3 ? end == last || *end != ',' : end != last))
      return badInput("--set " + key + ": expected x,y,width,height, found \"" + value + "\"");
    at = i < 3 ? end + 1 : end;
  }
  recipe.viewports[key.substr(9)] = {numbers[0], numbers[1], numbers[2], numbers[3]};
  return Done{};
}

void applyFigureOptions(exports::Recipe& recipe, const Options& options) {
  const auto given = [&](const char* name) { return options.verb->count(name) > 0; };
  if (given("--width")) recipe.figure.widthMm = options.figure.widthMm;
  if (given("--height")) recipe.figure.heightMm = options.figure.heightMm;
  if (given("--dpi")) recipe.figure.dpi = options.figure.dpi;
  if (given("--transparent")) recipe.figure.transparent = true;
  if (given("--title")) recipe.figure.title = options.figure.title;
  if (given("--panel-letter")) recipe.figure.panelLetter = options.figure.panelLetter;
  if (options.theme == "light") recipe.figure.theme = scene::ThemeKind::Light;
  if (options.theme == "dark") recipe.figure.theme = scene::ThemeKind::Dark;
  if (options.theme == "print") recipe.figure.theme = scene::ThemeKind::Print;
}

Result<exports::Recipe> recipeOf(const Options& options) {
  if (exports::isRecipe(options.input)) {
    auto recipe = exports::readRecipe(options.input);
    if (!recipe || options.view.empty() || recipe->view == options.view) return recipe;
    recipe->view = options.view; // of the same input; settings of the other view mean nothing here
    recipe->parameters.clear();
    recipe->viewports.clear();
    return recipe;
  }
  if (options.view.empty()) return badInput("--view is needed; `orrery views` lists them");
  exports::Recipe recipe;
  recipe.inputPath = options.input;
  recipe.view = options.view;
  return recipe;
}

// A figure must not quietly be drawn from another file than the one its recipe was written for.
Status checkHash(exports::Recipe& recipe, const std::string& hash) {
  if (!recipe.inputHash.empty() && recipe.inputHash != hash)
    return badInput("the file is not the one that the recipe was written for: expected SHA-256 " + recipe.inputHash +
                        ", found " + hash,
                    recipe.inputPath);
  recipe.inputHash = hash;
  return Done{};
}

// A map, with the curves of the pixels that the figure is about.
Result<FigureInput> readMap(const exports::Recipe& recipe, int threads) {
  auto map = recipe.inputPath.empty() ? computeMap(recipe.inputMake, threads) : readMapFile(recipe.inputPath);
  if (!map) return map.error();
  if (recipe.view == "map-curve") map = withCurves(*map, recipe.selection, {});
  if (!map) return map.error();
  return FigureInput{.map = *map};
}

// A figure of a live run has a checkpoint as its input: the run is made again.
Result<FigureInput> readInput(exports::Recipe& recipe, int threads) {
  if (recipe.inputPath.empty()) return readMap(recipe, threads);
  if (isReplayOf(recipe.inputMake, recipe.inputPath)) {
    auto replayed = replayRun(recipe.inputMake, threads);
    if (!replayed) return replayed.error();
    return FigureInput{.snapshot = *replayed};
  }
  std::error_code ignored;
  if (std::filesystem::is_directory(recipe.inputPath, ignored)) {
    return badInput("a view is drawn from a trace file: make one with `orrery trace`", recipe.inputPath);
  }
  auto hash = tensorio::fingerprintOfFile(recipe.inputPath);
  if (!hash) return hash.error();
  if (Status same = checkHash(recipe, *hash); !same) return same.error();
  if (sweep::isMapFile(recipe.inputPath)) return readMap(recipe, threads);
  auto snapshot = trace::readTrace(recipe.inputPath);
  if (!snapshot) return snapshot.error();
  if (recipe.inputMake.is_null() && !(*snapshot)->info->recipeJson.empty())
    if (auto make = parseJson((*snapshot)->info->recipeJson, recipe.inputPath); make && make->is_object())
      recipe.inputMake = *make;
  return FigureInput{.snapshot = *snapshot};
}

Result<FigureInput> readWeights(exports::Recipe& recipe) {
  auto weights = session::openWeights(recipe.inputPath);
  if (!weights) return weights.error();
  auto hash = tensorio::sha256Of((*weights)->file());
  if (!hash) return hash.error();
  if (Status same = checkHash(recipe, *hash); !same) return same.error();
  FigureInput input{.weights = *weights};
  if (recipe.inputOther.empty()) return input;
  auto series = session::openSeries(recipe.inputOther);
  if (!series) return series.error();
  input.series = std::move(*series);
  return input;
}

Result<FigureInput> inputOf(exports::Recipe& recipe, const views::Registry& views, int threads) {
  const views::View* view = views.find(recipe.view);
  if (view && ofWeights(view->info())) return readWeights(recipe);
  return readInput(recipe, threads);
}

Status run(const Options& options, const Common& common) {
  auto recipe = recipeOf(options);
  if (!recipe) return recipe.error();
  for (const std::string& setting : options.set)
    if (Status applied = applySetting(*recipe, setting); !applied) return applied;
  applyFigureOptions(*recipe, options);
  if (!options.other.empty()) recipe->inputOther = options.other;
  const views::Registry views = plugins::allViews();
  auto input = inputOf(*recipe, views, common.threads);
  if (!input) return input.error();
  if (Status gui = paint::ensureGuiApplication(); !gui) return gui;
  if (Status written = writeFigure(views, *input, *recipe, options.out, options.data); !written) return written;
  const std::string recipeFile = exports::recipePath(options.out);
  if (common.json)
    printJson({{"out", options.out}, {"data", options.data}, {"recipe", recipeFile}});
  else
    std::cout << options.out << '\n' << recipeFile << '\n' << (options.data.empty() ? "" : options.data + "\n");
  return Done{};
}

} // namespace

void declareRender(CommandLine& line) {
  auto options = std::make_shared<Options>();
  CLI::App* verb = line.verb("render", "Draw a view of a trace or of weights as PNG, SVG or PDF, without a display",
                             [options, &line] { return run(*options, line.common); });
  options->verb = verb;
  verb->add_option("INPUT", options->input,
                   "Trace file, a checkpoint for views of weights, or a recipe that draws its figure again")
      ->required();
  verb->add_option("--other", options->other, "Checkpoint, or folder of checkpoints, that weights are compared with");
  verb->add_option("--view", options->view, "Name of the view");
  verb->add_option(
          "--set", options->set,
          "key=value: layer, head, query, key, channel, tokens, tensor, viewport.PANEL, or a parameter of the view")
      ->allow_extra_args(false);
  verb->add_option("--theme", options->theme, "Colours (default: print)")
      ->check(CLI::IsMember({"light", "dark", "print"}));
  verb->add_option("--width", options->figure.widthMm, "Width in mm (85: one column)");
  verb->add_option("--height", options->figure.heightMm, "Height in mm");
  verb->add_option("--dpi", options->figure.dpi, "Dots an inch of a PNG");
  verb->add_flag("--transparent", options->figure.transparent, "No ground");
  verb->add_option("--title", options->figure.title, "A line above the picture");
  verb->add_option("--panel-letter", options->figure.panelLetter, "Letter in the upper left corner");
  verb->add_option("--out", options->out, "Figure to write: .png, .svg or .pdf")->required();
  verb->add_option("--data", options->data, "Its numbers: .csv, .npy or .h5");
}

} // namespace orrery::app
