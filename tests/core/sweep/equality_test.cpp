// SPDX-License-Identifier: MIT
// What a run gives depends on its parameters alone, to the last bit: not on the runs beside it, the order, the thread,
// or the processor's vector unit.
#include <gtest/gtest.h>
#include <hwy/targets.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "core/base/random.h"
#include "core/sweep/mlp_kernel.h"
#include "core/sweep/presets.h"
#include "tests/core/sweep/oracles.h"

namespace orrery::sweep {
namespace {

struct Case {
  const char *name, *json;
};

const Case kCases[] = {
    {"tanh_full", R"({"model": {"kind": "mlp2", "n": 16}, "data": {"points": 37}, "steps": 120)"},
    {"tanh_float32",
     R"({"model": {"kind": "mlp2", "n": 16}, "data": {"points": 37}, "steps": 120, "dtype": "float32")"},
    {"tanh_odd_size", R"({"model": {"kind": "mlp2", "n": 7}, "data": {"points": 5}, "steps": 60)"},
    {"relu_minibatch", R"({"model": {"kind": "mlp2", "n": 16, "nonlinearity": "relu"}, "data": {"points": 40},
                           "optimizer": {"batch": 7}, "steps": 120)"},
    {"linear",
     R"({"model": {"kind": "mlp2", "n": 16, "nonlinearity": "identity"}, "data": {"points": 16}, "steps": 60)"},
    {"adam", R"({"model": {"kind": "transformer"}, "data": {"kind": "grammar"}, "steps": 12, "dtype": "float32",
                 "optimizer": {"kind": "adam", "batch": 6})"},
    {"adamw_odd_size", R"({"model": {"kind": "transformer", "layers": 2, "heads": 3, "d_model": 18, "context": 21,
                          "vocab": 11, "ffn": 13}, "steps": 12, "optimizer": {"kind": "adamw", "batch": 5,
                          "weight_decay": 0.1})"},
    {"sgd", R"({"model": {"kind": "transformer"}, "data": {"kind": "grammar"}, "steps": 12,
                "optimizer": {"kind": "sgd", "batch": 6})"},
};

SweepSpec specOf(const Case& test) {
  Json json = Json::parse(std::string(test.json) + "}");
  const bool mlp = json["model"]["kind"] == "mlp2";
  for (const char* axis : {"x", "y"})
    json["axes"][axis] = {{"parameter", std::string(axis) == "x" ? (mlp ? "lr.input" : "lr.attention")
                                                                 : (mlp ? "lr.output" : "lr.other")},
                          {"scale", "log10"},
                          {"min", -3},
                          {"max", mlp ? 5 : 1},
                          {"count", 2}};
  auto spec = parseSweepSpec(json, test.name);
  if (!spec) ADD_FAILURE() << spec.error().message();
  return *spec;
}

std::vector<RunParameters> runsOf(const SweepSpec& spec, std::size_t count) {
  Random random(3);
  const auto rate = [&](const AxisSpec& axis) {
    return std::pow(10, axis.min + (axis.max - axis.min) * random.uniform());
  };
  std::vector<RunParameters> runs(count);
  for (RunParameters& run : runs) {
    run = spec.run(rate(spec.x), rate(spec.y));
    run.initScale = 0.5 + random.uniform();
    if (random.chance(0.3)) run.offsetDrift = random.uniform() / 100;
  }
  return runs;
}

bool same(const std::vector<Digest>& a, const std::vector<Digest>& b) { // no padding in the doubles that are compared
  const auto numbers = [](const Digest& d) {
    std::vector<double> all = {d.first, d.last, d.min, static_cast<double>(d.divergedStep)};
    for (const CurveSums* sums : {&d.sohlDickstein, &d.torkamandi})
      all.insert(all.end(), {sums->meanFirst, sums->meanLast, sums->varLast, sums->sum, sums->sumInverse});
    return all;
  };
  for (std::size_t i = 0; i < a.size(); ++i) {
    const auto x = numbers(a[i]), y = numbers(b[i]);
    if (std::memcmp(x.data(), y.data(), x.size() * sizeof(double)) != 0) return false;
  }
  return a.size() == b.size();
}

class Equality : public ::testing::TestWithParam<Case> {};

TEST_P(Equality, whateverTheBatchTheOrderAndTheThreads) {
  const SweepSpec spec = specOf(GetParam());
  auto trainer = makeTrainer(spec);
  ASSERT_TRUE(trainer) << trainer.error().message();
  const auto runs = runsOf(spec, spec.model.kind == ModelKind::Mlp2 ? 70 : 10);
  const auto alone = trainAll(**trainer, runs, 1, 1);
  std::size_t diverged = 0;
  for (const Digest& digest : alone) diverged += digest.divergedStep >= 0;
  std::printf("%s: %zu runs, %zu of them diverge\n", GetParam().name, runs.size(), diverged);
  for (const std::size_t chunk : {3, 8, 64}) EXPECT_TRUE(same(alone, trainAll(**trainer, runs, 1, chunk))) << chunk;
  EXPECT_TRUE(same(alone, trainAll(**trainer, runs, 2, 5)));
  auto backwards = trainAll(**trainer, {runs.rbegin(), runs.rend()}, 2, 9);
  std::reverse(backwards.begin(), backwards.end());
  EXPECT_TRUE(same(alone, backwards));
}

TEST_P(Equality, digestAndCurveAreOfTheSameRun) {
  const SweepSpec spec = specOf(GetParam());
  auto trainer = makeTrainer(spec);
  ASSERT_TRUE(trainer);
  const auto runs = runsOf(spec, 10);
  const auto digests = trainAll(**trainer, runs, 1, 10);
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const auto curve = (*trainer)->curve(runs[i], {});
    ASSERT_TRUE(curve);
    ASSERT_EQ(curve->size(), static_cast<std::size_t>(spec.steps));
    EXPECT_EQ((*curve)[0], digests[i].first);
    const auto bad = std::find_if(curve->begin(), curve->end(), [](double loss) { return !std::isfinite(loss); });
    EXPECT_EQ(bad == curve->end() ? -1 : bad - curve->begin(), digests[i].divergedStep);
  }
}

