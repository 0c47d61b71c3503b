// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <stdexcept>
#include <thread>

#include "core/session/job.h"

namespace orrery::session {
namespace {

using namespace std::chrono_literals;

TEST(JobRunner, RunsInOrderAndReports) {
  std::atomic<int> changes{0};
  JobRunner runner([&] { ++changes; });
  std::vector<int> order;
  Job first = runner.post("first", [&](const JobContext& job) -> Status {
    order.push_back(1);
    job.report(0.5, 2, "half");
    return Done{};
  });
  Job second = runner.post("second", [&](const JobContext&) -> Status {
    order.push_back(2);
    return badInput("no");
  });
  EXPECT_TRUE(first.wait());
  EXPECT_FALSE(second.wait());
  EXPECT_EQ(order, (std::vector<int>{1, 2}));
  EXPECT_EQ(first.info().state, JobState::Done);
  EXPECT_EQ(first.info().detail, "half");
  EXPECT_EQ(second.info().error->what, "no");
  EXPECT_GT(changes, 3);
}

TEST(JobRunner, AQueuedJobThatIsCancelledNeverBegins) {
  JobRunner runner([] {});
  std::atomic<bool> release{false}, began{false};
  Job slow = runner.post("slow", [&](const JobContext&) -> Status {
    while (!release) std::this_thread::sleep_for(1ms);
    return Done{};
  });
  Job never = runner.post("never", [&](const JobContext&) -> Status {
    began = true;
    return Done{};
  });
  never.cancel();
  release = true;
  EXPECT_TRUE(slow.wait());
  EXPECT_FALSE(never.wait());
  EXPECT_EQ(never.info().state, JobState::Cancelled);
  EXPECT_FALSE(began);
}

TEST(JobRunner, ARunningJobStopsAtItsNextCheck) {
  JobRunner runner([] {});
  Job job = runner.post("long", [](const JobContext& context) -> Status {
    while (!context.stop().stop_requested()) std::this_thread::sleep_for(1ms);
    return cancelled();
  });
  job.cancel();
  EXPECT_FALSE(job.wait());
  EXPECT_EQ(job.info().state, JobState::Cancelled);
}

TEST(JobRunner, AnExceptionBecomesASentence) {
  JobRunner runner([] {});
  Job job =
      runner.post("throws", [](const JobContext&) -> Status { throw std::runtime_error("tensor size mismatch"); });
  EXPECT_FALSE(job.wait());
  EXPECT_EQ(job.info().error->what, "tensor size mismatch");
}

TEST(JobRunner, DestructionCancelsAndWaits) {
  std::atomic<bool> over{false};
  {
    JobRunner runner([] {});
    runner.post("long", [&](const JobContext& context) -> Status {
      while (!context.stop().stop_requested()) std::this_thread::sleep_for(1ms);
      over = true;
      return cancelled();
    });
    std::this_thread::sleep_for(20ms);
  }
  EXPECT_TRUE(over);
}

} // namespace
} // namespace orrery::session
