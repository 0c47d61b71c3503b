// SPDX-License-Identifier: MIT
#include "core/sweep/spec.h"

#include <gtest/gtest.h>

#include <cmath>

namespace orrery::sweep {
namespace {

// The spec of the interface page, word for word but for the axes' size.
const char* const kMlp = R"({
  "model": {"kind": "mlp2", "n": 16, "nonlinearity": "tanh"},
  "init": {"seed": 0}, "data": {"kind": "normal", "seed": 0, "points": 272},
  "optimizer": {"kind": "sgd", "batch": "full", "beta1": 0.9, "beta2": 0.999, "eps": 1e-8, "weight_decay": 0.0},
  "axes": {"x": {"parameter": "lr.input", "scale": "log10", "min": -3, "max": 6, "count": 512},
           "y": {"parameter": "lr.output", "values": [0.1, 0.2]}},
  "steps": 500, "dtype": "float64", "measure": "sohl-dickstein", "refine": {"start": 8, "audit": 0.03}})";

const char* const kTransformer = R"({
  "model": {"kind": "transformer", "layers": 1, "heads": 2, "d_model": 16, "context": 16, "vocab": 22, "ffn": 32},
  "init": {"file": "x.h5"}, "data": {"kind": "arrays", "file": "x.h5"},
  "optimizer": {"kind": "adamw", "batch": 16, "weight_decay": 0.1},
  "axes": {"x": {"parameter": "lr.attention", "scale": "linear", "min": 0, "max": 1, "count": 3},
           "y": {"parameter": "optimizer.beta2", "values": [0.5]}},
  "fixed": {"lr.other": 0.25}, "dtype": "float32", "measure": "torkamandi"})";

Json parsed(const char* text) { return Json::parse(text); }

TEST(SweepSpec, readsBothModelsAndWritesThemBack) {
  for (const char* text : {kMlp, kTransformer}) {
    const auto spec = parseSweepSpec(parsed(text), "s.json");
    ASSERT_TRUE(spec) << spec.error().message();
    const Json written = sweepSpecJson(*spec);
    const auto again = parseSweepSpec(written, "s.json");
    ASSERT_TRUE(again) << again.error().message();
    EXPECT_EQ(sweepSpecJson(*again), written);
  }
}

TEST(SweepSpec, axisValuesAndRuns) {
  const auto spec = parseSweepSpec(parsed(kMlp), "");
  ASSERT_TRUE(spec);
  EXPECT_EQ(spec->x.value(0), std::pow(10.0, -3.0));
  EXPECT_EQ(spec->x.value(7), std::pow(10.0, -3 + 7.0 * 9 / 511));
  EXPECT_EQ(spec->y.values(), (std::vector<double>{0.1, 0.2}));
  const RunParameters run = spec->run(3, 4);
  EXPECT_EQ(run.rateFirst, 3);
  EXPECT_EQ(run.rateSecond, 4);

  const auto other = parseSweepSpec(parsed(kTransformer), "");
  ASSERT_TRUE(other);
  EXPECT_EQ(other->x.value(1), 0.5);
  const RunParameters step = other->run(0.5, 0.75);
  EXPECT_EQ(step.rateFirst, 0.5);
  EXPECT_EQ(step.rateSecond, 0.25);
  EXPECT_EQ(step.beta2, 0.75);
  EXPECT_EQ(step.weightDecay, 0.1);
}

struct Broken {
  const char *base, *pointer, *value, *expected; // value: null removes the key
};