TEST_P(Equality, onEveryVectorUnit) {
  const SweepSpec spec = specOf(GetParam());
  const auto runs = runsOf(spec, spec.model.kind == ModelKind::Mlp2 ? 20 : 4);
  const std::int64_t supported = hwy::SupportedTargets();
  std::vector<Digest> first;
  std::size_t lanes = 1000;
  for (const std::int64_t target : {HWY_AVX3, HWY_AVX2, HWY_SSE4, HWY_SCALAR}) {
    if ((supported & target) == 0 && target != HWY_SCALAR) continue;
    hwy::SetSupportedTargetsForTest(target);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
    auto trainer = makeTrainer(spec);
    ASSERT_TRUE(trainer);
    const auto digests = trainAll(**trainer, runs, 1, 20);
    std::printf("%s ", hwy::TargetName(target));
    EXPECT_LT(mlpLanes(double()), lanes); // it is another unit
    lanes = mlpLanes(double());
    if (first.empty()) first = digests;
    EXPECT_TRUE(same(first, digests)) << hwy::TargetName(target);
  }
  std::printf("\n");
  hwy::SetSupportedTargetsForTest(0);
  hwy::GetChosenTarget().Update(hwy::SupportedTargets());
}

INSTANTIATE_TEST_SUITE_P(All, Equality, ::testing::ValuesIn(kCases),
                         [](const auto& test) { return std::string(test.param.name); });

TEST(Presets, allCanBeTrained) {
  for (const std::string& name : presetNames()) {
    auto spec = presetSpec(name, true);
    ASSERT_TRUE(spec) << spec.error().message();
    auto trainer = makeTrainer(*spec);
    EXPECT_TRUE(trainer) << trainer.error().message();
    EXPECT_TRUE(presetSpec(name, false));
  }
  EXPECT_FALSE(presetSpec("sohl", false));
}

} // namespace
} // namespace orrery::sweep
