// SPDX-License-Identifier: MIT
#include <atomic>
#include <gtest/gtest.h>
#include <random>
#include <thread>

#include "core/store/store.h"
#include "run_pieces.h"

namespace orrery::store {
namespace {

// A sink that fails at a chosen write and counts what it was given.
struct Log {
  std::vector<std::int64_t> lengths;
  int finished = 0, destroyed = 0;
};
class LoggingSink final : public SnapshotSink {
public:
  LoggingSink(Log& log, int failAt) : m_log(log), m_failAt(failAt) {}
  ~LoggingSink() override { ++m_log.destroyed; }
  Status write(const Snapshot& snapshot) override {
    m_log.lengths.push_back(snapshot.length());
    if (--m_failAt == 0) return ioError("no space left on device", "t.h5");
    return Done{};
  }
  Status finish(const Snapshot&) override {
    ++m_log.finished;
    return Done{};
  }

private:
  Log& m_log;
  int m_failAt;
};

void token(Store& store, std::int64_t t) {
  store.addToken(static_cast<std::int32_t>(t), std::to_string(t));
  store.onTensor({hooks::HookKind::ResidPost, 0}, t, testkit::residual<float>(0, t, 1));
  store.addScores({testkit::scoreAt(t)});
  store.commit();
}

TEST(Store, WhatWasPushedIsVisibleAfterFlush) {
  Store store;
  EXPECT_EQ(store.snapshot(), nullptr);
  std::atomic<int> told{0};
  store.setListener([&] { ++told; });
  const std::uint64_t run = store.beginRun(testkit::runInfo(), {5, 6}, {"five", "six"});
  for (int t = 2; t < 10; ++t) token(store, t);
  store.addToken(99, "not committed");
  store.flush();
  const SnapshotPtr snapshot = store.snapshot();
  ASSERT_TRUE(snapshot);
  EXPECT_EQ(snapshot->run, run);
  EXPECT_EQ(snapshot->length(), 11);
  EXPECT_EQ(snapshot->promptTokens, 2);
  EXPECT_EQ(snapshot->scores.size(), 8U);
  EXPECT_GE(told.load(), 10);
  EXPECT_EQ(store.snapshot(run), snapshot);
  EXPECT_EQ(store.snapshot(run + 1), nullptr);
}

TEST(Store, BranchesStayReadable) {
  Store store;
  const auto first = store.beginRun(testkit::runInfo(), {0, 1, 2}, {"a", "b", "c"});
  for (int t = 3; t < 6; ++t) token(store, t);
  const auto second = store.branchRun(first, 4);
  token(store, 4);
  const auto third = store.branchRun(first, 5);
  store.cut(2);
  store.flush();
  EXPECT_EQ(store.runs(), (std::vector<std::uint64_t>{first, second, third}));
  EXPECT_EQ(store.snapshot(first)->length(), 6);
  EXPECT_EQ(store.snapshot(second)->length(), 5);
  EXPECT_EQ(store.snapshot(third)->length(), 2);
  EXPECT_EQ(store.snapshot()->run, third);
  const auto shown = store.show(store.snapshot(second));
  store.flush();
  EXPECT_EQ(store.snapshot()->run, shown);
  EXPECT_EQ(store.snapshot()->tokens.toVector(), store.snapshot(second)->tokens.toVector());
  EXPECT_GT(store.snapshot()->revision, store.snapshot(third)->revision);
  store.clear();
  store.flush();
  EXPECT_EQ(store.snapshot(), nullptr);
  EXPECT_TRUE(store.runs().empty());
}

TEST(Store, TheSinkSeesEverySnapshotInOrderAndIsFinishedOnce) {
  Log log;
  Store store;
  store.beginRun(testkit::runInfo(), {0, 1}, {"a", "b"});
  store.attach(std::make_unique<LoggingSink>(log, 0));
  token(store, 2);
  store.cut(1);
  token(store, 1);
  EXPECT_TRUE(store.finishSink().get().ok());
  EXPECT_EQ(log.lengths, (std::vector<std::int64_t>{2, 3, 1, 2}));
  EXPECT_EQ(log.finished, 1);
  EXPECT_EQ(log.destroyed, 1);
  token(store, 2);
  store.flush();
  EXPECT_EQ(log.lengths.size(), 4U);
}

TEST(Store, AFailingSinkStopsNothingElse) {
  Log log;
  Store store;
  store.beginRun(testkit::runInfo(), {0, 1}, {"a", "b"});
  store.attach(std::make_unique<LoggingSink>(log, 3));
  for (int t = 2; t < 9; ++t) token(store, t);
  store.flush();
  EXPECT_EQ(store.snapshot()->length(), 9);
  EXPECT_EQ(log.lengths.size(), 3U);
  EXPECT_EQ(log.destroyed, 1);
  ASSERT_TRUE(store.sinkError());
  EXPECT_EQ(store.sinkError()->message(), "t.h5: no space left on device");
  const Status status = store.finishSink().get();
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, Code::Io);
  EXPECT_EQ(log.finished, 0);
}

TEST(Store, ASinkThatIsNotFinishedIsDroppedWithTheStore) {
  Log log;
  {
    Store store;
    store.beginRun(testkit::runInfo(), {0}, {"a"});
    store.attach(std::make_unique<LoggingSink>(log, 0));
    token(store, 1);
  }
  EXPECT_EQ(log.finished, 0);
  EXPECT_EQ(log.destroyed, 1);
}

// Sum over everything a snapshot shows; reading it touches every token, score and hook value.
double digest(const Snapshot& snapshot) {
  double sum = static_cast<double>(snapshot.revision);
  for (std::size_t i = 0; i < snapshot.tokens.size(); ++i)
    sum += static_cast<double>(i + 1) * snapshot.tokens[i] + static_cast<double>(snapshot.pieces[i].size());
  for (std::size_t i = 0; i < snapshot.scores.size(); ++i) sum += static_cast<double>(snapshot.scores[i].entropy);
  for (const auto& [name, channel] : snapshot.hooks)
    if (!channel.blocks.empty())
      if (const auto values = gatherHook(snapshot, name))
        for (const double value : toDoubles(*values)) sum += value;
  return sum;
}

// One writer appends, cuts and branches through a queue that is nearly always full; readers keep snapshots and check
// later that they still say the same.
TEST(Store, SnapshotsStayWhatTheyWereWhileTheRunGoesOn) {
  Store store(4096);
  store.beginRun(testkit::runInfo(), {0}, {"0"});
  std::atomic<bool> stop{false};
  std::atomic<int> checked{0}, changed{0};
  const auto read = [&] {
    std::vector<std::pair<SnapshotPtr, double>> kept;
    while (!stop) {
      if (const SnapshotPtr snapshot = store.snapshot()) kept.emplace_back(snapshot, digest(*snapshot));
      if (kept.size() > 20) kept.erase(kept.begin());
      for (const auto& [snapshot, sum] : kept) {
        changed += digest(*snapshot) != sum;
        ++checked;
      }
    }
  };
  std::thread a(read), b(read);
  std::mt19937 random(3);
  std::int64_t length = 1;
  for (int step = 0; step < 1500; ++step) {
    if (step % 40 == 39) {
      length = static_cast<std::int64_t>(random() % static_cast<unsigned>(length)) + 1;
      if (step % 80 == 79)
        store.branchRun(store.runs().back(), length);
      else
        store.cut(length);
      store.flush();
      length = store.snapshot()->length();
    }
    token(store, length++);
  }
  store.flush();
  stop = true;
  a.join();
  b.join();
  EXPECT_EQ(store.snapshot()->length(), length);
  EXPECT_EQ(changed.load(), 0);
  EXPECT_GT(checked.load(), 0);
  std::printf("%d snapshots read again, %d changed\n", checked.load(), changed.load());
}

} // namespace
} // namespace orrery::store
