// SPDX-License-Identifier: MIT
// Recipe: everything that draws a figure again, as JSON beside it.
//   {"format": "orrery-recipe", "format_version": 1, "program": "0.1.0",
//    "input": {"path": "trace.h5", "hash": "sha256 ...", "make": {...}},
//    "view": "head", "parameters": {"scale": "log"}, "selection": {"layer": 3, "head": 5, ...},
//    "viewports": {"head": [0, 0, 16, 16]},
//    "figure": {"width_mm": 85, "height_mm": 0, "dpi": 300, "theme": "print", "transparent": false, "title": "",
//               "panel_letter": ""}}
// `make` is the recipe of the input itself (a trace's own `recipe` attribute), null if there is none. Keys that are
// missing take their defaults; keys that are unknown are refused by name.
#pragma once
#include <string>

#include "core/base/json.h"
#include "core/base/result.h"
#include "views/api/view.h"
#include "views/export/figure.h"

namespace orrery::exports {

struct Recipe {
  std::string program;              // version that wrote it; filled in by toJson if empty
  std::string inputPath, inputHash; // hash: identity of the input, empty if unknown
  std::string inputOther;           // what weights are compared with: a checkpoint or a folder of them; empty: nothing
  Json inputMake;                   // null or an object
  std::string view;
  views::Parameters parameters; // complete, so that a later default changes nothing
  views::Selection selection;
  views::Viewports viewports;
  FigureOptions figure;
};

Json toJson(const Recipe& recipe);
// Errors: BadInput naming the key: unknown, of another type, not finite, missing format or view; Unsupported: a newer
// format_version.
Result<Recipe> recipeFromJson(const Json& json, const std::string& where);

std::string recipePath(const std::string& figurePath); // "fig.svg" -> "fig.recipe.json"
Status writeRecipe(const Recipe& recipe, const std::string& path);
Result<Recipe> readRecipe(const std::string& path);
// True for JSON files whose "format" is "orrery-recipe"; reads at most the size of a recipe.
bool isRecipe(const std::string& path);

// A Request from all but the snapshot: selection, parameters, viewports, size and theme.
Result<views::Request> requestOf(const Recipe& recipe);

} // namespace orrery::exports