TEST(SweepSpec, refusesInOneSentenceThatNamesTheKey) {
  const Broken cases[] = {
      {kMlp, "/modle", "1", "modle: unknown key"},
      {kMlp, "/model/N", "1", "model.N: unknown key"},
      {kMlp, "/axes/x/vlaues", "[1]", "axes.x.vlaues: unknown key"},
      {kMlp, "/model", nullptr, "model: expected an object, found nothing"},
      {kMlp, "/model", "3", "model: expected an object, found \"3\""},
      {kMlp, "/model/n", "-4", "model.n: expected an integer from 1 to 1024"},
      {kMlp, "/model/n", "1.5", "model.n: expected an integer"},
      {kMlp, "/model/nonlinearity", "\"gelu\"", "model.nonlinearity: expected one of"},
      {kMlp, "/data/points", "99999999999999", "data.points: expected an integer from 1"},
      {kMlp, "/data/points", "99999999999999999999999", "data.points: expected an integer from 1"},
      {kMlp, "/optimizer/batch", "1000000", "steps times optimizer.batch: expected at most"},
      {kMlp, "/data/kind", "\"grammar\"", "data.kind: expected one of \"normal\", \"arrays\""},
      {kMlp, "/optimizer/kind", "\"adam\"", "optimizer.kind: expected one of \"sgd\""},
      {kMlp, "/optimizer/batch", "0", "optimizer.batch: expected an integer from 1"},
      {kMlp, "/optimizer/batch", "\"half\"", "optimizer.batch: expected an integer from 1"},
      {kMlp, "/optimizer/beta1", "1.0", "optimizer.beta1: expected a number from 0"},
      {kMlp, "/axes/x", nullptr, "axes.x: expected an axis, found nothing"},
      {kMlp, "/axes/x/parameter", "\"lr.attention\"", "axes.x.parameter: expected one of lr.all, lr.input"},
      {kMlp, "/axes/x/parameter", "\"optimizer.beta1\"", "axes.x.parameter: expected one of"},
      {kMlp, "/axes/x/parameter", "\"lr.output\"", "axes.y.parameter: expected something that the x axis"},
      {kMlp, "/axes/x/parameter", "\"lr.all\"", "axes.y.parameter: expected something that the x axis"},
      {kMlp, "/axes/x/parameter", "\"offset.init\"", "lr.input: expected a rate"},
      {kMlp, "/axes/x/min", "6", "axes.x.min: expected less than max"},
      {kMlp, "/axes/x/min", "null", "axes.x.min: expected a number"},
      {kMlp, "/axes/x/max", nullptr, "axes.x.max: expected a number, found nothing"},
      {kMlp, "/axes/x/max", "400", "axes.x.max: expected a number from -300"},
      {kMlp, "/axes/x/count", "1", "axes.x.count: expected an integer from 2"},
      {kMlp, "/axes/x/count", "10000000", "axes.x.count: expected an integer from 2"},
      {kMlp, "/axes/y/values", "[]", "axes.y.values: expected a list"},
      {kMlp, "/axes/y/values", "[1, null]", "axes.y.values: expected numbers"},
      {kMlp, "/axes/y/values", "[2, 1]", "axes.y.values: expected ascending numbers"},
      {kMlp, "/axes/y/values", "[-1, 1]", "axes.y.values: expected values of lr.output from"},
      {kMlp, "/steps", "0", "steps: expected an integer from 1"},
      {kMlp, "/steps", "100000000000", "steps: expected an integer from 1"},
      {kMlp, "/dtype", "\"float16\"", "dtype: expected one of"},
      {kMlp, "/measure", "\"loss\"", "measure: expected one of"},
      {kMlp, "/refine/start", "6", "refine.start: expected a power of 2"},
      {kMlp, "/refine/audit", "2", "refine.audit: expected a number from"},
      {kMlp, "/refine", "\"half\"", "refine: expected an object"},
      {kMlp, "/init/file", "\"a.h5\"", "init.seed: expected either a seed or a file"},
      {kTransformer, "/model/heads", "3", "model.d_model: expected an even multiple of heads"},
      {kTransformer, "/model/d_model", "4096", "model.d_model: expected a model of at most"},
      {kTransformer, "/model/context", "1e9", "model.context: expected an integer"},
      {kTransformer, "/optimizer/batch", "\"full\"", "optimizer.batch: expected an integer from 1"},
      {kTransformer, "/optimizer/kind", "\"sgd\"", "axes.y.parameter: expected one of"},
      {kTransformer, "/data/file", nullptr, "data.file: expected the name of an HDF5 file"},
      {kTransformer, "/fixed/lr.other", "-1", "fixed.lr.other: expected a number from 0"},
      {kTransformer, "/fixed/lr.output", "1", "fixed.lr.output: expected one of"},
      {kTransformer, "/fixed/optimizer.eps", "1", "fixed.optimizer.eps: expected a parameter that is set nowhere else"},
      {kTransformer, "/fixed", "{}", "lr.other: expected a rate"},
  };
  for (const Broken& broken : cases) {
    Json json = parsed(broken.base);
    const Json::json_pointer at(broken.pointer);
    if (broken.value)
      json[at] = parsed(broken.value);
    else
      json[at.parent_pointer()].erase(at.back());
    const auto spec = parseSweepSpec(json, "s.json");
    ASSERT_FALSE(spec) << broken.pointer;
    EXPECT_TRUE(spec.error().message().starts_with(std::string("s.json: ") + broken.expected))
        << broken.pointer << ": " << spec.error().message();
  }
  EXPECT_FALSE(parseSweepSpec(Json(3), ""));
}

} // namespace
} // namespace orrery::sweep
