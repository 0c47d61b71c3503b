// SPDX-License-Identifier: MIT
#include "core/models/format.h"

#include <array>

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

std::string numbered(std::string_view pattern, std::int64_t layer, std::int64_t expert) {
  std::string name(pattern);
  for (const std::int64_t number : {layer, expert})
    if (const auto at = name.find("{}"); at != std::string::npos) name.replace(at, 2, std::to_string(number));
  return name;
}

} // namespace orrery::models
