// SPDX-License-Identifier: MIT
// The eviction what-if as windows and verbs see it, on the bundled model.
#include <gtest/gtest.h>

#include <cmath>

#include "core/session/session.h"

namespace orrery::session {
namespace {

const std::string kBundled = std::string(ORRERY_SOURCE_DIR) + "/assets/models/bundled";
using hooks::Eviction;
using hooks::EvictionPolicy;

class EvictTest : public ::testing::Test {
protected:
  void SetUp() override {
    ASSERT_TRUE(session.runOpen(kBundled).wait());
    RunSpec spec;
    spec.text = "Tom has a red ball. Anna has a blue hat. Tom has a";
    spec.generate = 6;
    ASSERT_TRUE(session.runStart(spec).wait());
  }
  Session session{{.threads = 2}};
};

TEST_F(EvictTest, TheStudyIsPartOfTheSnapshotAndCanBeUndone) {
  const auto before = session.snapshot();
  EXPECT_EQ(before->eviction, nullptr);
  const std::int64_t T = before->length();
  ASSERT_TRUE(session.runEvict({{EvictionPolicy::Window, 4, {}}, {EvictionPolicy::Window, T, {}}}).wait());
  const auto study = session.snapshot()->eviction;
  ASSERT_TRUE(study);
  EXPECT_EQ(study->tokens, T);
  EXPECT_EQ(study->results.size(), 2u);
  EXPECT_GT(study->results[0].klMean(), 1e-3);
  EXPECT_LE(study->results[1].klMean(), 1e-6);
  EXPECT_GT(study->results[0].missingMean(), 0.01);
  EXPECT_EQ(session.snapshot()->tokens.toVector(), before->tokens.toVector()); // the run itself is as it was
  ASSERT_TRUE(session.runShowEviction(nullptr).wait());
  EXPECT_EQ(session.snapshot()->eviction, nullptr);
  ASSERT_TRUE(session.runShowEviction(study).wait());
  EXPECT_EQ(session.snapshot()->eviction, study);
}

TEST_F(EvictTest, FollowsCutsBranchesAndNewRuns) {
  ASSERT_TRUE(session.runEvict({{EvictionPolicy::KeyNorm, 5, {}}}).wait());
  const std::int64_t T = session.snapshot()->length();
  const std::uint64_t first = session.snapshot()->run;
  ASSERT_TRUE(session.runContinue(2).wait());
  ASSERT_TRUE(session.snapshot()->eviction); // of the first T tokens
  EXPECT_EQ(session.snapshot()->eviction->tokens, T);
  ASSERT_TRUE(session.runBranch(T - 3).wait());
  EXPECT_EQ(session.snapshot()->eviction, nullptr);
  ASSERT_TRUE(session.runSelect(first).wait());
  EXPECT_TRUE(session.snapshot()->eviction);
  ASSERT_TRUE(session.runCut(T - 1).wait());
  EXPECT_EQ(session.snapshot()->eviction, nullptr);
  ASSERT_TRUE(session.runEvict({{EvictionPolicy::KeyNorm, 5, {}}}).wait());
  EXPECT_EQ(session.snapshot()->eviction->tokens, T - 1);
}

TEST_F(EvictTest, RefusalsAndCancelLeaveTheOldStudy) {
  ASSERT_TRUE(session.runEvict({{EvictionPolicy::Own, 0, {1, 2}}}).wait());
  const auto study = session.snapshot()->eviction;
  EXPECT_EQ(session.runEvict({{EvictionPolicy::Window, 0, {}}}).wait().error().code, Code::BadInput);
  EXPECT_EQ(session.runEvict({{EvictionPolicy::Own, 0, {1000}}}).wait().error().code, Code::BadInput);
  Job job = session.runEvict(std::vector<Eviction>(2000, {EvictionPolicy::HeavyHitter, 5, {}}));
  job.cancel();
  EXPECT_EQ(job.wait().error().code, Code::Cancelled);
  EXPECT_EQ(session.snapshot()->eviction, study);
}

TEST(Evict, NeedsARunAndAModel) {
  Session session;
  const Status nothing = session.runEvict({{EvictionPolicy::Window, 4, {}}}).wait();
  ASSERT_FALSE(nothing.ok());
  std::printf("%s\n", nothing.error().message().c_str());
  ASSERT_TRUE(session.runOpen(kBundled).wait());
  const Status noRun = session.runEvict({{EvictionPolicy::Window, 4, {}}}).wait();
  ASSERT_FALSE(noRun.ok());
  std::printf("%s\n", noRun.error().message().c_str());
}

} // namespace
} // namespace orrery::session
