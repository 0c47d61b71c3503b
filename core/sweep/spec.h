// SPDX-License-Identifier: MIT
// What a map is told: a JSON object (keys and defaults in README.md). Unknown keys are refused by name.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/base/dtype.h"
#include "core/base/json.h"
#include "core/base/result.h"
#include "core/sweep/trainer.h"

namespace orrery::sweep {

enum class ModelKind { Mlp2, Transformer };
enum class Nonlinearity { Tanh, Relu, Identity };
enum class DataKind { Normal, Random, Grammar, Arrays };
enum class OptimizerKind { Sgd, Adam, AdamW };
enum class Measure { SohlDickstein, Torkamandi, FinalLoss };

struct ModelSpec {
  ModelKind kind = ModelKind::Mlp2;
  std::int64_t n = 16; // mlp2: inputs and hidden units
  Nonlinearity nonlinearity = Nonlinearity::Tanh;
  std::int64_t layers = 1, heads = 2, model = 16, context = 16, vocab = 22, ffn = 32; // transformer
};

struct InitSpec {
  std::uint64_t seed = 0;
  std::string file; // empty: from the seed
};

struct DataSpec {
  DataKind kind = DataKind::Normal;
  std::uint64_t seed = 0;
  std::int64_t points = 272; // Normal
  std::string file;          // Arrays
};

struct OptimizerSpec {
  OptimizerKind kind = OptimizerKind::Sgd;
  std::int64_t batch = 0; // examples of a step; 0: all of them
  double beta1 = 0.9, beta2 = 0.999, eps = 1e-8, weightDecay = 0;
};

struct AxisSpec {
  std::string parameter; // a name of parameters.h
  bool log10 = false;    // min and max are exponents
  double min = 0, max = 1;
  std::int64_t count = 0;
  std::vector<double> given; // the very values, ascending; empty: min, max, count hold

  std::size_t size() const { return given.empty() ? static_cast<std::size_t>(count) : given.size(); }
  // k < size(): given[k], min + k (max - min) / (count - 1), or 10 to that power.
  double value(std::size_t k) const;
  std::vector<double> values() const;
};

struct RefineSpec {
  bool full = true;       // every pixel is computed
  std::int64_t start = 8; // side of the coarsest blocks, a power of 2
  double audit = 0.03;    // share of the guessed pixels that is computed all the same
};

struct SweepSpec {
  ModelSpec model;
  InitSpec init;
  DataSpec data;
  OptimizerSpec optimizer;
  std::map<std::string, double> fixed; // axis parameters that no axis has, such as lr.output beside x = lr.input
  AxisSpec x, y;
  std::int64_t steps = 500;
  DType dtype = DType::F64; // or F32
  Measure measure = Measure::SohlDickstein;
  RefineSpec refine;

  // The run of the pixel (x, y): axis values, not places.
  RunParameters run(double x, double y) const;
};

inline constexpr std::int64_t kMaxSweepSteps = 1000000, kMaxAxis = 65536;

// `where` names the spec in the error. Files are not opened. Errors: BadInput naming the key, expected and found.
Result<SweepSpec> parseSweepSpec(const Json& json, const std::string& where);
// Every key, also those left at their default; parseSweepSpec reads it back as the same. Its dump is canonical.
Json sweepSpecJson(const SweepSpec& spec);

} // namespace orrery::sweep
