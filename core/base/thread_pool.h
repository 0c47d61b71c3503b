// SPDX-License-Identifier: MIT
// A fixed set of worker threads for pure functions (View::build, tiles, statistics).
#pragma once
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace orrery {

class ThreadPool {
public:
  explicit ThreadPool(std::size_t threads);
  ~ThreadPool(); // drops what has not begun, waits for what runs
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  std::size_t threads() const { return m_threads.size(); }
  // Any thread. Tasks must not throw.
  void post(std::function<void()> task);
  // Waits until nothing is queued and nothing runs. Not from a worker.
  void drain();

private:
  void work();

  std::mutex m_mutex;
  std::condition_variable m_wake, m_idle;
  std::deque<std::function<void()>> m_tasks; // guarded by m_mutex
  std::size_t m_running = 0;                 // guarded by m_mutex
  bool m_stop = false;                       // guarded by m_mutex
  std::vector<std::thread> m_threads;
};

} // namespace orrery
