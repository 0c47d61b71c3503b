// SPDX-License-Identifier: MIT
// A figure of a live run can be drawn again from its recipe alone.
#include <gtest/gtest.h>

#include <cmath>

#include "app/replay.h"
#include "core/session/session.h"

namespace orrery::app {
namespace {

const std::string kBundled = std::string(ORRERY_SOURCE_DIR) + "/assets/models/bundled";

store::SnapshotPtr liveRun(session::Session& engine) {
  session::RunSpec spec;
  spec.text = "One sunny morning, Nina went to";
  spec.generate = 12;
  spec.sampler = {0.8, 40, 1.0, 3};
  if (!engine.runOpen(kBundled).wait() || !engine.runStart(spec).wait()) return nullptr;
  return engine.snapshot();
}

double largestDifference(const store::Snapshot& a, const store::Snapshot& b) {
  const hooks::TileRange all{0, a.length()};
  double worst = 0;
  for (std::size_t layer = 0; layer < a.attention.size(); ++layer)
    for (std::int64_t head = 0; head < a.attention[layer].heads; ++head) {
      const auto x = *hooks::attentionTile(a.attention[layer], head, all, all);
      const auto y = *hooks::attentionTile(b.attention[layer], head, all, all);
      for (std::size_t i = 0; i < x.size(); ++i) worst = std::max(worst, std::abs(static_cast<double>(x[i]) - y[i]));
    }
  return worst;
}

TEST(Replay, MakesTheSameRunAgain) {
  session::Session engine;
  const auto live = liveRun(engine);
  ASSERT_TRUE(live);
  const auto again = replayRun(replayRecipe(*live), 0);
  ASSERT_TRUE(again) << again.error().message();
  EXPECT_EQ((*again)->tokens.toVector(), live->tokens.toVector());
  EXPECT_EQ((*again)->promptTokens, live->promptTokens);
  const double worst = largestDifference(*live, **again);
  std::printf("replayed against live: largest difference of a cell %.2e (tolerance 1e-5)\n", worst);
  EXPECT_LT(worst, 1e-5);
}

TEST(Replay, AnotherCheckpointIsRefused) {
  session::Session engine;
  const auto live = liveRun(engine);
  ASSERT_TRUE(live);
  Json recipe = replayRecipe(*live);
  recipe["checkpoint"]["sha256"] = std::string(64, '0');
  const auto refused = replayRun(recipe, 0);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().what.find("SHA-256"), std::string::npos);
}

TEST(Replay, AMalformedRecipeIsASentence) {
  EXPECT_FALSE(replayRun(Json::object(), 0));
  EXPECT_FALSE(replayRun({{"format", "orrery-run"}, {"tokens", "x"}}, 0));
}

} // namespace
} // namespace orrery::app
