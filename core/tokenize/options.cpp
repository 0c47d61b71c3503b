// SPDX-License-Identifier: MIT
#include "core/tokenize/options.h"

#include "core/tokenize/utf8.h"

namespace orrery::tokenize {

std::string inQuotes(const std::string& text) {
  constexpr std::size_t kShown = 100;
  std::string shown(1, '"');
  for (const char c : text.substr(0, kShown)) shown.push_back(static_cast<unsigned char>(c) < 0x20 ? '?' : c);
  shown.append(text.size() > kShown ? "...\"" : "\"");
  return toValidUtf8(shown);
}

Options::Options(const Json& object, std::string name) : m_object(object), m_name(std::move(name)) {
  m_known.insert("type");
  if (!object.is_object()) refuse(std::string("expected an object, found ") + object.type_name());
}

void Options::refuse(const std::string& what) { refuse(badInput(what)); }

void Options::refuse(Error error) {
  if (m_error) return;
  error.what = m_name + ": " + error.what;
  m_error = std::move(error);
}

const Json* Options::find(const char* key) {
  m_known.insert(key);
  if (!m_object.is_object()) return nullptr;
  const auto it = m_object.find(key);
  return it == m_object.end() || it->is_null() ? nullptr : &*it;
}

bool Options::boolean(const char* key) {
  if (!find(key)) refuse(std::string(key) + " is missing");
  return boolean(key, false);
}

bool Options::boolean(const char* key, bool fallback) {
  const Json* value = find(key);
  if (!value) return fallback;
  if (value->is_boolean()) return value->get<bool>();
  refuse(std::string(key) + ": expected true or false, found " + value->type_name());
  return fallback;
}

std::string Options::text(const char* key) {
  if (!find(key)) refuse(std::string(key) + " is missing");
  return text(key, "");
}

std::string Options::text(const char* key, std::string fallback) {
  const Json* value = find(key);
  if (!value) return fallback;
  if (value->is_string()) return value->get<std::string>();
  refuse(std::string(key) + ": expected a string, found " + value->type_name());
  return fallback;
}

char32_t Options::character(const char* key) {
  const std::string value = text(key);
  if (!value.empty()) {
    const Utf8Step step = stepUtf8(value, 0);
    if (step.valid && step.size == value.size()) return step.code;
  }
  refuse(std::string(key) + ": expected one character, found " + inQuotes(value));
  return U' ';
}

std::int64_t Options::integer(const char* key, std::int64_t low, std::int64_t high) {
  const Json* value = find(key);
  const std::string range = std::to_string(low) + " to " + std::to_string(high);
  if (!value || !value->is_number_integer()) {
    refuse(std::string(key) + ": expected an integer from " + range + ", found " +
           (value ? value->type_name() : "none"));
    return low;
  }
  const bool huge = value->is_number_unsigned() && value->get<std::uint64_t>() > static_cast<std::uint64_t>(high);
  if (!huge && value->get<std::int64_t>() >= low && value->get<std::int64_t>() <= high)
    return value->get<std::int64_t>();
  refuse(std::string(key) + ": expected an integer from " + range + ", found " + value->dump());
  return low;
}

const Json& Options::array(const char* key) {
  static const Json kEmpty = Json::array();
  const Json* value = find(key);
  if (value && value->is_array()) return *value;
  refuse(std::string(key) + ": expected an array, found " + (value ? value->type_name() : "none"));
  return kEmpty;
}

const Json& Options::object(const char* key) {
  static const Json kEmpty = Json::object();
  const Json* value = find(key);
  if (value && value->is_object()) return *value;
  refuse(std::string(key) + ": expected an object, found " + (value ? value->type_name() : "none"));
  return kEmpty;
}

Status Options::finish() {
  if (m_error) return *m_error;
  for (const auto& [key, value] : m_object.items())
    if (!m_known.contains(key)) return unsupported(m_name + ": unknown option " + inQuotes(key));
  return Done{};
}

Result<std::string> componentType(const Json& json, const std::string& what) {
  if (!json.is_object()) return badInput(what + ": expected an object, found " + json.type_name());
  const auto it = json.find("type");
  if (it == json.end() || !it->is_string()) return badInput(what + ": \"type\" is missing or no string");
  return it->get<std::string>();
}

} // namespace orrery::tokenize
