// SPDX-License-Identifier: MIT
// Components of tokenizer.json for tokenizers that come in another form.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "core/base/json.h"

namespace orrery::tokenize {

inline Json addedTokenJson(std::int32_t id, const std::string& content, bool special) {
  return {{"id", id},        {"content", content},  {"single_word", false}, {"lstrip", false},
          {"rstrip", false}, {"normalized", false}, {"special", special}};
}

// A TemplateProcessing that puts ids around a text.
inline Json templateJson(const std::vector<std::int32_t>& before, const std::vector<std::int32_t>& after) {
  Json single = Json::array(), special = Json::object();
  const auto put = [&](std::int32_t id) {
    const std::string name = std::to_string(id);
    single.push_back({{"SpecialToken", {{"id", name}, {"type_id", 0}}}});
    special[name] = {
        {"id", name}, {"ids", Json::array({static_cast<std::uint32_t>(id)})}, {"tokens", Json::array({name})}};
  };
  for (const std::int32_t id : before) put(id);
  single.push_back({{"Sequence", {{"id", "A"}, {"type_id", 0}}}});
  for (const std::int32_t id : after) put(id);
  return {{"type", "TemplateProcessing"}, {"single", single}, {"pair", Json::array()}, {"special_tokens", special}};
}

} // namespace orrery::tokenize
