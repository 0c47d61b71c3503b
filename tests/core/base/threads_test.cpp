// SPDX-License-Identifier: MIT
// The queue loses nothing and keeps its bound; the pool runs each task once. Meant to run under ThreadSanitizer too.
#include <atomic>
#include <chrono>
#include <gtest/gtest.h>
#include <memory>
#include <numeric>
#include <thread>

#include "core/base/bounded_queue.h"
#include "core/base/thread_pool.h"

namespace orrery {
namespace {

using namespace std::chrono_literals;

TEST(BoundedQueue, EveryItemArrivesOnceAndInOrderPerProducer) {
  constexpr int kItems = 2000, kProducers = 3;
  BoundedQueue<std::pair<int, int>> queue(64);
  std::vector<std::thread> producers;
  for (int p = 0; p < kProducers; ++p)
    producers.emplace_back([&, p] {
      for (int i = 0; i < kItems; ++i) ASSERT_TRUE(queue.push({p, i}, 16));
    });
  std::vector<int> next(kProducers, 0);
  for (int n = 0; n < kItems * kProducers; ++n) {
    const auto item = queue.pop();
    ASSERT_TRUE(item);
    EXPECT_EQ(item->second, next[static_cast<std::size_t>(item->first)]++);
  }
  for (std::thread& producer : producers) producer.join();
  queue.close();
  EXPECT_FALSE(queue.pop());
}

TEST(BoundedQueue, ProducerWaitsAtTheBound) {
  BoundedQueue<int> queue(10);
  ASSERT_TRUE(queue.push(1, 6));
  ASSERT_TRUE(queue.push(2, 4));
  std::atomic<bool> through = false;
  std::thread producer([&] {
    EXPECT_TRUE(queue.push(3, 5));
    through = true;
  });
  std::this_thread::sleep_for(30ms);
  EXPECT_FALSE(through);
  EXPECT_EQ(*queue.pop(), 1);
  producer.join();
  EXPECT_TRUE(through);
}

TEST(BoundedQueue, AnItemAboveTheBoundPassesWhenEmpty) {
  BoundedQueue<int> queue(10);
  EXPECT_TRUE(queue.push(1, 1000));
  EXPECT_EQ(*queue.pop(), 1);
}

TEST(BoundedQueue, CloseWakesBothSidesAndDrains) {
  BoundedQueue<int> queue(1);
  ASSERT_TRUE(queue.push(1, 1));
  std::thread blocked([&] { EXPECT_FALSE(queue.push(2, 1)); });
  std::this_thread::sleep_for(10ms);
  queue.close();
  blocked.join();
  EXPECT_EQ(*queue.pop(), 1);
  EXPECT_FALSE(queue.pop());
  EXPECT_FALSE(queue.push(3, 1));
  BoundedQueue<int> empty(1);
  std::thread waiting([&] { EXPECT_FALSE(empty.pop()); });
  std::this_thread::sleep_for(10ms);
  empty.close();
  waiting.join();
}

TEST(ThreadPool, RunsEveryTaskOnce) {
  std::vector<std::atomic<int>> runs(1000);
  ThreadPool pool(4);
  for (auto& run : runs) pool.post([&run] { ++run; });
  pool.drain();
  for (const auto& run : runs) EXPECT_EQ(run, 1);
}

TEST(ThreadPool, TasksMayPostTasksAndDrainWaitsForThem) {
  std::atomic<int> count = 0;
  ThreadPool pool(2);
  pool.post([&] {
    std::this_thread::sleep_for(5ms);
    for (int i = 0; i < 10; ++i) pool.post([&] { ++count; });
  });
  pool.drain();
  EXPECT_EQ(count, 10);
}

TEST(ThreadPool, DestructorWaitsForWhatRunsAndDropsTheRest) {
  std::atomic<int> finished = 0;
  std::atomic<bool> started = false;
  {
    ThreadPool pool(1);
    pool.post([&] {
      started = true;
      std::this_thread::sleep_for(20ms);
      ++finished;
    });
    while (!started) std::this_thread::yield();
    for (int i = 0; i < 100; ++i) pool.post([&] { ++finished; });
  }
  EXPECT_EQ(finished, 1);
}

TEST(ThreadPool, DrainOfAnIdlePoolReturnsAtOnceAndZeroThreadsMeansOne) {
  ThreadPool pool(0);
  pool.drain();
  int value = 0;
  pool.post([&] { value = 1; });
  pool.drain();
  EXPECT_EQ(value, 1);
}

} // namespace
} // namespace orrery
