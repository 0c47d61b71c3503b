// SPDX-License-Identifier: MIT
// The State that everybody reads: changed under a lock, handed out as an immutable object.
#pragma once
#include <functional>
#include <memory>
#include <mutex>

#include "core/session/session.h"

namespace orrery::session {

class StateBoard {
public:
  void setListener(std::function<void()> changed) {
    std::lock_guard lock(m_listenerMutex);
    m_changed = std::move(changed);
  }

  template <class Change> void update(Change change) {
    {
      std::lock_guard lock(m_mutex);
      auto next = std::make_shared<State>(*m_state);
      change(*next);
      ++next->revision;
      m_state = std::move(next);
    }
    notify();
  }

  std::shared_ptr<const State> get() const {
    std::lock_guard lock(m_mutex);
    return m_state;
  }

  void notify() const {
    std::lock_guard lock(m_listenerMutex);
    if (m_changed) m_changed();
  }

private:
  mutable std::mutex m_mutex;
  std::shared_ptr<const State> m_state = std::make_shared<State>(); // guarded by m_mutex
  mutable std::mutex m_listenerMutex;
  std::function<void()> m_changed; // guarded by m_listenerMutex
};

} // namespace orrery::session
