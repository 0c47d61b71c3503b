// SPDX-License-Identifier: MIT
// From a recipe to files: the figure, its data and FIG.recipe.json. The export dialog and `orrery render` both call
// this.
#pragma once
#include <stop_token>
#include <string>

#include "core/base/result.h"
#include "core/store/snapshot.h"
#include "views/api/map_input.h"
#include "views/export/recipe.h"
#include "views/registry.h"

namespace orrery::app {

// Whether a view shows weights of checkpoints, not a run.
inline bool ofWeights(const views::ViewInfo& info) { return info.input == "weights" || info.input == "checkpoints"; }

// What a view is drawn from: a run, a checkpoint to look at, others to compare it with, a map. Any may be missing.
struct FigureInput {
  store::SnapshotPtr snapshot = {};
  weights::WeightsPtr weights = {};
  std::vector<weights::WeightsPtr> series = {};
  views::MapInputPtr map = {};
  void give(views::Request& request) const;
};

// Builds the recipe's view on `input` and writes `figurePath`, its recipe beside it and, if `dataPath` is not empty,
// the numbers. Not on the GUI thread. Errors: whatever is wrong with view, parameters or files; nothing half-written.
Status writeFigure(const views::Registry& views, const FigureInput& input, exports::Recipe recipe,
                   const std::string& figurePath, const std::string& dataPath, std::stop_token stop = {});

} // namespace orrery::app
