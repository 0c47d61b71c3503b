// SPDX-License-Identifier: MIT
#include "views/export/recipe.h"

#include <gtest/gtest.h>

#include "tests/core/tensorio/scratch.h"
#include "tests/views/paint/demo_scene.h"
#include "views/paint/gui_application.h"

namespace orrery::exports {
namespace {

using testkit::readText;
using testkit::Scratch;

Recipe sample() {
  Recipe r;
  r.inputPath = "runs/a trace.h5";
  r.inputHash = "deadbeef";
  r.inputMake = {{"tokens", {1, 2, 3}}};
  r.view = "head";
  r.parameters = {{"scale", "log"}, {"high", "0.1"}};
  r.selection = {.layer = 3, .head = 5, .query = 7, .key = views::kNone, .channel = views::kNone, .shownTokens = 12};
  r.viewports = {{"head", {0.1, 1.0 / 3, 16, 16}}};
  r.figure = {.widthMm = 174,
              .heightMm = 80.5,
              .dpi = 600,
              .theme = scene::ThemeKind::Light,
              .transparent = true,
              .title = "\"quoted\" \xc3\xa9",
              .panelLetter = "b"};
  return r;
}

TEST(Recipe, RoundTrip) {
  const Json json = toJson(sample());
  const auto parsed = parseJson(json.dump(2), "r");
  ASSERT_TRUE(parsed.ok());
  const auto back = recipeFromJson(*parsed, "r");
  ASSERT_TRUE(back.ok()) << back.error().what;
  EXPECT_EQ(toJson(*back), json);
  EXPECT_EQ(back->selection, sample().selection);
  EXPECT_EQ(back->viewports.at("head").y, 1.0 / 3);
  EXPECT_EQ(back->figure.theme, scene::ThemeKind::Light);
  EXPECT_FALSE(back->program.empty());
}

TEST(Recipe, MissingKeysTakeDefaults) {
  const auto r = recipeFromJson(Json{{"format", "orrery-recipe"}, {"format_version", 1}, {"view", "heads"}}, "r");
  ASSERT_TRUE(r.ok()) << r.error().what;
  EXPECT_EQ(r->figure.widthMm, 85);
  EXPECT_EQ(r->selection, views::Selection{});
}

// Each change breaks one thing; the sentence must name it.
TEST(Recipe, BadRecipesAreRefusedByName) {
  const struct {
    const char* pointer;
    Json value;
    const char* named;
  } kCases[] = {{"/colour", 1, "colour"},
                {"/figure/width", 85, "figure.width"},
                {"/figure/width_mm", "85", "figure.width_mm"},
                {"/figure/theme", "pink", "figure.theme"},
                {"/figure/transparent", 1, "figure.transparent"},
                {"/selection/layer", 1.5, "selection.layer"},
                {"/selection/layer", -2, "selection.layer"},
                {"/selection/layer", 1e300, "selection.layer"},
                {"/selection/layer", UINT64_MAX, "selection.layer"},
                {"/viewports/head", {0, 0, 0, 1}, "viewports"},
                {"/viewports/head", {0, 0, "1", 1}, "viewports"},
                {"/parameters/high", 0.1, "parameters"},
                {"/parameters", {1}, "parameters"},
                {"/input", "trace.h5", "input"},
                {"/input/make", 5, "input.make"},
                {"/view", 3, "view"},
                {"/view", "", "view"},
                {"/format", "other", "format"},
                {"/format_version", 2, "format_version"},
                {"/format_version", "1", "format_version"}};
  for (const auto& c : kCases) {
    Json json = toJson(sample());
    json[Json::json_pointer(c.pointer)] = c.value;
    const auto r = recipeFromJson(json, "r.json");
    ASSERT_FALSE(r.ok()) << c.pointer;
    EXPECT_NE(r.error().what.find(c.named), std::string::npos) << c.pointer << ": " << r.error().what;
    EXPECT_EQ(r.error().where, "r.json");
  }
  for (const char* text : {"[]", "3", "null", "\"orrery-recipe\"", "{}"})
    EXPECT_FALSE(recipeFromJson(*parseJson(text, "r"), "r").ok()) << text;
}

TEST(Recipe, Files) {
  Scratch scratch;
  EXPECT_EQ(recipePath("out/fig.1.svg"), "out/fig.1.recipe.json");
  ASSERT_TRUE(writeRecipe(sample(), scratch / "f.recipe.json").ok());
  EXPECT_TRUE(isRecipe(scratch / "f.recipe.json"));
  EXPECT_EQ(toJson(*readRecipe(scratch / "f.recipe.json")), toJson(sample()));
  testkit::writeText(scratch / "config.json", "{\"model_type\": \"llama\"}");
  EXPECT_FALSE(isRecipe(scratch / "config.json"));
  EXPECT_FALSE(isRecipe(scratch / "none.json"));
  testkit::writeText(scratch / "broken.json", "{\"format\": \"orrery-recipe\", ");
  EXPECT_FALSE(readRecipe(scratch / "broken.json").ok());
}

TEST(Recipe, SameRecipeSameBytes) {
  ASSERT_TRUE(paint::ensureGuiApplication().ok());
  Scratch scratch;
  ASSERT_TRUE(writeRecipe(sample(), scratch / "f.recipe.json").ok());
  const auto draw = [&](const Recipe& recipe, const std::string& path) {
    const auto request = requestOf(recipe);
    ASSERT_TRUE(request.ok());
    views::Built built;
    built.scene = paint::demoScene(request->theme, request->width, request->height, 16);
    ASSERT_TRUE(exportFigure(built, recipe.figure, path).ok());
  };
  draw(sample(), scratch / "a.svg");
  draw(*readRecipe(scratch / "f.recipe.json"), scratch / "b.svg");
  draw(sample(), scratch / "a.png");
  draw(*readRecipe(scratch / "f.recipe.json"), scratch / "b.png");
  EXPECT_EQ(readText(scratch / "a.svg"), readText(scratch / "b.svg"));
  EXPECT_EQ(readText(scratch / "a.png"), readText(scratch / "b.png"));
}

} // namespace
} // namespace orrery::exports
