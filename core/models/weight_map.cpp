// SPDX-License-Identifier: MIT
#include "core/models/weight_map.h"

#include <array>
#include <optional>

#include "core/models/format.h"
#include "core/models/weights.h"

namespace orrery::models {
namespace {

using tensorio::TensorFile;
using tensorio::TensorInfo;

struct Place {
  std::string_view part;
  std::int64_t layer = -1, expert = -1;
};

// "layers.{}.mlp.experts.{}.w1" against "layers.3.mlp.experts.2.w1"
std::optional<Place> matchPattern(std::string_view pattern, std::string_view text) {
  if (pattern.empty()) return std::nullopt;
  Place place;
  for (std::int64_t* number : {&place.layer, &place.expert}) {
    const auto hole = pattern.find("{}");
    if (hole == std::string_view::npos) break;
    if (!text.starts_with(pattern.substr(0, hole))) return std::nullopt;
    text.remove_prefix(hole);
    pattern.remove_prefix(hole + 3); // with the dot, which takeNumber takes too
    const auto found = takeNumber(text);
    if (!found) return std::nullopt;
    *number = *found;
  }
  return pattern == text ? std::optional(place) : std::nullopt;
}

// `name` without ".weight" or ".bias".
std::optional<Place> placeIn(const TensorNames& n, std::string_view name) {
  const std::array<std::pair<std::string_view, std::string_view>, 19> rows = {{{n.embed, "embed"},
                                                                               {n.position, "position"},
                                                                               {n.ln1, "norm"},
                                                                               {n.q, "q"},
                                                                               {n.k, "k"},
                                                                               {n.v, "v"},
                                                                               {n.qkv, "qkv"},
                                                                               {n.qNorm, "norm"},
                                                                               {n.kNorm, "norm"},
                                                                               {n.out, "o"},
                                                                               {n.ln1Post, "norm"},
                                                                               {n.ln2, "norm"},
                                                                               {n.gate, "gate"},
                                                                               {n.up, "up"},
                                                                               {n.down, "down"},
                                                                               {n.router, "router"},
                                                                               {n.ln2Post, "norm"},
                                                                               {n.finalNorm, "norm"},
                                                                               {n.unembed, "unembed"}}};
  for (const auto& [pattern, part] : rows)
    if (auto place = matchPattern(pattern, name)) {
      place->part = part;
      return place;
    }
  return std::nullopt;
}

std::string_view withoutSuffix(std::string_view name) {
  for (const std::string_view suffix : {std::string_view(".weight"), std::string_view(".bias")})
    if (name.ends_with(suffix)) return name.substr(0, name.size() - suffix.size());
  return name;
}

void setPlace(MappedWeight& weight, const TensorNames& names) {
  const auto place = placeIn(names, withoutSuffix(weight.canonical));
  if (!place) return;
  weight.part = place->part;
  weight.layer = place->layer;
  weight.expert = place->expert;
}

void setOrder(MappedWeight& weight, const ModelConfig& config) {
  const bool matrix = weight.shape.size() == 2;
  const bool inBlock = weight.layer >= 0 && weight.part != "norm";
  weight.transposed = config.stored.conv1d && matrix && inBlock;
  if (config.stored.permutedRope && (weight.part == "q" || weight.part == "k"))
    weight.rows = permutedRows(config, weight.part == "q" ? config.heads : config.kvHeads);
  if (config.stored.interleavedQkv && weight.part == "qkv") weight.rows = interleavedRows(config);
  if (!weight.rows.empty() &&
      (weight.shape.empty() || weight.shape.front() != static_cast<std::int64_t>(weight.rows.size())))
    weight.rows.clear();
}

std::vector<MappedWeight> mapped(const ModelConfig& config, const TensorFile& file, const TensorInfo& info) {
  const Family& family = *findFamily(config.architecture);
  std::vector<Alias> aliases = {{std::string(bareName(family, info.name)), 0, info.shape}};
  if (const Format* format = formatOf(file))
    if (auto theirs = format->aliases(config, family, info)) aliases = std::move(*theirs);
  if (aliases.empty() || (aliases.size() > 1 && info.shape.size() < 3)) // a fused qkv stays whole
    aliases = {{info.name, 0, info.shape}};
  std::vector<MappedWeight> all;
  for (Alias& alias : aliases) {
    MappedWeight weight{info.name, std::move(alias.name), {}, -1, -1, alias.first, std::move(alias.shape), false, {}};
    setPlace(weight, family.names);
    setOrder(weight, config);
    all.push_back(std::move(weight));
  }
  return all;
}

MappedWeight guessed(const TensorInfo& info) {
  for (const Family& family : families()) {
    MappedWeight weight{info.name, std::string(bareName(family, info.name)), {}, -1, -1, 0, info.shape, false, {}};
    setPlace(weight, family.names);
    weight.canonical = info.name;
    if (!weight.part.empty()) return weight;
  }
  return {info.name, info.name, {}, -1, -1, 0, info.shape, false, {}};
}

} // namespace

std::vector<MappedWeight> mapWeights(const ModelConfig* config, const TensorFile& file) {
  std::vector<MappedWeight> all;
  for (const TensorInfo& info : file.tensors()) {
    if (!config) {
      all.push_back(guessed(info));
      continue;
    }
    for (MappedWeight& weight : mapped(*config, file, info)) all.push_back(std::move(weight));
  }
  return all;
}

} // namespace orrery::models
