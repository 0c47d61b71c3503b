// SPDX-License-Identifier: MIT
#include "core/base/thread_pool.h"

#include <algorithm>

namespace orrery {

ThreadPool::ThreadPool(std::size_t threads) {
  for (std::size_t i = 0; i < std::max<std::size_t>(1, threads); ++i) m_threads.emplace_back([this] { work(); });
}

ThreadPool::~ThreadPool() {
  {
    std::lock_guard lock(m_mutex);
    m_stop = true;
    m_tasks.clear();
  }
  m_wake.notify_all();
  for (std::thread& thread : m_threads) thread.join();
}

void ThreadPool::post(std::function<void()> task) {
  {
    std::lock_guard lock(m_mutex);
    if (m_stop) return;
    m_tasks.push_back(std::move(task));
  }
  m_wake.notify_one();
}

void ThreadPool::drain() {
  std::unique_lock lock(m_mutex);
  m_idle.wait(lock, [this] { return m_tasks.empty() && m_running == 0; });
}

void ThreadPool::work() {
  std::unique_lock lock(m_mutex);
  while (true) {
    m_wake.wait(lock, [this] { return m_stop || !m_tasks.empty(); });
    if (m_tasks.empty()) return;
    std::function<void()> task = std::move(m_tasks.front());
    m_tasks.pop_front();
    ++m_running;
    lock.unlock();
    task();
    task = nullptr;
    lock.lock();
    if (--m_running == 0 && m_tasks.empty()) m_idle.notify_all();
  }
}

} // namespace orrery
