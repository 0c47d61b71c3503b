// SPDX-License-Identifier: MIT
// orrery demo --out DIR: what the program can show, drawn from the bundled model without a display.
#include <filesystem>
#include <iostream>
#include <memory>

#include "app/assets.h"
#include "app/figure_writer.h"
#include "app/replay.h"
#include "app/verbs/verbs.h"
#include "plugins/plugin_host.h"
#include "views/paint/gui_application.h"

namespace orrery::app {
namespace {

constexpr const char* kPrompt = "One sunny morning, Nina went to the bridge. There she met Ivy the mouse. \"Good day,";

Status drawAll(const FigureInput& input, const std::string& tracePath, const std::string& folder) {
  const store::SnapshotPtr& snapshot = input.snapshot;
  if (Status gui = paint::ensureGuiApplication(); !gui) return gui;
  const views::Registry views = plugins::allViews();
  for (const auto& view : views.all()) {
    if (view->info().input == "checkpoints" || view->info().input == "map") continue; // one checkpoint, no map
    exports::Recipe recipe;
    recipe.inputPath = ofWeights(view->info()) ? input.weights->path() : tracePath;
    recipe.view = view->info().name;
    if (recipe.view.starts_with("eviction")) { // a trace file has no evictions: the run is made again
      recipe.inputPath = snapshot->info->checkpoint;
      recipe.inputMake = replayRecipe(*snapshot);
    }
    recipe.selection.layer = snapshot->info->dims.layers - 1;
    recipe.selection.query = snapshot->length() - 1;
    recipe.selection.key = snapshot->length() / 2;
    for (const char* kind : {"svg", "png"}) {
      const std::string path = folder + "/" + view->info().name + "." + kind;
      if (Status drawn = writeFigure(views, input, recipe, path, ""); !drawn) return drawn;
      std::cout << path << '\n';
    }
  }
  return Done{};
}

Status run(const std::string& folder, const Common& common) {
  std::error_code code;
  std::filesystem::create_directories(folder, code);
  if (code) return ioError("cannot make the folder: " + code.message(), folder);
  session::Session engine({.threads = common.threads});
  if (Status opened = waitWithProgress(engine.runOpen(assetPath("models/bundled")), false); !opened) return opened;
  session::RunSpec spec;
  spec.text = kPrompt;
  spec.hooks = "blocks.*.hook_resid_post";
  spec.generate = 24;
  spec.traceOut = folder + "/demo.h5";
  if (Status ran = waitWithProgress(engine.runStart(spec), false); !ran) return ran;
  std::cout << spec.traceOut << '\n';
  std::vector<hooks::Eviction> caches;
  for (int policy = 0; policy < 4; ++policy)
    for (const std::int64_t budget : {4, 8, 16, 32})
      caches.push_back({static_cast<hooks::EvictionPolicy>(policy), budget, {}});
  if (Status ran = waitWithProgress(engine.runEvict(caches), false); !ran) return ran;
  return drawAll({.snapshot = engine.snapshot(), .weights = engine.state()->weights}, spec.traceOut, folder);
}

} // namespace

void declareDemo(CommandLine& line) {
  auto folder = std::make_shared<std::string>();
  CLI::App* verb = line.verb("demo", "Draw every view of a run of the bundled model",
                             [folder, &line] { return run(*folder, line.common); });
  verb->add_option("--out", *folder, "Folder to write to")->required();
}

} // namespace orrery::app
