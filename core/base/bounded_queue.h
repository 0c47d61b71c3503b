// SPDX-License-Identifier: MIT
// BoundedQueue: lossless hand-over between two threads, bounded in bytes; the producer waits.
#pragma once
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>

namespace orrery {

template <class T> class BoundedQueue {
public:
  explicit BoundedQueue(std::size_t maxBytes) : m_maxBytes(maxBytes) {}

  // Waits while the queue holds maxBytes or more (one item larger than the bound still passes when it is empty).
  // False once the queue is closed: the item was not taken.
  bool push(T item, std::size_t bytes) {
    std::unique_lock lock(m_mutex);
    m_notFull.wait(lock, [&] { return m_closed || m_bytes == 0 || m_bytes + bytes <= m_maxBytes; });
    if (m_closed) return false;
    m_items.emplace_back(std::move(item), bytes);
    m_bytes += bytes;
    m_notEmpty.notify_one();
    return true;
  }

  // Waits for an item; nullopt when the queue is closed and drained.
  std::optional<T> pop() {
    std::unique_lock lock(m_mutex);
    m_notEmpty.wait(lock, [&] { return m_closed || !m_items.empty(); });
    if (m_items.empty()) return std::nullopt;
    auto [item, bytes] = std::move(m_items.front());
    m_items.pop_front();
    m_bytes -= bytes;
    m_notFull.notify_all();
    return std::optional<T>(std::move(item));
  }

  void close() {
    std::lock_guard lock(m_mutex);
    m_closed = true;
    m_notEmpty.notify_all();
    m_notFull.notify_all();
  }

private:
  const std::size_t m_maxBytes;
  std::mutex m_mutex;
  std::condition_variable m_notEmpty, m_notFull;
  std::deque<std::pair<T, std::size_t>> m_items; // guarded by m_mutex
  std::size_t m_bytes = 0;                       // guarded by m_mutex
  bool m_closed = false;                         // guarded by m_mutex
};

} // namespace orrery
