// SPDX-License-Identifier: MIT
// The matrices of ../shared/oracles/weights against what numpy and WeightWatcher found (skipped where they are absent).
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>

#include "core/base/json.h"
#include "core/session/weights.h"
#include "core/weights/spectra.h"

namespace orrery::weights {
namespace {

const std::string kFolder = std::string(ORRERY_SOURCE_DIR) + "/../shared/oracles/weights";

double relative(double got, double want) { return std::abs(got - want) / std::abs(want); }

TEST(WeightOracle, SpectraEqualNumpyAndWeightWatcher) {
  if (!std::filesystem::exists(kFolder)) GTEST_SKIP() << "no " << kFolder;
  auto set = session::openWeights(kFolder + "/matrices.safetensors");
  ASSERT_TRUE(set.ok()) << set.error().message();
  const auto reference = readJsonFile(kFolder + "/reference.json");
  ASSERT_TRUE(reference.ok());
  double values = 0, ranks = 0, alpha = 0, xmin = 0, error = 0, entropy = 0;
  for (const auto& [name, want] : reference->items()) {
    const Weight* weight = (*set)->find(name);
    ASSERT_NE(weight, nullptr) << name;
    auto got = spectrumOf(*set, *weight);
    ASSERT_TRUE(got.ok()) << got.error().what;
    const auto sv = want["singular_values"].get<std::vector<double>>();
    ASSERT_EQ(got->values.size(), sv.size());
    for (std::size_t i = 0; i < sv.size(); ++i) values = std::max(values, relative(got->values[i], sv[i]));
    ranks = std::max({ranks, relative(got->stableRank, want["stable_rank"]),
                      relative(got->effectiveRankSingular, want["effective_rank_singular"]),
                      relative(got->effectiveRankEnergy, want["effective_rank_energy"]),
                      relative(got->frobenius, want["frobenius"])});
    const Json& ww = want["weightwatcher"];
    ASSERT_TRUE(got->powerLaw.has_value());
    alpha = std::max(alpha, std::abs(got->powerLaw->alpha - ww["alpha"].get<double>()));
    xmin = std::max(xmin, relative(got->powerLaw->xmin, ww["xmin"]));
    error = std::max(error, std::abs(got->powerLaw->error - ww["sigma"].get<double>()));
    entropy = std::max(entropy, std::abs(got->entropy - ww["entropy"].get<double>()));
    EXPECT_EQ(got->powerLaw->tail, ww["num_pl_spikes"].get<double>()) << name;
    EXPECT_EQ(got->rank, ww["matrix_rank"].get<double>()) << name;
  }
  std::printf("singular values %.1e (1e-5), ranks %.1e (1e-4), alpha %.1e (0.02), xmin %.1e (1e-5), error %.1e (1e-4), "
              "entropy %.1e (1e-4)\n",
              values, ranks, alpha, xmin, error, entropy);
  EXPECT_LE(values, 1e-5);
  EXPECT_LE(ranks, 1e-4);
  EXPECT_LE(alpha, 0.02);
  EXPECT_LE(xmin, 1e-5);
  EXPECT_LE(error, 1e-4);
  EXPECT_LE(entropy, 1e-4);
}

} // namespace
} // namespace orrery::weights
