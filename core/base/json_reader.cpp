// SPDX-License-Identifier: MIT
#include "core/base/json_reader.h"

#include <cmath>

#include "core/base/text.h"

namespace orrery {

JsonReader::JsonReader(const Json& object, std::string path, const char* whole)
    : m_object(object), m_path(std::move(path)) {
  if (!object.is_object()) fail((m_path.empty() ? whole : m_path) + ": expected an object, found " + shown(object));
}

void JsonReader::integer(const char* key, std::int64_t& value, std::int64_t low, std::int64_t high) {
  const Json* found = find(key);
  if (!found) return;
  if (found->is_number_integer() && (!found->is_number_unsigned() || found->get<std::uint64_t>() <= INT64_MAX))
    if (const auto given = found->get<std::int64_t>(); given >= low && given <= high) {
      value = given;
      return;
    }
  fail(name(key) + ": expected an integer from " + std::to_string(low) + " to " + std::to_string(high) + ", found " +
       shown(*found));
}

void JsonReader::seed(const char* key, std::uint64_t& value) {
  const Json* found = find(key);
  if (!found) return;
  if (found->is_number_unsigned())
    value = found->get<std::uint64_t>();
  else
    fail(name(key) + ": expected an integer that is not negative, found " + shown(*found));
}

void JsonReader::real(const char* key, double& value, double low, double high) {
  const Json* found = find(key);
  if (!found) return;
  const double given = found->is_number() ? found->get<double>() : std::nan("");
  if (given >= low && given <= high)
    value = given;
  else
    fail(name(key) + ": expected a number from " + shown(low) + " to " + shown(high) + ", found " + shown(*found));
}

void JsonReader::boolean(const char* key, bool& value) {
  const Json* found = find(key);
  if (!found) return;
  if (found->is_boolean())
    value = found->get<bool>();
  else
    fail(name(key) + ": expected true or false, found " + shown(*found));
}

void JsonReader::text(const char* key, std::string& value) {
  const Json* found = find(key);
  if (!found) return;
  if (found->is_string())
    value = found->get<std::string>();
  else
    fail(name(key) + ": expected a text, found " + shown(*found));
}

std::size_t JsonReader::choiceOf(const char* key, std::span<const char* const> choices) {
  const Json* found = find(key);
  if (!found) return 0;
  std::string list;
  for (std::size_t i = 0; i < choices.size(); ++i) {
    if (found->is_string() && found->get<std::string>() == choices[i]) return i;
    list += (i ? ", " : "") + inQuotes(choices[i]);
  }
  fail(name(key) + ": expected one of " + list + ", found " + shown(*found));
  return 0;
}

const Json* JsonReader::find(const char* key) {
  m_known.insert(key);
  if (!m_object.is_object()) return nullptr;
  const auto found = m_object.find(key);
  return found == m_object.end() ? nullptr : &*found;
}

void JsonReader::fail(std::string what) {
  if (!m_error) m_error = std::move(what);
}

void JsonReader::take(JsonReader& inner) {
  if (auto problem = inner.finish()) fail(*problem);
}

std::optional<std::string> JsonReader::finish() {
  if (m_error || !m_object.is_object()) return m_error;
  for (const auto& [key, value] : m_object.items())
    if (!m_known.contains(key)) return name(key) + ": unknown key";
  return std::nullopt;
}

std::string JsonReader::name(const std::string& key) const {
  const std::string quoted = inQuotes(key);
  const std::string plain = quoted.substr(1, quoted.size() - 2);
  return m_path.empty() ? plain : m_path + "." + plain;
}

std::string JsonReader::shown(const Json& value) {
  return value.is_structured() ? std::string("an ") + value.type_name()
                               : inQuotes(value.dump(-1, ' ', false, Json::error_handler_t::replace), 60);
}

std::string JsonReader::shown(double value) { return Json(value).dump(); }

} // namespace orrery
