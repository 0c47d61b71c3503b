// SPDX-License-Identifier: MIT
// orrery info FILE [--tensors]
#include <iostream>
#include <map>
#include <memory>

#include "app/verbs/sweep_input.h"
#include "core/session/checkpoint.h"
#include "core/sweep/map_file.h"
#include "core/sweep/sweep_store.h"

namespace orrery::app {
namespace {

struct Options {
  std::string file;
  bool tensors = false;
};

OrderedJson tensorJson(const session::TensorRow& row) {
  OrderedJson json = {{"name", row.name}, {"dtype", row.type}, {"shape", row.shape}};
  if (row.stats) {
    json["mean"] = row.stats->mean;
    json["std"] = row.stats->std;
    json["min"] = row.stats->min;
    json["max"] = row.stats->max;
    json["non_finite"] = row.stats->nonFinite;
  }
  return json;
}

OrderedJson summary(const session::ModelInfo& info, std::int64_t context) {
  std::map<std::string, int> dtypes;
  for (const session::TensorRow& row : info.tensors) ++dtypes[row.type];
  const hooks::Dims& d = info.dims;
  return {{"format", info.format},
          {"architecture", info.architecture},
          {"parameters", info.parameters},
          {"layers", d.layers},
          {"heads", d.heads},
          {"kv_heads", d.kvHeads},
          {"d_model", d.model},
          {"d_head", d.headDim},
          {"d_mlp", d.mlp},
          {"vocab", d.vocab},
          {"context", context},
          {"dtypes", dtypes},
          {"tokenizer", info.tokenizerKind},
          {"bytes", info.bytes},
          {"warnings", info.warnings}};
}

void printTensors(const session::ModelInfo& info) {
  for (const session::TensorRow& row : info.tensors) {
    std::cout << row.name << "  " << row.type << ' ' << shapeText(row.shape);
    if (row.stats)
      std::cout << "  mean " << row.stats->mean << "  std " << row.stats->std << "  min " << row.stats->min << "  max "
                << row.stats->max
                << (row.stats->nonFinite ? "  non-finite " + std::to_string(row.stats->nonFinite) : "");
    std::cout << '\n';
  }
}

void print(const OrderedJson& json, bool asJson) {
  if (asJson) return printJson(json);
  for (const auto& [key, value] : json.items())
    if (key != "tensors" && key != "warnings")
      std::cout << key << ": " << (value.is_string() ? value.get<std::string>() : value.dump()) << '\n';
}

Status mapInfo(const std::string& file, bool asJson) {
  auto map = sweep::readMap(file, {false, true});
  if (!map) return map.error();
  OrderedJson json = {{"format", "orrery-map"}, {"height", map->height()}, {"width", map->width()}};
  if (const auto spec = sweep::specOfMap(*map, file)) {
    const Json all = sweep::sweepSpecJson(*spec);
    for (const char* key : {"model", "measure", "steps", "dtype", "optimizer", "refine"}) json[key] = all[key];
    json["parameters"] = {{"x", spec->x.parameter}, {"y", spec->y.parameter}};
  }
  json["x"] = {map->x.front(), map->x.back()};
  json["y"] = {map->y.front(), map->y.back()};
  json["shard"] = std::to_string(map->shard) + "/" + std::to_string(map->shards);
  json.update(mapCounts(*map));
  print(json, asJson);
  return Done{};
}

Status run(const Options& options, const Common& common) {
  if (sweep::isMapFile(options.file)) return mapInfo(options.file, common.json);
  auto model = session::inspect(options.file);
  if (!model) return model.error();
  if (Status scanned = session::scanTensors(*model, {}); !scanned) return scanned;
  OrderedJson json = summary(model->info, model->info.dims.context);
  if (options.tensors) {
    json["tensors"] = OrderedJson::array();
    for (const session::TensorRow& row : model->info.tensors) json["tensors"].push_back(tensorJson(row));
  }
  print(json, common.json);
  if (common.json) return Done{};
  for (const std::string& warning : model->info.warnings) std::cout << "warning: " << warning << '\n';
  if (options.tensors) printTensors(model->info);
  return Done{};
}

} // namespace

void declareInfo(CommandLine& line) {
  auto options = std::make_shared<Options>();
  CLI::App* verb = line.verb("info", "What a checkpoint, trace or map file is",
                             [options, &line] { return run(*options, line.common); });
  verb->add_option("FILE", options->file, "HF folder, .safetensors, index, .gguf, .pt, .bin, trace or map file")
      ->required();
  verb->add_flag("--tensors", options->tensors, "Also every tensor with its statistics");
}

} // namespace orrery::app
