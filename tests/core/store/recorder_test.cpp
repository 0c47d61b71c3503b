// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include "core/hooks/overview.h"
#include "core/store/recorder.h"
#include "run_pieces.h"

namespace orrery::store {
namespace {

using hooks::HookKind;

TEST(Chunked, CopiesKeepWhatTheySawWhileTheOwnerAppendsAndCuts) {
  Chunked<int> values;
  std::vector<std::pair<Chunked<int>, std::vector<int>>> copies;
  std::vector<int> truth;
  for (int step = 0; step < 3000; ++step) {
    if (step % 97 == 96) {
      const std::size_t keep = truth.size() - std::min<std::size_t>(truth.size(), static_cast<std::size_t>(step % 300));
      values.truncate(keep);
      truth.resize(keep);
    }
    values.push_back(step);
    truth.push_back(step);
    if (step % 50 == 0) copies.emplace_back(values, truth);
    if (step % 701 == 700) { // go on from an old copy: a branch
      values = copies[copies.size() / 2].first;
      truth = copies[copies.size() / 2].second;
    }
  }
  for (const auto& [copy, expected] : copies) EXPECT_EQ(copy.toVector(), expected);
  EXPECT_EQ(values.toVector(), truth);
}

// A recorder that has seen `tokens` positions, one at a time.
void record(Recorder& recorder, std::int64_t from, std::int64_t to) {
  for (std::int64_t t = from; t < to; ++t) {
    recorder.addToken(static_cast<std::int32_t>(t * 3), "p" + std::to_string(t));
    for (int layer = 0; layer < 2; ++layer) {
      auto attention = testkit::recordOf<double>(layer, t + 1);
      attention.overview = *hooks::overviewOf(attention, 4);
      recorder.onAttention(layer, attention);
    }
    recorder.onTensor({HookKind::ResidPost, 1}, t, testkit::residual<double>(1, t, 1));
    recorder.onTensor({HookKind::Pattern, 0}, t, testkit::pattern<double>(0, t, 1));
    recorder.addScore(testkit::scoreAt(t));
  }
}

void expectSame(const Snapshot& a, const Snapshot& b) {
  EXPECT_EQ(a.tokens.toVector(), b.tokens.toVector());
  EXPECT_EQ(a.pieces.toVector(), b.pieces.toVector());
  EXPECT_EQ(a.scores.size(), b.scores.size());
  ASSERT_EQ(a.attention.size(), b.attention.size());
  for (std::size_t l = 0; l < a.attention.size(); ++l) {
    const auto &x = a.attention[l], &y = b.attention[l];
    EXPECT_EQ(x.tokens, y.tokens);
    for (const auto& [p, q] :
         {std::pair{&x.q, &y.q}, std::pair{&x.k, &y.k}, std::pair{&x.v, &y.v}, std::pair{&x.lse, &y.lse}}) {
      EXPECT_EQ(p->shape, q->shape);
      EXPECT_EQ(toDoubles(*p), toDoubles(*q));
    }
    ASSERT_EQ(x.overview.side(), y.overview.side());
    for (std::int64_t h = 0; h < x.heads; ++h) {
      EXPECT_EQ(x.overview.meanMap(h), y.overview.meanMap(h));
      EXPECT_EQ(x.overview.maxMap(h), y.overview.maxMap(h));
    }
  }
  for (const char* name : {"blocks.1.hook_resid_post", "blocks.0.attn.hook_pattern"}) {
    const auto x = gatherHook(a, name), y = gatherHook(b, name);
    ASSERT_TRUE(x.ok() && y.ok());
    EXPECT_EQ(x->shape, y->shape);
    EXPECT_EQ(toDoubles(*x), toDoubles(*y));
  }
}

TEST(Recorder, ACutRunEqualsARunThatNeverWentFurther) {
  for (const std::int64_t length : {1, 5, 8, 11}) {
    Recorder cut, fresh;
    record(cut, 0, 12);
    const SnapshotPtr before = cut.publish();
    cut.truncate(length);
    record(fresh, 0, length);
    expectSame(*cut.publish(), *fresh.publish());
    record(cut, length, 14);
    record(fresh, length, 14);
    expectSame(*cut.publish(), *fresh.publish());
    Recorder whole;
    record(whole, 0, 12);
    expectSame(*before, *whole.publish()); // the older snapshot saw nothing of it
  }
}

// One piece of eight positions, cut through: the views shrink, nothing is copied.
TEST(Recorder, CutsThroughAPiece) {
  Recorder recorder;
  for (int t = 0; t < 8; ++t) recorder.addToken(t, "");
  recorder.onTensor({HookKind::ResidPost, 1}, 0, testkit::residual<float>(1, 0, 8));
  recorder.onTensor({HookKind::Pattern, 0}, 0, testkit::pattern<float>(0, 0, 8));
  recorder.truncate(3);
  const SnapshotPtr snapshot = recorder.publish();
  EXPECT_EQ(toFloats(*gatherHook(*snapshot, "blocks.1.hook_resid_post")), toFloats(testkit::residual<float>(1, 0, 3)));
  const auto pattern = gatherHook(*snapshot, "blocks.0.attn.hook_pattern");
  ASSERT_EQ(pattern->shape, (Shape{1, 4, 3, 3}));
  EXPECT_EQ(toFloats(*pattern), toFloats(testkit::pattern<float>(0, 0, 3)));
}

TEST(Recorder, CutToNothingAndBranch) {
  Recorder recorder;
  recorder.begin(7, std::make_shared<const RunInfo>(testkit::runInfo()));
  recorder.addPrompt(std::vector<std::int32_t>{1, 2, 3}, std::vector<std::string>{"a", "b", "c"});
  record(recorder, 3, 6);
  const SnapshotPtr first = recorder.publish();
  EXPECT_EQ(first->promptTokens, 3);
  recorder.branch(8, *first, 2);
  const SnapshotPtr second = recorder.publish();
  EXPECT_EQ(second->run, 8U);
  EXPECT_GT(second->revision, first->revision);
  EXPECT_EQ(second->promptTokens, 2);
  EXPECT_EQ(second->pieces.toVector(), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(second->info, first->info);
  recorder.truncate(0);
  const SnapshotPtr third = recorder.publish();
  EXPECT_EQ(third->length(), 0);
  EXPECT_TRUE(third->attention.empty() && third->hooks.empty() && third->scores.empty());
  EXPECT_EQ(first->length(), 6);
}

} // namespace
} // namespace orrery::store
