// SPDX-License-Identifier: MIT
// Matching and comparing checkpoints, and the order of rows in formats that permute them.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <random>

#include "core/session/weights.h"
#include "core/tensorio/safetensors_writer.h"
#include "core/weights/compare.h"
#include "core/weights/spectra.h"

namespace orrery::weights {
namespace {

namespace fs = std::filesystem;

class Compare : public testing::Test {
protected:
  fs::path folder = fs::temp_directory_path() / ("orrery-compare-" + std::to_string(::getpid()));
  void SetUp() override { fs::create_directories(folder); }
  void TearDown() override { fs::remove_all(folder); }

  WeightsPtr write(const std::string& name, const std::vector<tensorio::NamedTensor>& tensors) {
    const std::string path = (folder / name).string();
    EXPECT_TRUE(tensorio::writeSafetensors(path, tensors).ok());
    auto set = session::openWeights(path);
    EXPECT_TRUE(set.ok());
    return *set;
  }
};

std::vector<float> noise(std::size_t n, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  std::vector<float> values(n);
  for (float& x : values) x = normal(random);
  return values;
}

TEST_F(Compare, ChangeIsWhatTheFormulasSay) {
  const std::vector<float> a = noise(35 * 12, 1);
  std::vector<float> b = a;
  for (std::size_t i = 0; i < b.size(); i += 3) b[i] += 0.25f;
  const WeightsPtr first = write("a.safetensors", {{"w", viewOf(a, {35, 12})}});
  const WeightsPtr other = write("b.safetensors", {{"w", viewOf(b, {35, 12})}});
  double difference = 0, aa = 0, bb = 0, ab = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double x = a[i], y = b[i];
    difference += (y - x) * (y - x), aa += x * x, bb += y * y, ab += x * y;
  }
  auto change = changeOf(first, *first->find("w"), other, *other->find("w"));
  ASSERT_TRUE(change.ok());
  EXPECT_NEAR(change->relative, std::sqrt(difference / aa), 1e-12);
  EXPECT_NEAR(change->cosine, ab / std::sqrt(aa * bb), 1e-12);
  EXPECT_NEAR(change->largest, 0.25, 1e-6);
  auto same = changeOf(first, *first->find("w"), first, *first->find("w"));
  EXPECT_EQ(same->relative, 0);
  EXPECT_NEAR(same->cosine, 1, 1e-12);
}

TEST_F(Compare, WhatDoesNotMatchIsListed) {
  const WeightsPtr a = write("a.safetensors", {{"w", viewOf(noise(6, 1), {2, 3})},
                                               {"gone", viewOf(noise(2, 1), {2})},
                                               {"reshaped", viewOf(noise(6, 1), {2, 3})}});
  const WeightsPtr b = write("b.safetensors", {{"w", viewOf(noise(6, 2), {2, 3})},
                                               {"new", viewOf(noise(2, 1), {2})},
                                               {"reshaped", viewOf(noise(6, 1), {3, 2})}});
  const Matched matched = match(*a, *b);
  ASSERT_EQ(matched.pairs.size(), 1u);
  EXPECT_EQ(matched.onlyA, std::vector<std::string>{"gone"});
  EXPECT_EQ(matched.onlyB, std::vector<std::string>{"new"});
  EXPECT_EQ(matched.shapes, std::vector<std::string>{"reshaped: [2, 3] against [3, 2]"});
}

TEST_F(Compare, ZerosAndNaN) {
  std::vector<float> broken = noise(12, 4);
  broken[5] = std::nanf("");
  const WeightsPtr a = write(
      "a.safetensors", {{"zero", viewOf(std::vector<float>(12, 0.f), {3, 4})}, {"broken", viewOf(broken, {3, 4})}});
  const WeightsPtr b =
      write("b.safetensors", {{"zero", viewOf(noise(12, 3), {3, 4})}, {"broken", viewOf(broken, {3, 4})}});
  auto zero = changeOf(a, *a->find("zero"), b, *b->find("zero"));
  EXPECT_TRUE(std::isnan(zero->relative));
  EXPECT_TRUE(std::isnan(zero->cosine));
  auto nan = changeOf(a, *a->find("broken"), b, *b->find("broken"));
  EXPECT_TRUE(std::isnan(nan->relative));
  EXPECT_FALSE(spectrumOf(a, *a->find("broken")).ok());
  auto update = spectrumOfChange(a, *a->find("zero"), b, *b->find("zero"));
  ASSERT_TRUE(update.ok());
  auto direct = spectrumOf(b, *b->find("zero"));
  for (std::size_t i = 0; i < 3; ++i) EXPECT_NEAR(update->values[i], direct->values[i], 1e-12);
}

TEST_F(Compare, OnlyMatricesHaveSpectra) {
  const WeightsPtr a = write("a.safetensors", {{"bias", viewOf(noise(7, 1), {7})},
                                               {"row", viewOf(noise(7, 1), {1, 7})},
                                               {"scalar", viewOf(noise(1, 1), {})},
                                               {"empty", viewOf(std::vector<float>(), {0, 4})},
                                               {"cube", viewOf(noise(8, 1), {2, 2, 2})}});
  for (const char* name : {"bias", "scalar", "empty", "cube"}) {
    auto spectrum = spectrumOf(a, *a->find(name));
    ASSERT_FALSE(spectrum.ok()) << name;
    EXPECT_NE(spectrum.error().what.find("is no matrix"), std::string::npos);
  }
  auto row = spectrumOf(a, *a->find("row"));
  ASSERT_TRUE(row.ok());
  double squares = 0;
  for (const float x : noise(7, 1)) squares += static_cast<double>(x) * static_cast<double>(x);
  EXPECT_NEAR(row->values[0], std::sqrt(squares), 1e-6);
  EXPECT_EQ(row->rank, 1);
  EXPECT_EQ(a->find("cube")->mapRows(), 4);
  EXPECT_EQ(a->find("cube")->mapCols(), 2);
}

// A Llama file with rows in pairs (2i, 2i + 1), as GGUF has them, comes back in the order of the Hugging Face file.
TEST_F(Compare, PermutedRowsComeBackInOrder) {
  const WeightsPtr set = write("a.safetensors", {{"q", viewOf(noise(8 * 3, 1), {8, 3})}});
  Weight permuted = *set->find("q");
  permuted.rows = {0, 4, 1, 5, 2, 6, 3, 7};
  auto source = canonicalSource(set, permuted);
  ASSERT_TRUE(source.ok());
  const std::vector<float> stored = noise(8 * 3, 1);
  std::vector<double> rows(8 * 3);
  ASSERT_TRUE(source->read(0, 8, rows.data()).ok());
  for (std::size_t r = 0; r < 8; ++r)
    for (std::size_t c = 0; c < 3; ++c)
      EXPECT_EQ(rows[static_cast<std::size_t>(permuted.rows[r]) * 3 + c], static_cast<double>(stored[r * 3 + c]));
  Weight turned = *set->find("q");
  turned.transposed = true;
  source = canonicalSource(set, turned);
  ASSERT_TRUE(source.ok());
  EXPECT_EQ(source->rows, 3);
  ASSERT_TRUE(source->read(1, 1, rows.data()).ok());
  for (std::size_t r = 0; r < 8; ++r) EXPECT_EQ(rows[r], static_cast<double>(stored[r * 3 + 1]));
}

// Where not even the Gram matrix fits, the sentence says how many bytes it would take, and an estimate is offered.
TEST_F(Compare, TooLargeIsRefusedOrEstimated) {
  const WeightsPtr set = write("a.safetensors", {{"w", viewOf(noise(600 * 500, 1), {600, 500})}});
  WeightSet::Parts parts{set->path(), set->file(), set->weights(), {}, 3000000};
  const auto small = std::make_shared<const WeightSet>(std::move(parts));
  auto refused = spectrumOf(small, *small->find("w"), {.threads = 1});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, Code::TooLarge);
  EXPECT_NE(refused.error().what.find("bytes"), std::string::npos) << refused.error().what;
  auto estimate = spectrumOf(small, *small->find("w"), {.threads = 1, .estimate = 10});
  ASSERT_TRUE(estimate.ok()) << estimate.error().what;
  auto exact = spectrumOf(set, *set->find("w"));
  ASSERT_TRUE(exact.ok());
  EXPECT_TRUE(estimate->estimated);
  ASSERT_EQ(estimate->values.size(), 10u);
  for (std::size_t i = 0; i < 10; ++i) {
    EXPECT_LE(estimate->values[i], exact->values[i] * (1 + 1e-9));
    EXPECT_GE(std::hypot(estimate->values[i], estimate->residual), exact->values[i]);
  }
  EXPECT_NEAR(estimate->frobenius, exact->frobenius, 1e-9 * exact->frobenius);
}

