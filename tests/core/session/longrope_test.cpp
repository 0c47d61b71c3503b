// SPDX-License-Identifier: MIT
// Generation past the context that a longrope model was first trained for, where every position is turned in another
// way: against transformers' generate(), against one fresh pass, across a step back, a branch, a failure, a trace file.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <filesystem>

#include "core/session/session.h"
#include "core/tensorio/tensor_file.h"
#include "core/trace/trace_reader.h"

namespace orrery::session {
namespace {

const std::string kModel = std::string(ORRERY_SOURCE_DIR) + "/tests/core/models/data/phi3_options";
constexpr std::int64_t kOriginal = 20; // original_max_position_embeddings of this model

std::vector<std::int32_t> reference(const std::string& name) {
  auto file = tensorio::openTensors(kModel + "/reference.safetensors");
  std::vector<std::int32_t> ids;
  for (const double id : toDoubles(file->load(name).value())) ids.push_back(static_cast<std::int32_t>(id));
  return ids;
}

class LongRope : public ::testing::Test {
protected:
  void SetUp() override { ASSERT_TRUE(session.runOpen(kModel, {DType::F64, "cpu"}).wait()); }
  RunSpec spec(std::int64_t generate) const {
    RunSpec made;
    made.tokens = prompt;
    made.generate = generate;
    made.hooks = "blocks.*.attn.hook_pattern";
    return made;
  }
  void run(RunSpec wanted) {
    const Status ran = session.runStart(std::move(wanted)).wait();
    ASSERT_TRUE(ran) << ran.error().message();
  }
  std::vector<std::int32_t> tokens() const { return session.snapshot()->tokens.toVector(); }
  // The state now against that of a run whose prompt is the same text.
  void expectAsFresh() {
    const auto mine = session.snapshot();
    RunSpec whole = spec(0);
    whole.tokens = tokens();
    run(whole);
    expectEqual(*mine, *session.snapshot());
  }
  static void expectEqual(const store::Snapshot& a, const store::Snapshot& b);

  Session session{{.threads = 2}};
  const std::vector<std::int32_t> prompt = reference("tokens_short"), greedy = reference("greedy");
};

double largest(const TensorView& a, const TensorView& b) {
  const std::vector<double> x = toDoubles(a), y = toDoubles(b);
  EXPECT_EQ(x.size(), y.size());
  double worst = 0;
  for (std::size_t i = 0; i < std::min(x.size(), y.size()); ++i) worst = std::max(worst, std::abs(x[i] - y[i]));
  return worst;
}

void LongRope::expectEqual(const store::Snapshot& a, const store::Snapshot& b) {
  ASSERT_EQ(a.tokens.toVector(), b.tokens.toVector());
  ASSERT_EQ(a.scores.size(), b.scores.size());
  ASSERT_EQ(a.attention.size(), b.attention.size());
  double records = 0, patterns = 0, scores = 0;
  for (std::size_t layer = 0; layer < a.attention.size(); ++layer) {
    const auto &x = a.attention[layer], &y = b.attention[layer];
    ASSERT_EQ(x.tokens, y.tokens);
    records = std::max({records, largest(x.q, y.q), largest(x.k, y.k), largest(x.lse, y.lse)});
    const std::string hook = "blocks." + std::to_string(layer) + ".attn.hook_pattern";
    patterns = std::max(patterns, largest(store::gatherHook(a, hook).value(), store::gatherHook(b, hook).value()));
  }
  for (std::size_t i = 0; i < a.scores.size(); ++i)
    scores = std::max(scores, std::abs(static_cast<double>(a.scores[i].logProbability) - b.scores[i].logProbability));
  std::printf("%lld tokens against one pass over them: q, k, lse %.1e, patterns %.1e (tolerance 1e-12), scores %.1e "
              "(tolerance 1e-6)\n",
              static_cast<long long>(a.length()), records, patterns, scores);
  EXPECT_LE(records, 1e-12);
  EXPECT_LE(patterns, 1e-12);
  EXPECT_LE(scores, 1e-6);
}

TEST_F(LongRope, WritesWhatTransformersWrites) {
  ASSERT_LT(static_cast<std::int64_t>(prompt.size()), kOriginal);
  run(spec(static_cast<std::int64_t>(greedy.size())));
  const auto all = tokens();
  ASSERT_GT(static_cast<std::int64_t>(all.size()), kOriginal + 4);
  EXPECT_EQ(std::vector(all.begin() + static_cast<std::ptrdiff_t>(prompt.size()), all.end()), greedy);
  EXPECT_EQ(session.snapshot()->promptTokens, static_cast<std::int64_t>(prompt.size()));
  expectAsFresh();
}

TEST_F(LongRope, StepBackOverTheBoundaryAndForward) {
  run(spec(12));
  const auto before = session.snapshot();
  ASSERT_TRUE(session.runCut(18).wait());
  ASSERT_TRUE(session.runContinue(1).wait()); // short again
  expectAsFresh();
  run(spec(12));
  ASSERT_TRUE(session.runCut(18).wait());
  ASSERT_TRUE(session.runContinue(10).wait());
  expectEqual(*before, *session.snapshot());
  ASSERT_TRUE(session.runBranch(17, 5).wait());
  ASSERT_TRUE(session.runContinue(6).wait());
  expectAsFresh();
}

TEST_F(LongRope, ATraceFileHoldsTheNewPass) {
  const auto file = std::filesystem::temp_directory_path() / "orrery_longrope_test.h5";
  RunSpec traced = spec(12);
  traced.traceOut = file.string();
  run(traced);
  auto read = trace::readTrace(file.string());
  std::filesystem::remove(file);
  ASSERT_TRUE(read) << read.error().message();
  expectEqual(**read, *session.snapshot());
}

// The pass over the whole text fails (here for a token that there is not): run and store are what they were.
TEST_F(LongRope, FailureKeepsTheRun) {
  run(spec(kOriginal - static_cast<std::int64_t>(prompt.size())));
  const auto before = session.snapshot();
  ASSERT_EQ(before->length(), kOriginal);
  const Status ended = session.runAppend({7, 7, 1000}).wait();
  ASSERT_FALSE(ended);
  EXPECT_EQ(ended.error().code, Code::BadInput);
  EXPECT_EQ(session.snapshot()->length(), kOriginal);
  expectEqual(*before, *session.snapshot());
  ASSERT_TRUE(session.runContinue(5).wait());
  expectAsFresh();
}

} // namespace
} // namespace orrery::session
