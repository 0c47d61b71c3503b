// SPDX-License-Identifier: MIT
// Files that a spec names: read when right, refused in one sentence when not.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>

#include "core/hdf5/dataset.h"
#include "core/hdf5/file.h"
#include "core/sweep/spec.h"
#include "core/sweep/transformer_input.h"

namespace orrery::sweep {
namespace {

class Input : public ::testing::Test {
protected:
  std::string path =
      (std::filesystem::temp_directory_path() /
       ("orrery_sweep_" + std::string(::testing::UnitTest::GetInstance()->current_test_info()->name()) + ".h5"))
          .string();
  void TearDown() override { std::filesystem::remove(path); }

  // data/X [points, 3], data/Y [points, 1], data/batch_index [steps, 2], all filled with `value`.
  void write(std::int64_t points, std::int64_t inputs, std::int64_t steps, double value) {
    const h5::LibraryLock lock;
    std::filesystem::remove(path);
    auto file = h5::createFile(path);
    ASSERT_TRUE(file);
    auto group = h5::createGroup(file->get(), "data", path);
    ASSERT_TRUE(group);
    const auto put = [&](const char* name, std::int64_t rows, std::int64_t columns) {
      auto made = h5::Dataset::create(group->get(), name, DType::F64, {{4, 4}}, path);
      ASSERT_TRUE(made);
      ASSERT_TRUE(made->resize({rows, columns}));
      ASSERT_TRUE(made->write(
          viewOf(std::vector<double>(static_cast<std::size_t>(rows * columns), value), {rows, columns}), {0, 0}));
    };
    put("X", points, inputs);
    put("Y", points, 1);
    put("batch_index", steps, 2);
  }

  std::string refusal() {
    auto spec = parseSweepSpec(
        {{"model", {{"kind", "mlp2"}, {"n", 3}}},
         {"data", {{"kind", "arrays"}, {"file", path}}},
         {"optimizer", {{"batch", 2}}},
         {"steps", 5},
         {"axes",
          {{"x", {{"parameter", "lr.input"}, {"values", {1}}}}, {"y", {{"parameter", "lr.output"}, {"values", {1}}}}}}},
        "spec");
    if (!spec) return spec.error().message();
    auto trainer = makeTrainer(*spec);
    return trainer ? "" : trainer.error().message();
  }
};

TEST_F(Input, isReadOrRefused) {
  EXPECT_EQ(refusal(), path + ": no such file");
  std::ofstream(path) << "not HDF5";
  EXPECT_TRUE(refusal().starts_with(path + ": ")) << refusal();
  write(4, 3, 5, 1);
  EXPECT_EQ(refusal(), "");
  write(4, 2, 5, 1);
  EXPECT_EQ(refusal(), path + ": data/X: expected shape [any, 3], found [4, 2]");
  write(4, 3, 4, 1);
  EXPECT_EQ(refusal(), path + ": data/batch_index: expected a row for each of the 5 steps, found 4");
  write(4, 3, 5, 4);
  EXPECT_EQ(refusal(), path + ": data/batch_index: expected integers from 0 to 3, found 4.000000");
  write(4, 3, 5, std::nan(""));
  EXPECT_EQ(refusal(), path + ": data/X: expected finite numbers, found one that is not");
}

TEST(Grammar, usesItsLettersAndFollowsTheSeed) {
  const auto tokens = grammarTokens(1, 20000);
  EXPECT_EQ(tokens.size(), 20000u);
  std::vector<bool> seen(kGrammarLetters, false);
  for (const std::uint16_t token : tokens) {
    ASSERT_LT(token, kGrammarLetters);
    seen[token] = true;
  }
  EXPECT_EQ(std::count(seen.begin(), seen.end(), true), static_cast<std::ptrdiff_t>(kGrammarLetters));
  EXPECT_EQ(tokens, grammarTokens(1, 20000));
  EXPECT_NE(tokens, grammarTokens(2, 20000));
}

} // namespace
} // namespace orrery::sweep
