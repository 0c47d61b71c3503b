// SPDX-License-Identifier: MIT
// The two-layer network against maps that JAX, PyTorch and NumPy computed. On pixels where those agree among themselves
// (`stable`) the class must be theirs; elsewhere rounding decides, and only the share that differs can be compared.
// Every third pixel; ORRERY_ALL_PIXELS=1 takes them all.
#include <algorithm>
#include <chrono>
#include <cmath>

#include "core/sweep/measure.h"
#include "tests/core/sweep/oracles.h"

namespace orrery::sweep {
namespace {

struct Condition {
  const char *name, *nonlinearity, *x, *y;
  Json batch;
};

class MlpOracle : public ::testing::TestWithParam<Condition> {};

SweepSpec specOf(const Condition& condition, const std::string& file, const Arrays& arrays, const std::string& window) {
  const Json json = {{"model", {{"kind", "mlp2"}, {"n", 16}, {"nonlinearity", condition.nonlinearity}}},
                     {"init", {{"file", file}}},
                     {"data", {{"kind", "arrays"}, {"file", file}}},
                     {"optimizer", {{"kind", "sgd"}, {"batch", condition.batch}}},
                     {"axes",
                      {{"x", {{"parameter", condition.x}, {"values", numbersOf(arrays, window + "/x")}}},
                       {"y", {{"parameter", condition.y}, {"values", numbersOf(arrays, window + "/y")}}}}},
                     {"steps", 500}};
  auto spec = parseSweepSpec(json, "test");
  if (!spec) ADD_FAILURE() << spec.error().message();
  return *spec;
}

struct Compared {
  std::size_t pixels = 0, stable = 0, stableWrong = 0, differ = 0, referencesDiffer = 0;
  std::vector<double> gaps; // of log10|value|, stable pixels
};

Compared compare(const Arrays& arrays, const std::string& window, const std::vector<std::size_t>& pixels,
                 const std::vector<Digest>& digests) {
  const auto classes = numbersOf(arrays, window + "/class"), classesB = numbersOf(arrays, window + "/class_b");
  const auto values = numbersOf(arrays, window + "/value"), stable = numbersOf(arrays, window + "/stable");
  Compared result;
  result.pixels = pixels.size();
  for (std::size_t k = 0; k < pixels.size(); ++k) {
    const std::size_t p = pixels[k];
    const Outcome outcome = outcomeOf(Measure::SohlDickstein, digests[k], 500);
    const bool differs = outcome.trainable != (classes[p] == 1);
    result.differ += differs;
    result.referencesDiffer += classes[p] != classesB[p];
    if (stable[p] != 1) continue;
    ++result.stable;
    result.stableWrong += differs;
    if (differs)
      std::printf("row %zu, column %zu: stable there, but class %.0f, found mean_last %.6g\n", p / 64, p % 64,
                  classes[p], digests[k].sohlDickstein.meanLast);
    const double largest = std::numeric_limits<double>::max();
    result.gaps.push_back(
        std::abs(std::log10(std::abs(outcome.value)) - std::log10(std::min(std::abs(values[p]), largest))));
  }
  std::sort(result.gaps.begin(), result.gaps.end());
  return result;
}

// Largest relative difference of the first 5 and 10 losses of the 16 curves, while l < 10 l[0].
std::pair<double, double> earlyDifference(const Trainer& trainer, const SweepSpec& spec, const Arrays& arrays,
                                          const std::string& window) {
  const auto pixels = numbersOf(arrays, window + "/curves/pixel"), losses = numbersOf(arrays, window + "/curves/loss");
  double five = 0, ten = 0;
  for (std::size_t k = 0; k < 16; ++k) {
    const auto row = static_cast<std::size_t>(pixels[2 * k]), column = static_cast<std::size_t>(pixels[2 * k + 1]);
    const auto curve = trainer.curve(spec.run(spec.x.value(column), spec.y.value(row)), {});
    if (!curve) continue;
    for (std::size_t t = 0; t < 10 && losses[k * 500 + t] < 10 * losses[k * 500]; ++t) {
      const double difference = std::abs((*curve)[t] / losses[k * 500 + t] - 1);
      if (t < 5) five = std::max(five, difference);
      ten = std::max(ten, difference);
    }
  }
  return {five, ten};
}

void checkWindow(const Condition& condition, const std::string& file, const std::string& window) {
  auto arrays = Arrays::open(file);
  ASSERT_TRUE(arrays);
  const SweepSpec spec = specOf(condition, file, *arrays, window);
  auto trainer = makeTrainer(spec);
  ASSERT_TRUE(trainer) << trainer.error().message();
  std::vector<std::size_t> pixels;
  std::vector<RunParameters> runs;
  for (std::size_t p = 0; p < 64 * 64; p += std::getenv("ORRERY_ALL_PIXELS") ? 1 : 3) {
    pixels.push_back(p);
    runs.push_back(spec.run(spec.x.value(p % 64), spec.y.value(p / 64)));
  }
  const auto start = std::chrono::steady_clock::now();
  const auto digests = trainAll(**trainer, runs);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  const Compared found = compare(*arrays, window, pixels, digests);
  const auto [five, ten] = earlyDifference(**trainer, spec, *arrays, window);
  const auto quantile = [&](double q) {
    return found.gaps.empty() ? 0.0
                              : found.gaps[static_cast<std::size_t>(q * static_cast<double>(found.gaps.size() - 1))];
  };
  std::printf(
      "%-14s %s | stable %4zu of %4zu, wrong %zu | log10|value| 99 %% %.1e, max %.1e (99 %%: 1e-3) | losses 0-4 "
      "%.1e (1e-12), 0-9 %.1e (2e-11) | classes differ %zu, references %zu (2 x) | %.1f s\n",
      condition.name, window.c_str(), found.stable, found.pixels, found.stableWrong, quantile(0.99), quantile(1), five,
      ten, found.differ, found.referencesDiffer, seconds);
  EXPECT_EQ(found.stableWrong, 0u);
  EXPECT_LE(quantile(0.99), 1e-3);
  EXPECT_LE(five, 1e-12);
  EXPECT_LE(ten, 2e-11);
  // Few differ in some windows: three standard deviations of a count are allowed on top.
  const double references = 2 * static_cast<double>(found.referencesDiffer);
  EXPECT_LE(static_cast<double>(found.differ), references + 3 * std::sqrt(references) + 3);
}

TEST_P(MlpOracle, classesValuesAndEarlyLosses) {
  const Condition& condition = GetParam();
  const std::string file = oracleFile(std::string("mlp_") + condition.name);
  if (file.empty()) GTEST_SKIP() << "runs where ../shared/oracles lies beside the project";
  for (const char* window : {"window_1", "window_2"}) checkWindow(condition, file, window);
}

INSTANTIATE_TEST_SUITE_P(All, MlpOracle,
                         ::testing::Values(Condition{"tanh_full", "tanh", "lr.input", "lr.output", "full"},
                                           Condition{"relu_full", "relu", "lr.input", "lr.output", "full"},
                                           Condition{"linear", "identity", "lr.input", "lr.output", "full"},
                                           Condition{"tanh_single", "tanh", "lr.input", "lr.output", "full"},
                                           Condition{"tanh_minibatch", "tanh", "lr.input", "lr.output", 16},
                                           Condition{"offset_drift", "tanh", "offset.drift", "lr.all", "full"},
                                           Condition{"offset_init", "tanh", "offset.init", "lr.all", "full"}),
                         [](const auto& test) { return std::string(test.param.name); });

} // namespace
} // namespace orrery::sweep
