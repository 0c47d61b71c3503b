// SPDX-License-Identifier: MIT
// orrery views
#include <iostream>

#include "app/verbs/verbs.h"
#include "plugins/plugin_host.h"

namespace orrery::app {
namespace {

OrderedJson parameterJson(const views::Parameter& parameter) {
  constexpr const char* kKinds[] = {"boolean", "integer", "number", "choice", "text", "number or auto"};
  OrderedJson json = {{"name", parameter.name},
                      {"kind", kKinds[static_cast<std::size_t>(parameter.kind)]},
                      {"default", parameter.defaultValue},
                      {"help", parameter.help}};
  if (!parameter.choices.empty()) json["choices"] = parameter.choices;
  return json;
}

Status run(const Common& common) {
  OrderedJson rows = OrderedJson::array();
  const views::Registry registry = plugins::allViews();
  for (const auto& view : registry.all()) {
    OrderedJson parameters = OrderedJson::array();
    for (const views::Parameter& parameter : view->info().parameters) parameters.push_back(parameterJson(parameter));
    rows.push_back({{"name", view->info().name},
                    {"title", view->info().title},
                    {"input", view->info().input},
                    {"parameters", parameters}});
  }
  if (common.json) {
    printJson({{"views", rows}});
    return Done{};
  }
  for (const auto& row : rows) {
    std::cout << row["name"].get<std::string>() << "  " << row["title"].get<std::string>() << '\n';
    for (const auto& parameter : row["parameters"])
      std::cout << "    --set " << parameter["name"].get<std::string>() << '='
                << parameter["default"].get<std::string>() << "  " << parameter["help"].get<std::string>() << '\n';
  }
  return Done{};
}

} // namespace

void declareViews(CommandLine& line) {
  line.verb("views", "Every view and its parameters", [&line] { return run(line.common); });
}

} // namespace orrery::app
