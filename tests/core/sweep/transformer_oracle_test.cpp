// SPDX-License-Identifier: MIT
// Small transformers against runs of PyTorch (float64 and float32) and JAX.
#include <algorithm>
#include <cmath>

#include "core/sweep/measure.h"
#include "core/sweep/transformer_input.h"
#include "core/sweep/transformer_kernel.h"
#include "tests/core/sweep/oracles.h"
#include "tests/core/sweep/transformer_gradient.h"

namespace orrery::sweep {
namespace {

struct Case {
  const char *name, *file, *group, *optimizer, *dtype;
  bool paper;
  int ffn, steps;
  double other; // eta_fc of a row; 0: a map
};

Json jsonOf(const Case& test, const std::string& file, const std::vector<double>& x, const std::vector<double>& y) {
  const int d = test.paper ? 64 : 16;
  return {{"model",
           {{"kind", "transformer"},
            {"layers", test.paper ? 2 : 1},
            {"heads", 2},
            {"d_model", d},
            {"context", d},
            {"vocab", 22},
            {"ffn", test.ffn}}},
          {"init", {{"file", file}}},
          {"data", {{"kind", "arrays"}, {"file", file}}},
          {"optimizer", {{"kind", test.optimizer}, {"batch", test.paper ? 32 : 16}, {"weight_decay", 0.1}}},
          {"axes",
           {{"x", {{"parameter", "lr.attention"}, {"values", x}}}, {"y", {{"parameter", "lr.other"}, {"values", y}}}}},
          {"steps", test.steps},
          {"dtype", test.dtype},
          {"measure", "torkamandi"}};
}

class TransformerOracle : public ::testing::TestWithParam<Case> {};

struct Found {
  double early = 0, earlySmall = 0; // largest relative difference of the first 10 losses: stable; both rates <= 0.03
  double earlyReference = 0;        // of PyTorch in float32 against float64, both rates <= 0.03
  std::size_t stable = 0, wrong = 0, differ = 0, referencesDiffer = 0;
  double value = 0; // largest relative difference on stable pixels
};

Found compare(const Case& test, const Arrays& arrays, const SweepSpec& spec, const Trainer& trainer) {
  const std::string group = test.group;
  const bool single = std::string(test.dtype) == "float32";
  const auto losses = numbersOf(arrays, group + "/loss"), classes = numbersOf(arrays, group + "/class");
  const auto stable = numbersOf(arrays, group + "/stable"), values = numbersOf(arrays, group + "/value");
  const auto classesB = numbersOf(arrays, group + (single ? "/class_float32" : "/class_b"));
  const auto single32 = numbersOf(arrays, group + "/loss_float32");
  const auto steps = static_cast<std::size_t>(test.steps);
  Found found;
  std::vector<RunParameters> runs;
  for (std::size_t p = 0; p < classes.size(); ++p)
    runs.push_back(spec.run(spec.x.value(p % spec.x.size()), spec.y.value(p / spec.x.size())));
  std::vector<std::vector<double>> curves(runs.size());
  std::atomic<std::size_t> next{0};
  {
    const auto work = [&] {
      for (std::size_t p = next++; p < runs.size(); p = next++) curves[p] = *trainer.curve(runs[p], {});
    };
    const std::jthread a(work), b(work);
  }
  for (std::size_t p = 0; p < runs.size(); ++p) {
    const Outcome outcome = outcomeOf(Measure::Torkamandi, digestOf(curves[p], steps), steps);
    const bool differs = outcome.trainable != (classes[p] == 1);
    found.differ += differs;
    found.referencesDiffer += classes[p] != classesB[p];
    if (stable[p] == 1) {
      ++found.stable;
      found.wrong += differs;
      found.value = std::max(found.value, std::abs(outcome.value / values[p] - 1));
    }
    for (std::size_t t = 0; t < 10; ++t) {
      const double difference = std::abs(curves[p][t] / losses[p * steps + t] - 1);
      if (stable[p] == 1) found.early = std::max(found.early, difference);
      if (runs[p].rateFirst > 0.03 || runs[p].rateSecond > 0.03) continue;
      found.earlySmall = std::max(found.earlySmall, difference);
      found.earlyReference =
          std::max(found.earlyReference, std::abs(single32[p * steps + t] / losses[p * steps + t] - 1));
    }
  }
  return found;
}

TEST_P(TransformerOracle, lossesAndClasses) {
  const Case& test = GetParam();
  const std::string file = oracleFile(test.file);
  if (file.empty()) GTEST_SKIP() << "runs where ../shared/oracles lies beside the project";
  auto arrays = Arrays::open(file);
  ASSERT_TRUE(arrays);
  const auto x = numbersOf(*arrays, std::string(test.group) + "/x");
  const auto y = test.other > 0 ? std::vector{test.other} : numbersOf(*arrays, std::string(test.group) + "/y");
  const auto spec = parseSweepSpec(jsonOf(test, file, x, y), "test");
  ASSERT_TRUE(spec) << spec.error().message();
  auto trainer = makeTrainer(*spec);
  ASSERT_TRUE(trainer) << trainer.error().message();
  const Found found = compare(test, *arrays, *spec, **trainer);
  const bool single = std::string(test.dtype) == "float32";
  const double tolerance = single ? std::max(2e-7, 3 * found.earlyReference) : 1e-9;
  const double early = single ? found.earlySmall : found.early;
  std::printf("%-18s | first 10 losses, %s %.1e (%.0e) | stable %zu, wrong %zu, value off %.1e | classes differ %zu, "
              "references %zu\n",
              test.name, single ? "rates <= 0.03" : "stable", early, tolerance, found.stable, found.wrong, found.value,
              found.differ, found.referencesDiffer);
  EXPECT_EQ(found.wrong, 0u);
  EXPECT_LE(early, tolerance);
  EXPECT_LE(found.differ, 2 * found.referencesDiffer + 3);
}

INSTANTIATE_TEST_SUITE_P(
    All, TransformerOracle,
    ::testing::Values(
        Case{"tiny_float64", "transformer_tiny_ffn32", "map", "adam", "float64", false, 32, 300, 0},
        Case{"tiny_float32", "transformer_tiny_ffn32", "map", "adam", "float32", false, 32, 300, 0},
        Case{"tiny_sgd", "transformer_tiny_ffn32", "row_sgd", "sgd", "float64", false, 32, 300, 0.3},
        Case{"tiny_adamw", "transformer_tiny_ffn32", "row_adamw", "adamw", "float64", false, 32, 300, 0.01},
        Case{"paper_128_float64", "transformer_paper_ffn128", "map", "adam", "float64", true, 128, 60, 0},
        Case{"paper_128_float32", "transformer_paper_ffn128", "map", "adam", "float32", true, 128, 60, 0},
        Case{"paper_192_float64", "transformer_paper_ffn192", "map", "adam", "float64", true, 192, 60, 0}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(TransformerGradient, equalsTheReference) {
  const std::string file = oracleFile("transformer_tiny_ffn32");
  if (file.empty()) GTEST_SKIP() << "runs where ../shared/oracles lies beside the project";
  auto arrays = Arrays::open(file);
  ASSERT_TRUE(arrays);
  const Case test{"", "", "map", "adam", "float64", false, 32, 300, 0};
  const auto spec = parseSweepSpec(jsonOf(test, file, {1}, {1}), "test");
  ASSERT_TRUE(spec);
  const TransformerShape shape(*spec);
  const auto input = loadTransformerInput(*spec, shape);
  ASSERT_TRUE(input) << input.error().message();
  const auto [loss, gradients] = gradientOf<double>(shape, *input, 0);
  double most = 0;
  for (const auto& [name, values] : gradients) {
    const auto expected = numbersOf(*arrays, "check/gradient_0/" + name);
    ASSERT_EQ(expected.size(), values.size()) << name;
    for (std::size_t i = 0; i < values.size(); ++i) most = std::max(most, std::abs(values[i] - expected[i]));
  }
  std::printf("gradients at step 0: largest difference %.1e (1e-10)\n", most);
  EXPECT_EQ(gradients.size(), shape.matrices().size() + shape.vectors.size());
  EXPECT_LE(most, 1e-10);
}

} // namespace
} // namespace orrery::sweep
