// SPDX-License-Identifier: MIT
#include "core/session/end_tokens.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>

#include "core/session/session.h"
#include "tests/core/tensorio/scratch.h"

namespace orrery::session {
namespace {

using Ids = std::vector<std::int32_t>;
const std::string kBundled = std::string(ORRERY_SOURCE_DIR) + "/assets/models/bundled";

Ids read(const testkit::Scratch& folder, const std::string& config, std::size_t warnings = 0) {
  std::vector<std::string> told;
  const Ids ids = endTokens(folder / "", config, told);
  EXPECT_EQ(told.size(), warnings) << (told.empty() ? "" : told[0]);
  return ids;
}

TEST(EndTokens, OfTheGenerationConfigElseOfTheConfig) {
  testkit::Scratch folder;
  EXPECT_EQ(read(folder, R"({"eos_token_id": 7})"), Ids{7});
  EXPECT_EQ(read(folder, R"({"eos_token_id": null})"), Ids{});
  EXPECT_EQ(read(folder, "{}"), Ids{});
  testkit::writeText(folder / "generation_config.json", R"({"eos_token_id": [3, 5]})");
  EXPECT_EQ(read(folder, R"({"eos_token_id": 7})"), (Ids{3, 5}));
  testkit::writeText(folder / "generation_config.json", R"({"temperature": 1})");
  EXPECT_EQ(read(folder, R"({"eos_token_id": 7})"), Ids{7});
}

TEST(EndTokens, WhatIsNoIdIsToldAndPassedOver) {
  testkit::Scratch folder;
  EXPECT_EQ(read(folder, R"({"eos_token_id": "<end>"})", 1), Ids{});
  EXPECT_EQ(read(folder, R"({"eos_token_id": [1, -2]})", 1), Ids{});
  EXPECT_EQ(read(folder, R"({"eos_token_id": 1e99})", 1), Ids{});
  testkit::writeText(folder / "generation_config.json", "{]");
  EXPECT_EQ(read(folder, R"({"eos_token_id": 7})", 1), Ids{7});
}

Ids generated(Session& session, RunSpec spec) {
  const Status ran = session.runStart(std::move(spec)).wait();
  EXPECT_TRUE(ran) << ran.error().message();
  const auto snapshot = session.snapshot();
  const Ids all = snapshot->tokens.toVector();
  return Ids(all.begin() + snapshot->promptTokens, all.end());
}

// The same greedy run without the option goes on behind the end token; with it the run is its beginning.
TEST(EndTokens, ARunStopsWithTheModelsOwn) {
  constexpr std::int32_t kEnd = 1; // assets/models/bundled/generation_config.json
  Session session{{.threads = 2}};
  ASSERT_TRUE(session.runOpen(kBundled).wait());
  EXPECT_EQ(session.state()->model->endTokens, Ids{kEnd});
  RunSpec spec;
  spec.text = "Say: lo mika";
  spec.generate = 150;
  const Ids whole = generated(session, spec);
  ASSERT_EQ(whole.size(), 150u);
  const auto end = std::find(whole.begin(), whole.end(), kEnd);
  ASSERT_NE(end, whole.end());
  spec.sampler.stopAtEnd = true;
  const Ids stopped = generated(session, spec);
  std::printf("150 tokens asked for, %zu came, the first end token is number %td\n", stopped.size(),
              end - whole.begin() + 1);
  EXPECT_EQ(stopped, Ids(whole.begin(), end + 1));
  // Asked to go on nevertheless, it does, to the next end.
  ASSERT_TRUE(session.runContinue(1).wait());
  EXPECT_EQ(session.snapshot()->length(), session.snapshot()->promptTokens + (end - whole.begin()) + 2);
  EXPECT_EQ(session.snapshot()->tokens.back(), end[1]);
}

} // namespace
} // namespace orrery::session
