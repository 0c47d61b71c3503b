// SPDX-License-Identifier: MIT
#include "core/train/spec.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <numbers>

#include "core/base/json_reader.h"
#include "core/train/bpe_trainer.h"

namespace orrery::train {

namespace {

constexpr std::int64_t kMaxSteps = 100000000, kMaxRow = 1 << 20, kMaxBytes = std::int64_t{1} << 32;
constexpr std::int64_t kMaxBatchTokens = 1 << 24, kMaxStages = 64, kMaxSize = 1 << 16;

void readModel(JsonReader& in, ModelSizes& model) {
  in.integer("layers", model.layers, 1, 128);
  in.integer("heads", model.heads, 1, 1024);
  model.kvHeads = model.heads;
  in.integer("kv_heads", model.kvHeads, 1, 1024);
  in.integer("d_model", model.model, 1, kMaxSize);
  in.integer("d_mlp", model.mlp, 1, kMaxSize);
  in.integer("vocab", model.vocab, kMinVocab, kMaxVocab);
  in.integer("context", model.context, 2, kMaxRow);
  in.real("rope_theta", model.ropeTheta, 1, 1e12);
  in.boolean("tied", model.tied);
  if (model.model % model.heads != 0 || model.model / model.heads % 2 != 0)
    in.fail(in.name("d_model") + ": expected heads (" + std::to_string(model.heads) + ") times an even number, found " +
            std::to_string(model.model));
  if (model.heads % model.kvHeads != 0)
    in.fail(in.name("kv_heads") + ": expected a divisor of heads (" + std::to_string(model.heads) + "), found " +
            std::to_string(model.kvHeads));
}

void readMix(JsonReader& in, GrammarMix& mix) {
  in.real("story", mix.story, 0, 1e6);
  in.real("look_up", mix.lookUp, 0, 1e6);
  in.real("brackets", mix.brackets, 0, 1e6);
  in.real("copy", mix.copy, 0, 1e6);
  in.real("sum", mix.sum, 0, 1e6);
}

void readData(JsonReader& in, DataSpec& data) {
  in.choice("kind", std::array{"grammar"});
  in.seed("seed", data.seed);
  in.integer("bytes", data.bytes, 1000, kMaxBytes);
  in.real("repeated_tokens", data.repeatedTokens, 0, 1);
  in.section("mix", [&](JsonReader& inner) { readMix(inner, data.mix); });
}

void readStage(JsonReader& in, Stage& stage, std::int64_t context) {
  in.integer("steps", stage.steps, 1, kMaxSteps);
  in.integer("length", stage.length, 2, context);
  in.integer("batch", stage.batch, 1, kMaxBatchTokens / std::max<std::int64_t>(stage.length, 1));
}

void readStages(JsonReader& in, TrainSpec& spec) {
  const Json* stages = in.find("stages");
  if (!stages) return;
  if (!stages->is_array() || stages->empty() || static_cast<std::int64_t>(stages->size()) > kMaxStages)
    return in.fail(in.name("stages") + ": expected a list of 1 to " + std::to_string(kMaxStages) + " stages");
  spec.stages.clear();
  for (const Json& stage : *stages) {
    JsonReader inner(stage, in.name("stages") + "[" + std::to_string(spec.stages.size()) + "]");
    readStage(inner, spec.stages.emplace_back(), spec.model.context);
    in.take(inner);
  }
}

void readOptimizer(JsonReader& in, OptimizerSpec& optimizer) {
  in.choice("kind", std::array{"adamw"});
  in.real("lr", optimizer.lr, 0, 1e6);
  optimizer.finalLr = optimizer.lr / 10;
  in.real("final_lr", optimizer.finalLr, 0, 1e6);
  in.integer("warm_up", optimizer.warmUp, 0, kMaxSteps);
  in.real("beta1", optimizer.beta1, 0, 0.999999);
  in.real("beta2", optimizer.beta2, 0, 0.999999999);
  in.real("eps", optimizer.eps, 1e-30, 1);
  in.real("weight_decay", optimizer.weightDecay, 0, 1000);
  in.real("clip", optimizer.clip, 0, 1e9);
}

void readInit(JsonReader& in, InitSpec& init) {
  in.seed("seed", init.seed);
  in.real("embedding_std", init.embeddingStd, 0, 100);
  in.real("embedding_mean", init.embeddingMean, 0, 100);
}

constexpr std::array<const char*, 3> kStoredNames = {"float16", "float32", "bfloat16"};
constexpr std::array<DType, 3> kStoredTypes = {DType::F16, DType::F32, DType::BF16};

std::string presetNames(const std::string& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error))
    if (entry.path().extension() == ".json") names.push_back(entry.path().stem().string());
  std::sort(names.begin(), names.end());
  std::string list;
  for (const std::string& name : names) list += (list.empty() ? "" : ", ") + name;
  return list.empty() ? "none" : list;
}

} // namespace

std::int64_t TrainSpec::steps() const {
  std::int64_t total = 0;
  for (const Stage& stage : stages) total += stage.steps;
  return total;
}

