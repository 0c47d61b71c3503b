// SPDX-License-Identifier: MIT
#include "core/models/config_reader.h"

#include <cmath>

#include "core/base/text.h"

namespace orrery::models {

std::string shortJson(const Json& value) {
  std::string text = value.dump(-1, ' ', true, Json::error_handler_t::replace);
  if (text.size() > 80) text = text.substr(0, 77) + "...";
  return text;
}

const Json* ConfigReader::find(std::string_view key) const {
  const auto found = m_json.find(std::string(key));
  return found == m_json.end() || found->is_null() ? nullptr : &*found;
}

bool ConfigReader::has(std::string_view key) const { return m_json.contains(std::string(key)); }

std::vector<double> ConfigReader::numbers(std::string_view key, std::int64_t count, double above, double max) {
  const Json* list = find(key);
  std::vector<double> values;
  const std::string expected =
      "a list of " + std::to_string(count) + " numbers above " + Json(above).dump() + ", at most " + Json(max).dump();
  if (!list || !list->is_array() || static_cast<std::int64_t>(list->size()) != count) {
    const bool array = list && list->is_array();
    fail(std::string(key), expected,
         array ? std::to_string(list->size()) + " of them" : (list ? shortJson(*list) : "no such key"));
    return values;
  }
  for (const Json& item : *list) {
    const double value = item.is_number() ? item.get<double>() : std::nan("");
    if (!(value > above && value <= max)) fail(std::string(key), expected, shortJson(item));
    values.push_back(value);
  }
  return values;
}

void ConfigReader::fail(const std::string& key, const std::string& expected, const std::string& found) {
  if (ok()) m_error = badInput(key + ": expected " + expected + ", found " + found, m_where);
}

void ConfigReader::refuse(const std::string& key, const Json& value) {
  unsupportedThing("option " + inQuotes(key) + " = " + shortJson(value) + " is not known to this program");
}

void ConfigReader::unsupportedThing(const std::string& what) {
  if (ok()) m_error = unsupported(what, m_where);
}

std::int64_t ConfigReader::size(std::string_view key, std::optional<std::int64_t> fallback, std::int64_t max) {
  const std::string expected = "an integer from 1 to " + std::to_string(max);
  const Json* value = key.empty() ? nullptr : find(key);
  if (!value) {
    if (!fallback) fail(std::string(key), expected, "no such key");
    return fallback.value_or(1);
  }
  const bool integer = value->is_number_integer();
  const bool fits =
      integer && (value->is_number_unsigned() ? value->get<std::uint64_t>() <= static_cast<std::uint64_t>(max)
                                              : value->get<std::int64_t>() <= max);
  if (fits && value->get<std::int64_t>() >= 1) return value->get<std::int64_t>();
  fail(std::string(key), expected, shortJson(*value));
  return 1;
}

double ConfigReader::number(std::string_view key, double fallback, double above, double max) {
  return find(key) ? required(key, above, max) : fallback;
}

double ConfigReader::required(std::string_view key, double above, double max) {
  const Json* value = find(key);
  const double number = value && value->is_number() ? value->get<double>() : std::nan("");
  if (number > above && number <= max) return number;
  fail(std::string(key), "a number above " + Json(above).dump() + ", at most " + Json(max).dump(),
       value ? shortJson(*value) : "no such key");
  return max;
}

bool ConfigReader::flag(std::string_view key, bool fallback) {
  const Json* value = find(key);
  if (!value) return fallback;
  if (value->is_boolean()) return value->get<bool>();
  fail(std::string(key), "true or false", shortJson(*value));
  return fallback;
}

std::string ConfigReader::text(std::string_view key, std::string_view fallback) {
  const Json* value = find(key);
  if (!value) return std::string(fallback);
  if (value->is_string()) return value->get<std::string>();
  fail(std::string(key), "a text", shortJson(*value));
  return std::string(fallback);
}

} // namespace orrery::models
