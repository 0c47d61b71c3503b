// SPDX-License-Identifier: MIT
#include "core/session/end_tokens.h"

#include <algorithm>
#include <filesystem>
#include <limits>

#include "core/base/json.h"

namespace orrery::session {
namespace {

namespace fs = std::filesystem;

bool isId(const Json& value) {
  return value.is_number_integer() && value.get<double>() >= 0 &&
         value.get<double>() <= std::numeric_limits<std::int32_t>::max();
}

Result<std::vector<std::int32_t>> idsIn(const Json& json, const std::string& where) {
  const Json value = json.is_object() ? json.value("eos_token_id", Json()) : Json();
  if (value.is_null()) return std::vector<std::int32_t>();
  const Json list = value.is_array() ? value : Json::array({value});
  if (!std::all_of(list.begin(), list.end(), isId))
    return badInput(
        std::string("eos_token_id: expected a token id or a list of them, found ").append(value.dump().substr(0, 40)),
        where);
  return list.get<std::vector<std::int32_t>>();
}

std::string generationConfig(const std::string& path) {
  std::error_code ignored;
  const fs::path folder = fs::is_directory(path, ignored) ? fs::path(path) : fs::path(path).parent_path();
  const fs::path file = folder / "generation_config.json";
  return fs::exists(file, ignored) ? file.string() : std::string();
}

} // namespace

std::vector<std::int32_t> endTokens(const std::string& path, const std::string& configJson,
                                    std::vector<std::string>& warnings) {
  const auto found = [&](const Result<Json>& json, const std::string& where) {
    auto ids = json ? idsIn(*json, where) : json.error();
    if (ids) return *ids;
    warnings.push_back(ids.error().message());
    return std::vector<std::int32_t>();
  };
  if (const std::string file = generationConfig(path); !file.empty())
    if (auto ids = found(readJsonFile(file), file); !ids.empty()) return ids;
  return found(parseJson(configJson, path), path);
}

} // namespace orrery::session
