// SPDX-License-Identifier: MIT
#include "app/figure_writer.h"

#include <algorithm>

#include "views/export/data.h"
#include "views/export/figure.h"
#include "views/scene/content.h"

namespace orrery::app {
namespace {

constexpr double kMargin = 4; // points below the last mark

std::string viewNames(const views::Registry& views) {
  std::string names;
  for (const auto& view : views.all()) names += (names.empty() ? "" : ", ") + view->info().name;
  return names;
}

} // namespace

void FigureInput::give(views::Request& request) const {
  request.snapshot = snapshot;
  request.weights = weights;
  request.series = series;
  request.map = map;
}

Status writeFigure(const views::Registry& views, const FigureInput& input, exports::Recipe recipe,
                   const std::string& figurePath, const std::string& dataPath, std::stop_token stop) {
  auto format = exports::formatOf(figurePath);
  if (!format) return format.error();
  if (Status sane = exports::checkFigure(recipe.figure, *format); !sane) return sane;
  const views::View* view = views.find(recipe.view);
  if (view == nullptr) return notFound("there is no view \"" + recipe.view + "\"; there are: " + viewNames(views));
  auto parameters = views::completeParameters(view->info(), recipe.parameters);
  if (!parameters) return parameters.error();
  recipe.parameters = *parameters;
  auto request = exports::requestOf(recipe);
  if (!request) return request.error();
  input.give(*request);
  if (view->info().input == "map" && !input.map)
    return badInput("view \"" + recipe.view + "\" draws a map file", recipe.inputPath);
  if (view->info().input == "trace" && !input.snapshot)
    return badInput("view \"" + recipe.view + "\" draws a trace, this is none", recipe.inputPath);
  auto built = view->build(*request, std::move(stop));
  if (!built) return built.error();
  if (recipe.figure.heightMm == 0) // nobody asked for a height: no empty ground below the last mark
    built->scene.height = std::min(built->scene.height, scene::contentBottom(built->scene) + kMargin);
  if (!dataPath.empty())
    if (Status data = exports::exportData(built->data, dataPath); !data) return data;
  if (Status figure = exports::exportFigure(*built, recipe.figure, figurePath); !figure) return figure;
  return exports::writeRecipe(recipe, exports::recipePath(figurePath));
}

} // namespace orrery::app
