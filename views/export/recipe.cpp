// SPDX-License-Identifier: MIT
#include "views/export/recipe.h"

#include <cmath>
#include <filesystem>
#include <functional>
#include <map>

#include "core/base/file.h"
#include "core/base/text.h"

namespace orrery::exports {
namespace {

constexpr int kFormatVersion = 1;
constexpr std::size_t kMaxRecipeBytes = std::size_t{16} << 20;
constexpr const char* kFormat = "orrery-recipe";

// One object whose keys are all known: a reader per key. The first problem stays.
class Reader {
public:
  using Take = std::function<bool(const Json&)>; // false: wrong type or value

  Reader(std::string where, std::string prefix) : m_where(std::move(where)), m_prefix(std::move(prefix)) {}

  void key(const std::string& name, std::string expected, Take take) {
    m_keys[name] = {std::move(expected), std::move(take)};
  }
  void text(const std::string& name, std::string& out) {
    key(name, "a text", [&out](const Json& v) {
      if (v.is_string()) out = v.get<std::string>();
      return v.is_string();
    });
  }
  void flag(const std::string& name, bool& out) {
    key(name, "true or false", [&out](const Json& v) {
      if (v.is_boolean()) out = v.get<bool>();
      return v.is_boolean();
    });
  }
  void number(const std::string& name, double& out) {
    key(name, "a number", [&out](const Json& v) {
      if (v.is_number()) out = v.get<double>();
      return v.is_number() && std::isfinite(out);
    });
  }
  void integer(const std::string& name, std::int64_t& out) {
    key(name, "a whole number, -1 for none", [&out](const Json& v) {
      if (!v.is_number_integer() || (v.is_number_unsigned() && v.get<std::uint64_t>() > INT64_MAX)) return false;
      out = v.get<std::int64_t>();
      return out >= views::kNone;
    });
  }

  Status read(const Json& object) const {
    if (!object.is_object()) return badInput("recipe: " + label("") + " is not an object", m_where);
    for (const auto& [name, value] : object.items()) {
      const auto found = m_keys.find(name);
      if (found == m_keys.end()) return badInput("recipe: unknown key " + inQuotes(label(name)), m_where);
      if (!found->second.take(value))
        return badInput("recipe: " + label(name) + " is not " + found->second.expected + ": " +
                            inQuotes(value.dump(-1, ' ', false, Json::error_handler_t::replace), 80),
                        m_where);
    }
    return Done{};
  }

private:
  struct Key {
    std::string expected;
    Take take;
  };
  std::string label(const std::string& name) const {
    if (m_prefix.empty()) return name.empty() ? "the file" : name;
    return name.empty() ? m_prefix : m_prefix + "." + name;
  }

