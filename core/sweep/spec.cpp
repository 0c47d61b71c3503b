// SPDX-License-Identifier: MIT
#include "core/sweep/spec.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "core/base/json_reader.h"
#include "core/base/text.h"
#include "core/sweep/parameters.h"

namespace orrery::sweep {
namespace {

constexpr std::int64_t kMaxSize = 4096, kMaxPoints = 1 << 20, kMaxBatchTokens = 1 << 22, kMaxWeights = 1 << 26;
constexpr std::int64_t kMaxShared = 1 << 27;
constexpr double kHuge = 1e300, kBelowOne = 1 - 0x1p-53, kMaxExponent = 300;

// In the order of the enumerations.
constexpr std::array kModels = {"mlp2", "transformer"};
constexpr std::array kNonlinearities = {"tanh", "relu", "identity"};
constexpr std::array kMlpData = {"normal", "arrays"};
constexpr std::array kTextData = {"random", "grammar", "arrays"};
constexpr std::array kData = {"normal", "random", "grammar", "arrays"};
constexpr std::array kOptimizers = {"sgd", "adam", "adamw"};
constexpr std::array kMeasures = {"sohl-dickstein", "torkamandi", "final-loss"};
constexpr std::array kDTypes = {"float64", "float32"};
constexpr std::array kScales = {"linear", "log10"};

template <class Enum, std::size_t N>
Enum chosen(JsonReader& in, const char* key, const std::array<const char*, N>& names) {
  return static_cast<Enum>(in.choice(key, names));
}

void readTransformer(JsonReader& in, ModelSpec& model) {
  in.integer("layers", model.layers, 1, 64);
  in.integer("heads", model.heads, 1, 256);
  in.integer("d_model", model.model, 1, kMaxSize);
  in.integer("context", model.context, 1, kMaxSize);
  in.integer("vocab", model.vocab, 2, 1 << 16);
  model.ffn = 2 * model.model;
  in.integer("ffn", model.ffn, 1, 4 * kMaxSize);
  if (model.model % model.heads != 0 || model.model % 2 != 0)
    in.fail(in.name("d_model") + ": expected an even multiple of heads (" + std::to_string(model.heads) + "), found " +
            std::to_string(model.model));
  const std::int64_t weights =
      2 * model.vocab * model.model + model.layers * model.model * (4 * model.model + 2 * model.ffn);
  if (weights > kMaxWeights)
    in.fail(in.name("d_model") + ": expected a model of at most " + std::to_string(kMaxWeights) +
            " weights, found one of " + std::to_string(weights));
}

void readModel(JsonReader& in, ModelSpec& model) {
  model.kind = chosen<ModelKind>(in, "kind", kModels);
  if (model.kind == ModelKind::Transformer) return readTransformer(in, model);
  in.integer("n", model.n, 1, 1024);
  model.nonlinearity = chosen<Nonlinearity>(in, "nonlinearity", kNonlinearities);
}

void readFile(JsonReader& in, std::string& file) {
  if (!in.find("file")) return in.fail(in.name("file") + ": expected the name of an HDF5 file, found nothing");
  in.text("file", file);
  if (file.empty() || file.find('\0') != std::string::npos)
    in.fail(in.name("file") + ": expected the name of an HDF5 file, found " + inQuotes(file));
}

void readInit(JsonReader& in, InitSpec& init) {
  in.seed("seed", init.seed);
  if (!in.find("file")) return;
  readFile(in, init.file);
  if (in.find("seed")) in.fail(in.name("seed") + ": expected either a seed or a file, found both");
}

void readData(JsonReader& in, const ModelSpec& model, DataSpec& data) {
  const bool mlp = model.kind == ModelKind::Mlp2;
  const std::size_t kind = mlp ? in.choice("kind", kMlpData) : in.choice("kind", kTextData);
  data.kind = mlp ? std::array{DataKind::Normal, DataKind::Arrays}[kind]
                  : std::array{DataKind::Random, DataKind::Grammar, DataKind::Arrays}[kind];
  if (data.kind == DataKind::Arrays) return readFile(in, data.file);
  in.seed("seed", data.seed);
  if (mlp) in.integer("points", data.points, 1, kMaxPoints);
}

void readBatch(JsonReader& in, const ModelSpec& model, std::int64_t& batch) {
  const Json* found = in.find("batch");
  const bool mlp = model.kind == ModelKind::Mlp2;
  if (mlp && (!found || *found == "full")) return;
  batch = 16;
  in.integer("batch", batch, 1, mlp ? kMaxPoints : std::max<std::int64_t>(1, kMaxBatchTokens / model.context));
}

void readOptimizer(JsonReader& in, const ModelSpec& model, OptimizerSpec& optimizer) {
  readBatch(in, model, optimizer.batch);
  if (model.kind == ModelKind::Mlp2)
    in.choice("kind", std::array{kOptimizers[0]});
  else
    optimizer.kind = chosen<OptimizerKind>(in, "kind", kOptimizers);
  // What a kind does not use may stand there all the same, so that kinds can be changed by one word.
  in.real("beta1", optimizer.beta1, 0, kBelowOne);
  in.real("beta2", optimizer.beta2, 0, kBelowOne);
  in.real("eps", optimizer.eps, 0, kHuge);
  in.real("weight_decay", optimizer.weightDecay, 0, kHuge);
}

const AxisParameter* known(JsonReader& in, const std::string& where, const std::string& name, const SweepSpec& spec) {
  const AxisParameter* parameter = findAxisParameter(name);
  const bool mlp = spec.model.kind == ModelKind::Mlp2;
  const OptimizerKind kind = spec.optimizer.kind;
  const auto fits = [&](const AxisParameter& p) {
    const std::string text = p.name;
    if (!(mlp ? p.mlp2 : p.transformer)) return false;
    if (text == "optimizer.weight_decay") return kind == OptimizerKind::AdamW;
    return !text.starts_with("optimizer.") || kind != OptimizerKind::Sgd;
  };
  if (parameter && fits(*parameter)) return parameter;
  std::string list;
  for (const AxisParameter& p : axisParameters())
    if (fits(p)) list += (list.empty() ? "" : ", ") + std::string(p.name);
  in.fail(where + ": expected one of " + list + ", found " + inQuotes(name, 60));
  return nullptr;
}

void checkRange(JsonReader& in, const std::string& where, const AxisParameter& parameter, double value) {
  if (value >= parameter.low && value <= parameter.high) return;
  in.fail(where + ": expected values of " + parameter.name + " from " + JsonReader::shown(parameter.low) + " to " +
          JsonReader::shown(parameter.high) + ", found " + JsonReader::shown(value));
}

void readGiven(JsonReader& in, const Json& values, std::vector<double>& given) {
  const std::string where = in.name("values");
  if (!values.is_array() || values.empty() || static_cast<std::int64_t>(values.size()) > kMaxAxis)
    return in.fail(where + ": expected a list of 1 to " + std::to_string(kMaxAxis) + " numbers");
  for (const Json& value : values) {
    const double number = value.is_number() ? value.get<double>() : std::nan("");
    if (!std::isfinite(number)) return in.fail(where + ": expected numbers, found " + JsonReader::shown(value));
    if (!given.empty() && !(number > given.back()))
      return in.fail(where + ": expected ascending numbers, found " + JsonReader::shown(number) + " after " +
                     JsonReader::shown(given.back()));
    given.push_back(number);
  }
}

void readSpan(JsonReader& in, AxisSpec& axis) {
  axis.log10 = in.choice("scale", kScales) == 1;
  const double most = axis.log10 ? kMaxExponent : kHuge;
  for (const char* key : {"min", "max", "count"})
    if (!in.find(key)) in.fail(in.name(key) + ": expected a number, found nothing");
  in.real("min", axis.min, -most, most);
  in.real("max", axis.max, -most, most);
  in.integer("count", axis.count, 2, kMaxAxis);
  if (!(axis.min < axis.max))
    in.fail(in.name("min") + ": expected less than max (" + JsonReader::shown(axis.max) + "), found " +
            JsonReader::shown(axis.min));
}

void readAxis(JsonReader& in, const SweepSpec& spec, AxisSpec& axis) {
  in.text("parameter", axis.parameter);
  const AxisParameter* parameter = known(in, in.name("parameter"), axis.parameter, spec);
  const Json* values = in.find("values");
  if (values)
    readGiven(in, *values, axis.given);
  else
    readSpan(in, axis);
  if (!parameter || axis.size() == 0) return;
  for (const std::size_t k : {std::size_t{0}, axis.size() - 1})
    checkRange(in, in.name(values ? "values" : k ? "max" : "min"), *parameter, axis.value(k));
}

void readAxes(JsonReader& in, SweepSpec& spec) {
  for (const char* key : {"x", "y"})
    if (!in.find(key)) in.fail(in.name(key) + ": expected an axis, found nothing");
  in.section("x", [&](JsonReader& inner) { readAxis(inner, spec, spec.x); });
  in.section("y", [&](JsonReader& inner) { readAxis(inner, spec, spec.y); });
  const AxisParameter *x = findAxisParameter(spec.x.parameter), *y = findAxisParameter(spec.y.parameter);
  if (x && y && (x == y || (x->rateFirst && y->rateFirst) || (x->rateSecond && y->rateSecond)))
    in.fail(in.name("y.parameter") + ": expected something that the x axis (" + x->name + ") does not set, found " +
            inQuotes(y->name));
}

void readFixed(JsonReader& in, const Json& object, SweepSpec& spec) {
  if (!object.is_object()) return;
  for (const auto& [key, value] : object.items()) {
    const AxisParameter* parameter = known(in, in.name(key), key, spec);
    if (!parameter) return;
    if (key.starts_with("optimizer.") || key == spec.x.parameter || key == spec.y.parameter)
      return in.fail(in.name(key) + ": expected a parameter that is set nowhere else");
    in.real(parameter->name, spec.fixed[key], parameter->low, parameter->high);
  }
}

// Both rates must come from somewhere.
void checkRates(JsonReader& in, const SweepSpec& spec) {
  bool first = false, second = false;
  const auto count = [&](const std::string& name) {
    if (const AxisParameter* parameter = findAxisParameter(name)) {
      first |= parameter->rateFirst;
      second |= parameter->rateSecond;
    }
  };
  count(spec.x.parameter);
  count(spec.y.parameter);
  for (const auto& [name, value] : spec.fixed) count(name);
  const bool mlp = spec.model.kind == ModelKind::Mlp2;
  const char* missing = !first ? (mlp ? "lr.input" : "lr.attention") : mlp ? "lr.output" : "lr.other";
  if (!first || !second) in.fail(std::string(missing) + ": expected a rate from an axis or from \"fixed\", found none");
}

void readRefine(JsonReader& in, RefineSpec& refine) {
  const Json* found = in.find("refine");
  if (!found || *found == "full") return;
  refine.full = false;
  in.section("refine", [&](JsonReader& inner) {
    inner.integer("start", refine.start, 2, 1024);
    inner.real("audit", refine.audit, 0, 1);
    if ((refine.start & (refine.start - 1)) != 0)
      inner.fail(inner.name("start") + ": expected a power of 2, found " + std::to_string(refine.start));
  });
}

// What every run of a map shares must fit in memory.
void checkSizes(JsonReader& in, const SweepSpec& spec) {
  const auto most = [&](const char* what, std::int64_t found) {
    if (found > kMaxShared)
      in.fail(std::string(what) + ": expected at most " + std::to_string(kMaxShared) + ", found " +
              std::to_string(found));
  };
  most("steps times optimizer.batch", spec.steps * spec.optimizer.batch);
  if (spec.model.kind == ModelKind::Mlp2) most("data.points times model.n", spec.data.points * spec.model.n);
}

void readAll(JsonReader& in, SweepSpec& spec) {
  for (const char* key : {"model", "axes"})
    if (!in.find(key)) in.fail(std::string(key) + ": expected an object, found nothing");
  in.section("model", [&](JsonReader& inner) { readModel(inner, spec.model); });
  const bool mlp = spec.model.kind == ModelKind::Mlp2;
  spec.data.kind = mlp ? DataKind::Normal : DataKind::Random;
  spec.optimizer.batch = mlp ? 0 : 16;
  in.section("init", [&](JsonReader& inner) { readInit(inner, spec.init); });
  in.section("data", [&](JsonReader& inner) { readData(inner, spec.model, spec.data); });
  in.section("optimizer", [&](JsonReader& inner) { readOptimizer(inner, spec.model, spec.optimizer); });
  in.section("axes", [&](JsonReader& inner) { readAxes(inner, spec); });
  if (const Json* fixed = in.find("fixed"))
    in.section("fixed", [&](JsonReader& inner) { readFixed(inner, *fixed, spec); });
  checkRates(in, spec);
  in.integer("steps", spec.steps, 1, kMaxSweepSteps);
  checkSizes(in, spec);
  spec.dtype = in.choice("dtype", kDTypes) == 0 ? DType::F64 : DType::F32;
  spec.measure = chosen<Measure>(in, "measure", kMeasures);
  readRefine(in, spec.refine);
}

template <class Enum, std::size_t N> const char* nameOf(Enum value, const std::array<const char*, N>& names) {
  return names[static_cast<std::size_t>(value)];
}

Json modelJson(const ModelSpec& model) {
  if (model.kind == ModelKind::Mlp2)
    return {{"kind", "mlp2"}, {"n", model.n}, {"nonlinearity", nameOf(model.nonlinearity, kNonlinearities)}};
  return {{"kind", "transformer"},    {"layers", model.layers}, {"heads", model.heads}, {"d_model", model.model},
          {"context", model.context}, {"vocab", model.vocab},   {"ffn", model.ffn}};
}

Json dataJson(const SweepSpec& spec) {
  Json data = {{"kind", nameOf(spec.data.kind, kData)}};
  if (spec.data.kind == DataKind::Arrays) {
    data["file"] = spec.data.file;
    return data;
  }
  data["seed"] = spec.data.seed;
  if (spec.data.kind == DataKind::Normal) data["points"] = spec.data.points;
  return data;
}

Json optimizerJson(const OptimizerSpec& optimizer) {
  Json json = {{"kind", nameOf(optimizer.kind, kOptimizers)},
               {"batch", optimizer.batch},
               {"beta1", optimizer.beta1},
               {"beta2", optimizer.beta2},
               {"eps", optimizer.eps},
               {"weight_decay", optimizer.weightDecay}};
  if (optimizer.batch == 0) json["batch"] = "full";
  return json;
}

Json axisJson(const AxisSpec& axis) {
  if (!axis.given.empty()) return {{"parameter", axis.parameter}, {"values", axis.given}};
  return {{"parameter", axis.parameter},
          {"scale", kScales[axis.log10 ? 1 : 0]},
          {"min", axis.min},
          {"max", axis.max},
          {"count", axis.count}};
}

} // namespace

double AxisSpec::value(std::size_t k) const {
  if (!given.empty()) return given[k];
  const double place = min + static_cast<double>(k) * (max - min) / static_cast<double>(count - 1);
  return log10 ? std::pow(10.0, place) : place;
}

std::vector<double> AxisSpec::values() const {
  std::vector<double> all(size());
  for (std::size_t k = 0; k < all.size(); ++k) all[k] = value(k);
  return all;
}

RunParameters SweepSpec::run(double atX, double atY) const {
  RunParameters run;
  run.beta1 = optimizer.beta1;
  run.beta2 = optimizer.beta2;
  run.eps = optimizer.eps;
  run.weightDecay = optimizer.weightDecay;
  for (const auto& [name, value] : fixed) findAxisParameter(name)->set(run, value);
  findAxisParameter(x.parameter)->set(run, atX);
  findAxisParameter(y.parameter)->set(run, atY);
  return run;
}

Result<SweepSpec> parseSweepSpec(const Json& json, const std::string& where) {
  SweepSpec spec;
  JsonReader in(json, "", "sweep spec");
  readAll(in, spec);
  if (const auto problem = in.finish()) return badInput(*problem, where);
  return spec;
}

Json sweepSpecJson(const SweepSpec& spec) {
  Json init = {{"seed", spec.init.seed}}, refine = "full";
  if (!spec.init.file.empty()) init = {{"file", spec.init.file}};
  if (!spec.refine.full) refine = {{"start", spec.refine.start}, {"audit", spec.refine.audit}};
  Json json = {{"model", modelJson(spec.model)},
               {"init", init},
               {"data", dataJson(spec)},
               {"optimizer", optimizerJson(spec.optimizer)},
               {"axes", {{"x", axisJson(spec.x)}, {"y", axisJson(spec.y)}}},
               {"steps", spec.steps},
               {"dtype", kDTypes[spec.dtype == DType::F64 ? 0 : 1]},
               {"measure", nameOf(spec.measure, kMeasures)},
               {"refine", refine}};
  if (!spec.fixed.empty()) json["fixed"] = spec.fixed;
  return json;
}

} // namespace orrery::sweep
