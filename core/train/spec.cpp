// SPDX-License-Identifier: MIT
#include "core/train/spec.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <numbers>
#include <optional>
#include <set>

#include "core/base/text.h"
#include "core/train/bpe_trainer.h"

namespace orrery::train {

namespace {

constexpr std::int64_t kMaxSteps = 100000000, kMaxRow = 1 << 20, kMaxBytes = std::int64_t{1} << 32;
constexpr std::int64_t kMaxBatchTokens = 1 << 24, kMaxStages = 64, kMaxSize = 1 << 16;

std::string number(double value) { return Json(value).dump(); }

// Reads one object of the spec. The first problem stays; finish() adds the first key that nobody asked for.
class Reader {
public:
  Reader(const Json& object, std::string path) : m_object(object), m_path(std::move(path)) {
    if (!object.is_object())
      fail((m_path.empty() ? "training spec" : m_path) + ": expected an object, found " + shown(object));
  }

  void integer(const char* key, std::int64_t& value, std::int64_t low, std::int64_t high) {
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

  void seed(const char* key, std::uint64_t& value) {
    const Json* found = find(key);
    if (!found) return;
    if (found->is_number_unsigned())
      value = found->get<std::uint64_t>();
    else
      fail(name(key) + ": expected an integer that is not negative, found " + shown(*found));
  }

  void real(const char* key, double& value, double low, double high) {
    const Json* found = find(key);
    if (!found) return;
    const double given = found->is_number() ? found->get<double>() : std::nan("");
    if (given >= low && given <= high)
      value = given;
    else
      fail(name(key) + ": expected a number from " + number(low) + " to " + number(high) + ", found " + shown(*found));
  }

  void boolean(const char* key, bool& value) {
    const Json* found = find(key);
    if (!found) return;
    if (found->is_boolean())
      value = found->get<bool>();
    else
      fail(name(key) + ": expected true or false, found " + shown(*found));
  }

  // One of `choices`; its index, the first if absent.
  template <std::size_t N> std::size_t choice(const char* key, const std::array<const char*, N>& choices) {
    const Json* found = find(key);
    if (!found) return 0;
    std::string list;
    for (std::size_t i = 0; i < N; ++i) {
      if (found->is_string() && found->get<std::string>() == choices[i]) return i;
      list += (i ? ", " : "") + inQuotes(choices[i]);
    }
    fail(name(key) + ": expected one of " + list + ", found " + shown(*found));
    return 0;
  }

  const Json* find(const char* key) {
    m_known.insert(key);
    if (!m_object.is_object()) return nullptr;
    const auto found = m_object.find(key);
    return found == m_object.end() ? nullptr : &*found;
  }

  void fail(std::string what) {
    if (!m_error) m_error = std::move(what);
  }
  void take(Reader& inner) {
    if (auto problem = inner.finish()) fail(*problem);
  }

  std::optional<std::string> finish() {
    if (m_error || !m_object.is_object()) return m_error;
    for (const auto& [key, value] : m_object.items())
      if (!m_known.contains(key)) return name(key) + ": unknown key";
    return std::nullopt;
  }

  std::string name(const std::string& key) const {
    const std::string quoted = inQuotes(key);
    const std::string plain = quoted.substr(1, quoted.size() - 2);
    return m_path.empty() ? plain : m_path + "." + plain;
  }

private:
  static std::string shown(const Json& value) {
    return value.is_structured() ? std::string("an ") + value.type_name()
                                 : inQuotes(value.dump(-1, ' ', false, Json::error_handler_t::replace), 60);
  }

  const Json& m_object;
  std::string m_path;
  std::set<std::string> m_known;
  std::optional<std::string> m_error;
};

void readModel(Reader& in, ModelSizes& model) {
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

void readMix(Reader& in, GrammarMix& mix) {
  in.real("story", mix.story, 0, 1e6);
  in.real("look_up", mix.lookUp, 0, 1e6);
  in.real("brackets", mix.brackets, 0, 1e6);
  in.real("copy", mix.copy, 0, 1e6);
  in.real("sum", mix.sum, 0, 1e6);
}

void readData(Reader& in, DataSpec& data) {
  in.choice("kind", std::array{"grammar"});
  in.seed("seed", data.seed);
  in.integer("bytes", data.bytes, 1000, kMaxBytes);
  in.real("repeated_tokens", data.repeatedTokens, 0, 1);
  if (const Json* mix = in.find("mix")) {
    Reader inner(*mix, in.name("mix"));
    readMix(inner, data.mix);
    in.take(inner);
  }
}

void readStage(Reader& in, Stage& stage, std::int64_t context) {
  in.integer("steps", stage.steps, 1, kMaxSteps);
  in.integer("length", stage.length, 2, context);
  in.integer("batch", stage.batch, 1, kMaxBatchTokens / std::max<std::int64_t>(stage.length, 1));
}

void readStages(Reader& in, TrainSpec& spec) {
  const Json* stages = in.find("stages");
  if (!stages) return;
  if (!stages->is_array() || stages->empty() || static_cast<std::int64_t>(stages->size()) > kMaxStages)
    return in.fail(in.name("stages") + ": expected a list of 1 to " + std::to_string(kMaxStages) + " stages");
  spec.stages.clear();
  for (const Json& stage : *stages) {
    Reader inner(stage, in.name("stages") + "[" + std::to_string(spec.stages.size()) + "]");
    readStage(inner, spec.stages.emplace_back(), spec.model.context);
    in.take(inner);
  }
}

void readOptimizer(Reader& in, OptimizerSpec& optimizer) {
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

void readInit(Reader& in, InitSpec& init) {
  in.seed("seed", init.seed);
  in.real("embedding_std", init.embeddingStd, 0, 100);
  in.real("embedding_mean", init.embeddingMean, 0, 100);
}

template <class Part, class Read> void section(Reader& in, const char* key, Part& part, const Read& read) {
  const Json* object = in.find(key);
  if (!object) return;
  Reader inner(*object, in.name(key));
  read(inner, part);
  in.take(inner);
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
  Reader in(json, "");
  section(in, "model", spec.model, readModel);
  section(in, "data", spec.data, readData);
  readStages(in, spec);
  section(in, "optimizer", spec.optimizer, readOptimizer);
  section(in, "init", spec.init, readInit);
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