  std::string m_where, m_prefix;
  std::map<std::string, Key> m_keys;
};

const std::map<std::string, scene::ThemeKind>& themes() {
  static const std::map<std::string, scene::ThemeKind> kThemes = {
      {"dark", scene::ThemeKind::Dark}, {"light", scene::ThemeKind::Light}, {"print", scene::ThemeKind::Print}};
  return kThemes;
}

std::string themeName(scene::ThemeKind kind) {
  for (const auto& [name, value] : themes())
    if (value == kind) return name;
  return "print";
}

bool takeParameters(const Json& json, views::Parameters& out) {
  if (!json.is_object()) return false;
  for (const auto& [name, value] : json.items()) {
    if (!value.is_string()) return false;
    out[name] = value.get<std::string>();
  }
  return true;
}

bool takeRect(const Json& json, scene::Rect& out) {
  if (!json.is_array() || json.size() != 4) return false;
  double v[4];
  for (std::size_t i = 0; i < 4; ++i) {
    if (!json[i].is_number()) return false;
    v[i] = json[i].get<double>();
    if (!std::isfinite(v[i])) return false;
  }
  out = {v[0], v[1], v[2], v[3]};
  return v[2] != 0 && v[3] != 0;
}

bool takeViewports(const Json& json, views::Viewports& out) {
  if (!json.is_object()) return false;
  for (const auto& [name, value] : json.items())
    if (!takeRect(value, out[name])) return false;
  return true;
}

Status readInput(const Json& json, Recipe& recipe, const std::string& where) {
  Reader reader(where, "input");
  reader.text("path", recipe.inputPath);
  reader.text("hash", recipe.inputHash);
  reader.text("other", recipe.inputOther);
  reader.key("make", "an object or null", [&](const Json& v) {
    recipe.inputMake = v;
    return v.is_object() || v.is_null();
  });
  return reader.read(json);
}

Status readSelection(const Json& json, views::Selection& selection, const std::string& where) {
  Reader reader(where, "selection");
  for (const auto& [name, field] : views::kSelectionNumbers) reader.integer(name, selection.*field);
  reader.text("tensor", selection.tensor);
  return reader.read(json);
}

Status readFigure(const Json& json, FigureOptions& figure, const std::string& where) {
  Reader reader(where, "figure");
  reader.number("width_mm", figure.widthMm);
  reader.number("height_mm", figure.heightMm);
  reader.number("dpi", figure.dpi);
  reader.flag("transparent", figure.transparent);
  reader.text("title", figure.title);
  reader.text("panel_letter", figure.panelLetter);
  reader.key("theme", "\"dark\", \"light\" or \"print\"", [&](const Json& v) {
    const auto found = v.is_string() ? themes().find(v.get<std::string>()) : themes().end();
    if (found != themes().end()) figure.theme = found->second;
    return found != themes().end();
  });
  return reader.read(json);
}

Status checkFormat(const Json& json, const std::string& where) {
  if (!json.is_object() || !json.contains("format") || json["format"] != kFormat)
    return badInput(std::string("recipe: \"format\" is not \"") + kFormat + "\"", where);
  if (!json.contains("format_version") || !json["format_version"].is_number_integer())
    return badInput("recipe: \"format_version\" is missing or not a whole number", where);
  const auto version = json["format_version"].get<std::int64_t>();
  if (version < 1) return badInput("recipe: format_version is " + std::to_string(version) + ", expected 1", where);
  if (version > kFormatVersion)
    return unsupported("recipe: format_version is " + std::to_string(version) + ", this program reads up to " +
                           std::to_string(kFormatVersion),
                       where);
  return Done{};
}

Json figureJson(const FigureOptions& figure) {
  return {{"width_mm", figure.widthMm},        {"height_mm", figure.heightMm},      {"dpi", figure.dpi},
          {"theme", themeName(figure.theme)},  {"transparent", figure.transparent}, {"title", figure.title},
          {"panel_letter", figure.panelLetter}};
}

Json inputJson(const Recipe& recipe) {
  Json json = {{"path", recipe.inputPath}, {"hash", recipe.inputHash}, {"make", recipe.inputMake}};
  if (!recipe.inputOther.empty()) json["other"] = recipe.inputOther;
  return json;
}

Json selectionJson(const views::Selection& s) {
  Json json = Json::object();
  for (const auto& [name, field] : views::kSelectionNumbers) json[name] = s.*field;
  if (!s.tensor.empty()) json["tensor"] = s.tensor;
  return json;
}

} // namespace

Json toJson(const Recipe& recipe) {
  Json viewports = Json::object();
  for (const auto& [name, r] : recipe.viewports) viewports[name] = {r.x, r.y, r.w, r.h};
  Json parameters = Json::object();
  for (const auto& [name, value] : recipe.parameters) parameters[name] = value;
  return {{"format", kFormat},
          {"format_version", kFormatVersion},
          {"program", recipe.program.empty() ? std::string(ORRERY_VERSION) : recipe.program},
          {"input", inputJson(recipe)},
          {"view", recipe.view},
          {"parameters", parameters},
          {"selection", selectionJson(recipe.selection)},
          {"viewports", viewports},
          {"figure", figureJson(recipe.figure)}};
}

Result<Recipe> recipeFromJson(const Json& json, const std::string& where) {
  if (Status status = checkFormat(json, where); !status) return status.error();
  Recipe recipe;
  Status inner = Done{}; // problem of a nested object, which names its own key
  const auto nested = [&inner](Status status) {
    if (!status) inner = status;
    return status.ok();
  };
  Reader reader(where, "");
  reader.key("format", "a text", [](const Json&) { return true; });
  reader.key("format_version", "a number", [](const Json&) { return true; });
  reader.text("program", recipe.program);
  reader.text("view", recipe.view);
  reader.key("input", "an object", [&](const Json& v) { return nested(readInput(v, recipe, where)); });
  reader.key("parameters", "an object of texts", [&](const Json& v) { return takeParameters(v, recipe.parameters); });
  reader.key("selection", "an object",
             [&](const Json& v) { return nested(readSelection(v, recipe.selection, where)); });
  reader.key("viewports", "an object of [x, y, width, height]",
             [&](const Json& v) { return takeViewports(v, recipe.viewports); });
  reader.key("figure", "an object", [&](const Json& v) { return nested(readFigure(v, recipe.figure, where)); });
  if (Status status = reader.read(json); !status) return inner ? status.error() : inner.error();
  if (recipe.view.empty()) return badInput("recipe: \"view\" is missing", where);
  return recipe;
}

std::string recipePath(const std::string& figurePath) {
  return std::filesystem::path(figurePath).replace_extension(".recipe.json").string();
}

Status writeRecipe(const Recipe& recipe, const std::string& path) {
  return writeFileAtomically(path, toJson(recipe).dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
}

Result<Recipe> readRecipe(const std::string& path) {
  auto text = readFile(path, kMaxRecipeBytes);
  if (!text) return text.error();
  auto json = parseJson(*text, path);
  if (!json) return json.error();
  return recipeFromJson(*json, path);
}

bool isRecipe(const std::string& path) {
  if (std::filesystem::path(path).extension() != ".json") return false;
  const auto text = readFile(path, kMaxRecipeBytes);
  if (!text) return false;
  const auto json = parseJson(*text, path);
  return json.ok() && json->is_object() && json->contains("format") && (*json)["format"] == kFormat;
}

Result<views::Request> requestOf(const Recipe& recipe) {
  views::Request request;
  request.selection = recipe.selection;
  request.parameters = recipe.parameters;
  request.viewports = recipe.viewports;
  if (Status status = applyTo(request, recipe.figure); !status) return status.error();
  return request;
}

} // namespace orrery::exports
