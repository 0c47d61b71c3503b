// SPDX-License-Identifier: MIT
#include "views/api/view.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "core/base/text.h"

namespace orrery::views {
namespace {

template <class T> bool parses(const std::string& text, T& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

Status checkValue(const Parameter& parameter, const std::string& value) {
  const std::string subject = "parameter " + inQuotes(parameter.name) + ": ";
  std::int64_t integer = 0;
  double number = 0;
  const auto& choices = parameter.choices;
  switch (parameter.kind) {
  case ParameterKind::Boolean:
    if (value != "true" && value != "false")
      return badInput(subject + "expected true or false, got " + inQuotes(value));
    break;
  case ParameterKind::Integer:
    if (!parses(value, integer)) return badInput(subject + "expected an integer, got " + inQuotes(value));
    break;
  case ParameterKind::Number:
    if (!parses(value, number) || !std::isfinite(number))
      return badInput(subject + "expected a finite number, got " + inQuotes(value));
    break;
  case ParameterKind::Choice:
    if (std::find(choices.begin(), choices.end(), value) == choices.end())
      return badInput(subject + "expected one of " + joined(choices) + ", got " + inQuotes(value));
    break;
  case ParameterKind::Text:
    break;
  case ParameterKind::NumberOrAuto:
    if (value != "auto" && (!parses(value, number) || !std::isfinite(number)))
      return badInput(subject + "expected auto or a finite number, got " + inQuotes(value));
    break;
  }
  return Done{};
}

std::string valueOf(const Parameters& parameters, const std::string& name) {
  const auto at = parameters.find(name);
  return at == parameters.end() ? std::string() : at->second;
}

} // namespace

Selection View::onLink(const std::string&, const Selection& current) const { return current; }

Result<Parameters> completeParameters(const ViewInfo& info, const Parameters& given) {
  std::vector<std::string> names;
  for (const Parameter& parameter : info.parameters) names.push_back(parameter.name);
  for (const auto& [name, value] : given)
    if (std::find(names.begin(), names.end(), name) == names.end())
      return badInput("view " + inQuotes(info.name) + " has no parameter " + inQuotes(name) +
                      (names.empty() ? std::string("; it has none") : "; it has " + joined(names)));
  Parameters complete;
  for (const Parameter& parameter : info.parameters) {
    const auto at = given.find(parameter.name);
    const std::string& value = at == given.end() ? parameter.defaultValue : at->second;
    if (auto checked = checkValue(parameter, value); !checked.ok()) return checked.error();
    complete[parameter.name] = value;
  }
  return complete;
}

double numberOf(const Parameters& parameters, const std::string& name) {
  double value = 0;
  parses(valueOf(parameters, name), value);
  return value;
}

std::optional<double> numberOrAuto(const Parameters& parameters, const std::string& name) {
  double value = 0;
  if (!parses(valueOf(parameters, name), value) || !std::isfinite(value)) return std::nullopt;
  return value;
}

std::int64_t integerOf(const Parameters& parameters, const std::string& name) {
  std::int64_t value = 0;
  parses(valueOf(parameters, name), value);
  return value;
}

bool flagOf(const Parameters& parameters, const std::string& name) { return valueOf(parameters, name) == "true"; }

std::string textOf(const Parameters& parameters, const std::string& name) { return valueOf(parameters, name); }

} // namespace orrery::views
