// SPDX-License-Identifier: MIT
#include "core/models/format.h"

#include <array>
#include <charconv>

namespace orrery::models {
namespace {

std::optional<std::vector<Alias>> sameNames(const ModelConfig&, const Family& family,
                                            const tensorio::TensorInfo& info) {
  return std::vector<Alias>{{std::string(bareName(family, info.name)), 0, info.shape}};
}

bool always(const tensorio::TensorFile&) { return true; }
bool isModel(const tensorio::TensorFile& file) { return file.find("token_embd.weight") != nullptr; }
bool hasModelArgs(const tensorio::TensorFile& file) { return file.description().contains("model_args"); }

constexpr std::array kFormats = {Format{"gguf", isModel, ggufConfig, ggufAliases},
                                 Format{"llama2.c", always, llama2cConfig, llama2cAliases},
                                 Format{"torch", hasModelArgs, nanoGptConfig, sameNames}};

} // namespace

const Format* formatOf(const tensorio::TensorFile& file) {
  for (const Format& format : kFormats)
    if (format.name == file.format() && format.describes(file)) return &format;
  return nullptr;
}

std::string_view bareName(const Family& family, std::string_view name) {
  for (const std::string_view prefix : {std::string_view("_orig_mod."), family.prefix})
    if (name.starts_with(prefix)) name.remove_prefix(prefix.size());
  return name;
}

std::optional<std::int64_t> takeNumber(std::string_view& text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const auto digits = static_cast<std::size_t>(end - text.data());
  if (error != std::errc{} || number < 0 || digits >= text.size() || text[digits] != '.') return std::nullopt;
  text.remove_prefix(digits + 1);
  return number;
}

std::string numbered(std::string_view pattern, std::int64_t layer, std::int64_t expert) {
  std::string name(pattern);
  for (const std::int64_t number : {layer, expert})
    if (const auto at = name.find("{}"); at != std::string::npos) name.replace(at, 2, std::to_string(number));
  return name;
}

} // namespace orrery::models