const Stage& TrainSpec::stageOf(std::int64_t step) const {
  for (const Stage& stage : stages) {
    if (step < stage.steps) return stage;
    step -= stage.steps;
  }
  return stages.back();
}

double TrainSpec::learningRate(std::int64_t step) const {
  if (step < optimizer.warmUp)
    return optimizer.lr * static_cast<double>(step + 1) / static_cast<double>(optimizer.warmUp);
  const double span = static_cast<double>(std::max<std::int64_t>(steps() - 1 - optimizer.warmUp, 1));
  const double done = std::min(1.0, static_cast<double>(step - optimizer.warmUp) / span);
  return optimizer.finalLr + (optimizer.lr - optimizer.finalLr) * 0.5 * (1 + std::cos(std::numbers::pi * done));
}

Status TrainSpec::setSteps(std::int64_t wanted) {
  if (wanted < static_cast<std::int64_t>(stages.size()) || wanted > kMaxSteps)
    return badInput("steps: expected " + std::to_string(stages.size()) + " (one per stage) to " +
                    std::to_string(kMaxSteps) + ", found " + std::to_string(wanted));
  const std::int64_t total = steps();
  std::int64_t before = 0, left = wanted, stagesLeft = static_cast<std::int64_t>(stages.size());
  for (Stage& stage : stages) {
    before += stage.steps;
    --stagesLeft;
    const double share = static_cast<double>(before) / static_cast<double>(total) * static_cast<double>(wanted);
    stage.steps = std::clamp<std::int64_t>(std::llround(share) - (wanted - left), 1, left - stagesLeft);
    left -= stage.steps;
  }
  return Done{};
}

Result<TrainSpec> parseTrainSpec(const Json& json, const std::string& where) {
  TrainSpec spec;
  JsonReader in(json, "", "training spec");
  in.section("model", [&](JsonReader& inner) { readModel(inner, spec.model); });
  in.section("data", [&](JsonReader& inner) { readData(inner, spec.data); });
  readStages(in, spec);
  in.section("optimizer", [&](JsonReader& inner) { readOptimizer(inner, spec.optimizer); });
  in.section("init", [&](JsonReader& inner) { readInit(inner, spec.init); });
  spec.stored = kStoredTypes[in.choice("dtype", kStoredNames)];
  if (const auto problem = in.finish()) return badInput(*problem, where);
  return spec;
}

Result<TrainSpec> readTrainSpec(const std::string& fileOrPreset, const std::string& presets) {
  std::error_code error;
  std::string path = fileOrPreset;
  if (!std::filesystem::exists(path, error) && path.find('/') == std::string::npos)
    path = presets + "/" + fileOrPreset + ".json";
  if (!std::filesystem::exists(path, error) || std::filesystem::is_directory(path, error))
    return notFound("no such spec or preset (presets: " + presetNames(presets) + ")", fileOrPreset);
  auto json = readJsonFile(path);
  if (!json) return json.error();
  return parseTrainSpec(*json, path);
}

Json trainSpecJson(const TrainSpec& spec) {
  Json stages = Json::array();
  for (const Stage& stage : spec.stages)
    stages.push_back({{"steps", stage.steps}, {"length", stage.length}, {"batch", stage.batch}});
  const ModelSizes& model = spec.model;
  const GrammarMix& mix = spec.data.mix;
  const OptimizerSpec& optimizer = spec.optimizer;
  const auto stored = std::find(kStoredTypes.begin(), kStoredTypes.end(), spec.stored) - kStoredTypes.begin();
  return {{"model",
           {{"layers", model.layers},
            {"heads", model.heads},
            {"kv_heads", model.kvHeads},
            {"d_model", model.model},
            {"d_mlp", model.mlp},
            {"vocab", model.vocab},
            {"context", model.context},
            {"rope_theta", model.ropeTheta},
            {"tied", model.tied}}},
          {"data",
           {{"kind", "grammar"},
            {"seed", spec.data.seed},
            {"bytes", spec.data.bytes},
            {"repeated_tokens", spec.data.repeatedTokens},
            {"mix",
             {{"story", mix.story},
              {"look_up", mix.lookUp},
              {"brackets", mix.brackets},
              {"copy", mix.copy},
              {"sum", mix.sum}}}}},
          {"stages", stages},
          {"optimizer",
           {{"kind", "adamw"},
            {"lr", optimizer.lr},
            {"final_lr", optimizer.finalLr},
            {"warm_up", optimizer.warmUp},
            {"beta1", optimizer.beta1},
            {"beta2", optimizer.beta2},
            {"eps", optimizer.eps},
            {"weight_decay", optimizer.weightDecay},
            {"clip", optimizer.clip}}},
          {"init",
           {{"seed", spec.init.seed},
            {"embedding_std", spec.init.embeddingStd},
            {"embedding_mean", spec.init.embeddingMean}}},
          {"dtype", kStoredNames[static_cast<std::size_t>(stored)]}};
}

} // namespace orrery::train
