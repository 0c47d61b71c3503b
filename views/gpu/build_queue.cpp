// SPDX-License-Identifier: MIT
#include "views/gpu/build_queue.h"

#include <mutex>
#include <optional>

namespace orrery::gpu {

namespace {
struct Job {
  const views::View* view = nullptr;
  views::Request request;
};
} // namespace

struct BuildQueue::State {
  explicit State(ThreadPool& tasks) : pool(tasks) {}
  ThreadPool& pool;
  std::mutex mutex;
  QObject* receiver = nullptr; // guarded by mutex; null once the canvas is gone
  Answer answer;               // called on the GUI thread
  std::optional<Job> waiting;  // guarded by mutex
  std::stop_source stop;       // guarded by mutex; of the build that runs
  bool running = false;        // guarded by mutex
};

BuildQueue::BuildQueue(ThreadPool& pool, QObject* receiver, Answer answer) : m_state(std::make_shared<State>(pool)) {
  m_state->receiver = receiver;
  m_state->answer = std::move(answer);
}

BuildQueue::~BuildQueue() {
  std::lock_guard lock(m_state->mutex);
  m_state->receiver = nullptr;
  m_state->waiting.reset();
  m_state->stop.request_stop();
}

void BuildQueue::cancel() {
  std::lock_guard lock(m_state->mutex);
  m_state->waiting.reset();
  m_state->stop.request_stop();
}

bool BuildQueue::busy() const {
  std::lock_guard lock(m_state->mutex);
  return m_state->running || m_state->waiting.has_value();
}

void BuildQueue::request(const views::View* view, views::Request request) {
  std::lock_guard lock(m_state->mutex);
  m_state->waiting = Job{view, std::move(request)};
  if (m_state->running) return;
  m_state->running = true;
  m_state->pool.post([state = m_state] { run(state); });
}

void BuildQueue::run(const std::shared_ptr<State>& state) {
  Job job;
  std::stop_token stop;
  {
    std::lock_guard lock(state->mutex);
    if (!state->waiting) {
      state->running = false;
      return;
    }
    job = std::move(*state->waiting);
    state->waiting.reset();
    state->stop = std::stop_source();
    stop = state->stop.get_token();
  }
  Result<views::Built> built = job.view->build(job.request, stop);
  std::lock_guard lock(state->mutex);
  if (state->receiver) {
    // shared_ptr because a queued functor has to be copyable, and a Built may be large
    auto shared = std::make_shared<Result<views::Built>>(std::move(built));
    QMetaObject::invokeMethod(
        state->receiver, [state, id = job.request.id, shared] { state->answer(id, std::move(*shared)); },
        Qt::QueuedConnection);
  }
  state->running = state->waiting.has_value() && state->receiver != nullptr;
  if (state->running) state->pool.post([state] { run(state); }); // behind the other canvases: nobody starves
}

} // namespace orrery::gpu
