// SPDX-License-Identifier: MIT
// How a checkpoint of another format than a HF folder reads as a model of one of the families: a config.json made from
// what the file says of itself, and the family's name for every tensor. A format is one file (format_*.cpp) and one
// line in the list of format.cpp. Inner header of core/models.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "core/models/family.h"
#include "core/tensorio/tensor_file.h"

namespace orrery::models {

// Elements [first, first + elements of shape) of a tensor of the file, under the family's name without the prefix.
struct Alias {
  std::string name; // "layers.0.self_attn.q_proj.weight"
  std::int64_t first = 0;
  Shape shape;
};

struct Format {
  std::string_view name;                               // TensorFile::format()
  bool (*describes)(const tensorio::TensorFile& file); // whether such a file needs no config.json
  Result<ModelConfig> (*config)(const tensorio::TensorFile& file, const std::string& where);
  // What a tensor is called; empty: it is no weight; nullopt: not known to this format.
  std::optional<std::vector<Alias>> (*aliases)(const ModelConfig& config, const Family& family,
                                               const tensorio::TensorInfo& info);
};

// The format that tells the config of this file itself, or null.
const Format* formatOf(const tensorio::TensorFile& file);

Result<ModelConfig> ggufConfig(const tensorio::TensorFile& file, const std::string& where);
std::optional<std::vector<Alias>> ggufAliases(const ModelConfig& config, const Family& family,
                                              const tensorio::TensorInfo& info);
Result<ModelConfig> nanoGptConfig(const tensorio::TensorFile& file, const std::string& where);
Result<ModelConfig> llama2cConfig(const tensorio::TensorFile& file, const std::string& where);
std::optional<std::vector<Alias>> llama2cAliases(const ModelConfig& config, const Family& family,
                                                 const tensorio::TensorInfo& info);

// Names of weights without what torch.compile and the wrapper modules put in front.
std::string_view bareName(const Family& family, std::string_view name);
// A whole number at the front of `text`, cut off with the dot behind it: "3.attn" -> 3, "attn". nullopt: none there.
std::optional<std::int64_t> takeNumber(std::string_view& text);
// "h.{}.attn" -> "h.3.attn"; a second {} is the expert.
std::string numbered(std::string_view pattern, std::int64_t layer, std::int64_t expert = 0);

} // namespace orrery::models
