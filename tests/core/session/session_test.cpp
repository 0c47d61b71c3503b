// SPDX-License-Identifier: MIT
// The engine as windows and verbs see it, on the bundled model.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <thread>

#include "core/session/session.h"
#include "core/trace/trace_reader.h"

namespace orrery::session {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

const std::string kBundled = std::string(ORRERY_SOURCE_DIR) + "/assets/models/bundled";
const std::string kText = "Tom has a red ball. Anna has a blue hat. Tom has a";

class SessionTest : public ::testing::Test {
protected:
  void open(DType dtype = DType::F32) {
    const Status opened = session.runOpen(kBundled, {dtype, "cpu"}).wait();
    ASSERT_TRUE(opened) << opened.error().message();
  }
  void run(RunSpec spec) {
    const Status ran = session.runStart(std::move(spec)).wait();
    ASSERT_TRUE(ran) << ran.error().message();
  }
  std::vector<std::int32_t> tokens() const { return session.snapshot()->tokens.toVector(); }

  Session session{{.threads = 2}};
};

RunSpec textSpec(std::int64_t generate, Sampler sampler = {}) {
  RunSpec spec;
  spec.text = kText;
  spec.generate = generate;
  spec.sampler = sampler;
  return spec;
}

// Largest difference of the top log-probabilities at every position both have.
double scoreDifference(const store::Snapshot& a, const store::Snapshot& b) {
  double worst = 0;
  for (std::size_t i = 0; i < std::min(a.scores.size(), b.scores.size()); ++i)
    for (int k = 0; k < hooks::kTopTokens; ++k)
      worst = std::max(worst, std::abs(static_cast<double>(a.scores[i].topLogProbabilities[k]) -
                                       b.scores[i].topLogProbabilities[k]));
  return worst;
}

TEST_F(SessionTest, OpensRunsAndGenerates) {
  open();
  ASSERT_TRUE(session.state()->model);
  EXPECT_EQ(session.state()->model->architecture, "LlamaForCausalLM");
  run(textSpec(12));
  const auto snapshot = session.snapshot();
  EXPECT_EQ(snapshot->length(), snapshot->promptTokens + 12);
  EXPECT_EQ(snapshot->scores.size(), snapshot->tokens.size());
  EXPECT_EQ(snapshot->attention.size(), static_cast<std::size_t>(snapshot->info->dims.layers));
  for (const auto& record : snapshot->attention) EXPECT_EQ(record.tokens, snapshot->length());
}

TEST_F(SessionTest, CachedEqualsUncached) {
  open();
  run(textSpec(20));
  const auto cached = session.snapshot();
  RunSpec whole;
  whole.tokens = tokens();
  run(whole);
  const double worst = scoreDifference(*cached, *session.snapshot());
  std::printf("cached against one pass: largest difference of log-probabilities %.2e (tolerance 1e-4)\n", worst);
  EXPECT_LT(worst, 1e-4);
}

TEST_F(SessionTest, StepBackAndForwardReplaysTheSameText) {
  open();
  const Sampler sampler{0.9, 40, 0.95, 5};
  run(textSpec(15, sampler));
  const auto before = tokens();
  const auto old = session.snapshot();
  ASSERT_TRUE(session.runCut(static_cast<std::int64_t>(before.size()) - 6).wait());
  EXPECT_EQ(session.snapshot()->length(), static_cast<std::int64_t>(before.size()) - 6);
  ASSERT_TRUE(session.runContinue(6).wait());
  EXPECT_EQ(tokens(), before);
  EXPECT_LT(scoreDifference(*old, *session.snapshot()), 1e-4);
  EXPECT_EQ(old->tokens.toVector(), before) << "an old snapshot must stay what it was";
}

TEST_F(SessionTest, BranchLeavesTheOldRunReadableAndSelectable) {
  open();
  run(textSpec(10));
  const auto first = session.snapshot();
  const std::int64_t at = first->promptTokens + 3;
  ASSERT_TRUE(session.runBranch(at, 65).wait());
  ASSERT_TRUE(session.runContinue(4).wait());
  const auto branch = session.snapshot();
  EXPECT_NE(branch->run, first->run);
  EXPECT_EQ(branch->length(), at + 5);
  EXPECT_EQ(branch->tokens[static_cast<std::size_t>(at)], 65);
  EXPECT_EQ(session.state()->runs.size(), 2u);
  ASSERT_TRUE(session.snapshot(first->run));
  EXPECT_EQ(session.snapshot(first->run)->tokens.toVector(), first->tokens.toVector());
  ASSERT_TRUE(session.runSelect(first->run).wait());
  EXPECT_EQ(tokens(), first->tokens.toVector());
  ASSERT_TRUE(session.runContinue(3).wait());
  EXPECT_EQ(session.snapshot()->length(), first->length() + 3);
}

TEST_F(SessionTest, PauseStopsAfterTheToken) {
  open();
  run(textSpec(0));
  Job job = session.runContinue(kForever);
  const auto start = session.snapshot()->length();
  while (session.snapshot()->length() < start + 3 && !job.info().over()) std::this_thread::sleep_for(1ms);
  session.pause();
  EXPECT_TRUE(job.wait());
  EXPECT_GE(session.snapshot()->length(), start + 3);
  EXPECT_LT(session.snapshot()->length(), session.state()->model->dims.context);
}

TEST_F(SessionTest, ABranchStopsTheRunEvenIfItIsContinuedAtOnce) {
  open();
  run(textSpec(0));
  const auto first = session.snapshot()->run;
  Job endless = session.runContinue(kForever);
  const auto start = session.snapshot()->length();
  while (session.snapshot()->length() < start + 2 && !endless.info().over()) std::this_thread::sleep_for(1ms);
  Job branch = session.runBranch(5);
  EXPECT_TRUE(session.runContinue(2).wait());
  EXPECT_EQ(session.snapshot()->length(), 7);
  EXPECT_LT(session.snapshot(first)->length(), session.state()->model->dims.context);
}

TEST_F(SessionTest, CancelDuringAPrefillLeavesNoHalfState) {
  open();
  run(textSpec(2));
  Job job = session.runContinue(kForever);
  std::this_thread::sleep_for(30ms);
  job.cancel();
  EXPECT_FALSE(job.wait());
  const auto snapshot = session.snapshot();
  for (const auto& record : snapshot->attention) EXPECT_EQ(record.tokens, snapshot->length());
  ASSERT_TRUE(session.runContinue(2).wait());
  EXPECT_EQ(session.snapshot()->length(), snapshot->length() + 2);
}

TEST_F(SessionTest, Float64AgreesWithFloat32) {
  open(DType::F64);
  run(textSpec(8));
  const auto exact = session.snapshot();
  open(DType::F32);
  run(textSpec(8));
  const double worst = scoreDifference(*exact, *session.snapshot());
  std::printf("float32 against float64: largest difference of log-probabilities %.2e (tolerance 1e-3)\n", worst);
  EXPECT_LT(worst, 1e-3);
  EXPECT_EQ(exact->tokens.toVector(), tokens());
}

TEST_F(SessionTest, EveryRefusalIsASentenceWithTheNumber) {
  EXPECT_FALSE(session.runStart(textSpec(1)).wait()) << "nothing is open";
  open();
  RunSpec empty; // refused although a BOS would stand before it
  EXPECT_NE(session.runStart(empty).wait().error().what.find("empty"), std::string::npos);
  RunSpec far = textSpec(1 << 20);
  EXPECT_NE(session.runStart(far).wait().error().what.find("context"), std::string::npos);
  RunSpec wrongToken;
  wrongToken.tokens = {1, 999999};
  EXPECT_NE(session.runStart(wrongToken).wait().error().what.find("999999"), std::string::npos);
  RunSpec hook = textSpec(1);
  hook.hooks = "blocks.*.no_such_hook";
  EXPECT_NE(session.runStart(hook).wait().error().what.find("no_such_hook"), std::string::npos);
  EXPECT_FALSE(session.runOpen("/no/such/folder").wait());
  EXPECT_TRUE(session.state()->model) << "a failed open keeps what was open";
}

TEST(SessionMemory, WhatDoesNotFitIsRefusedWithTheNumber) {
  Session session{{.threads = 1, .memoryLimit = 20 << 20}};
  ASSERT_TRUE(session.runOpen(kBundled).wait());
  RunSpec spec;
  spec.tokens.assign(500, 3);
  spec.hooks = "blocks.*.attn.hook_result,blocks.*.attn.hook_pattern,blocks.*.attn.hook_attn_scores";
  const auto estimate = session.estimate(spec);
  ASSERT_TRUE(estimate);
  EXPECT_FALSE(estimate->fits) << estimate->sentence;
  const Status ran = session.runStart(spec).wait();
  ASSERT_FALSE(ran);
  EXPECT_EQ(ran.error().code, Code::TooLarge);
  EXPECT_NE(ran.error().what.find("MB"), std::string::npos) << ran.error().what;
  spec.hooks.clear();
  spec.tokens.resize(20);
  EXPECT_TRUE(session.runStart(spec).wait());
}

// An endless run goes as far as the memory, and says so.
TEST(SessionMemory, AnEndlessRunStopsWhereTheMemoryEnds) {
  Session session{{.threads = 1, .memoryLimit = 4 << 20}};
  ASSERT_TRUE(session.runOpen(kBundled).wait());
  RunSpec spec;
  spec.tokens.assign(20, 3);
  spec.generate = kForever;
  const auto estimate = session.estimate(spec);
  ASSERT_TRUE(estimate);
  EXPECT_TRUE(estimate->fits) << estimate->sentence;
  EXPECT_LE(estimate->bytes, std::uint64_t{4} << 20);
  for (const bool again : {false, true}) {
    const Status ran = again ? session.runContinue(kForever).wait() : session.runStart(spec).wait();
    ASSERT_FALSE(ran);
    EXPECT_EQ(ran.error().code, Code::TooLarge);
    EXPECT_NE(ran.error().what.find("MB"), std::string::npos) << ran.error().what;
    std::printf("  %s\n", ran.error().what.c_str());
  }
  const auto length = session.snapshot()->length();
  EXPECT_GT(length, 20);
  EXPECT_LT(length, session.snapshot()->info->dims.context);
  EXPECT_EQ(session.state()->stats.decodedTokens, length - 20) << "only tokens that were decoded are counted";
  ASSERT_TRUE(session.runCut(20).wait());
  EXPECT_TRUE(session.runContinue(3).wait()) << "the session goes on";
}

TEST_F(SessionTest, ATraceWrittenWhileGeneratingIsTheSnapshot) {
  open();
  const std::string path = fs::temp_directory_path() / ("orrery-session-" + std::to_string(::getpid()) + ".h5");
  RunSpec spec = textSpec(9);
  spec.traceOut = path;
  spec.hooks = "blocks.*.hook_resid_post";
  run(spec);
  auto read = trace::readTrace(path);
  ASSERT_TRUE(read) << read.error().message();
  const auto live = session.snapshot();
  EXPECT_EQ((*read)->tokens.toVector(), live->tokens.toVector());
  ASSERT_EQ((*read)->attention.size(), live->attention.size());
  const hooks::TileRange all{0, live->length()};
  for (std::size_t layer = 0; layer < live->attention.size(); ++layer)
    EXPECT_EQ(*hooks::attentionTile((*read)->attention[layer], 0, all, all),
              *hooks::attentionTile(live->attention[layer], 0, all, all));
  EXPECT_EQ(toFloats(*store::gatherHook(**read, "blocks.0.hook_resid_post")),
            toFloats(*store::gatherHook(*live, "blocks.0.hook_resid_post")));
  fs::remove(path);
}

TEST_F(SessionTest, ReadersNeverSeeAHalfStep) {
  open();
  std::atomic<bool> stop{false};
  std::atomic<int> reads{0};
  std::thread reader([&] {
    while (!stop) {
      if (const auto snapshot = session.snapshot()) {
        for (const auto& record : snapshot->attention)
          if (record.tokens > 0)
            (void)hooks::attentionTile(record, 0, {record.tokens - 1, record.tokens}, {0, record.tokens});
        ++reads;
      }
      (void)session.state()->stats.tokensPerSecond();
    }
  });
  run(textSpec(20));
  for (int i = 0; i < 5; ++i) {
    EXPECT_TRUE(session.runCut(session.snapshot()->length() - 3).wait());
    EXPECT_TRUE(session.runContinue(4).wait());
  }
  stop = true;
  reader.join();
  EXPECT_GT(reads, 10);
}

} // namespace
} // namespace orrery::session