TEST(NaturalOrder, NumbersCountAsNumbers) {
  using session::naturallyBefore;
  EXPECT_TRUE(naturallyBefore("step-9", "step-10"));
  EXPECT_FALSE(naturallyBefore("step-10", "step-9"));
  EXPECT_TRUE(naturallyBefore("step-009", "step-10"));
  EXPECT_TRUE(naturallyBefore("a", "a1"));
  EXPECT_TRUE(naturallyBefore("a2b", "a10a"));
  EXPECT_FALSE(naturallyBefore("same-3", "same-3"));
}

TEST_F(Compare, AFolderOfCheckpointsIsASeries) {
  for (const char* name : {"step-100.safetensors", "step-20.safetensors", "step-3.safetensors"})
    write(name, {{"w", viewOf(noise(6, 1), {2, 3})}});
  std::ofstream(folder / "train.log") << "not a checkpoint";
  auto series = session::openSeries(folder.string());
  ASSERT_TRUE(series.ok()) << series.error().message();
  ASSERT_EQ(series->size(), 3u);
  EXPECT_TRUE((*series)[0]->path().ends_with("step-3.safetensors"));
  EXPECT_TRUE((*series)[2]->path().ends_with("step-100.safetensors"));
  fs::create_directories(folder / "empty");
  EXPECT_FALSE(session::openSeries((folder / "empty").string()).ok());
}

TEST(Names, LayersAndKinds) {
  EXPECT_EQ(layerInName("model.layers.12.mlp.up.weight"), 12);
  EXPECT_EQ(layerInName("blk.3"), 3);
  EXPECT_EQ(layerInName("fc1.weight"), -1);
  Weight weight;
  weight.canonical = "layers.4.experts.2.w1";
  EXPECT_EQ(kindOf(weight), "layers.*.experts.2.w1");
}

} // namespace
} // namespace orrery::weights
