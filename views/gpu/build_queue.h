// SPDX-License-Identifier: MIT
// Requests of one canvas to View::build: one at a time on the pool, of the waiting ones only the newest is kept.
// Answers (failures too) come back on the GUI thread. A running build is stopped only when the picture it makes is no
// longer wanted (another view, other parameters): stopping it for every new token would never finish one.
#pragma once
#include <QObject>
#include <functional>
#include <memory>

#include "core/base/thread_pool.h"
#include "views/api/view.h"

namespace orrery::gpu {

class BuildQueue {
public:
  using Answer = std::function<void(std::uint64_t id, Result<views::Built> built)>;

  // `receiver` lives on the GUI thread; `answer` is called there. The pool outlives the queue.
  BuildQueue(ThreadPool& pool, QObject* receiver, Answer answer);
  ~BuildQueue(); // stops what runs, does not wait; no answer comes any more

  // `view` outlives the pool's tasks (views of the registry live as long as the program).
  void request(const views::View* view, views::Request request);
  void cancel(); // stops what runs, forgets what waits; its answer still comes, as Cancelled
  bool busy() const;

private:
  struct State;
  static void run(const std::shared_ptr<State>& state);
  std::shared_ptr<State> m_state;
};

} // namespace orrery::gpu
