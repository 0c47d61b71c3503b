// SPDX-License-Identifier: MIT
#include "core/session/job.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

namespace orrery::session {

struct Job::Shared {
  mutable std::mutex mutex;
  mutable std::condition_variable over;
  JobInfo info;           // guarded by mutex
  Status result = Done{}; // guarded by mutex; valid once info.over()
  std::stop_source stop;
};

void Job::cancel() {
  if (m_shared) m_shared->stop.request_stop();
}

JobInfo Job::info() const {
  if (!m_shared) return {};
  std::lock_guard lock(m_shared->mutex);
  return m_shared->info;
}

Status Job::wait() const {
  if (!m_shared) return Error{Code::Internal, "no job", {}, {}};
  std::unique_lock lock(m_shared->mutex);
  m_shared->over.wait(lock, [this] { return m_shared->info.over(); });
  return m_shared->result;
}

namespace {

constexpr std::size_t kKeptJobs = 50;

struct Task {
  std::shared_ptr<Job::Shared> job;
  JobRunner::Work work;
};

Status callGuarded(const JobRunner::Work& work, const JobContext& context) {
  try {
    return work(context);
  } catch (const std::bad_alloc&) {
    return tooLarge("out of memory");
  } catch (const std::exception& e) {
    return Error{Code::Internal, e.what(), {}, {}};
  }
}

JobState finalState(const Status& result) {
  if (result) return JobState::Done;
  return result.error().code == Code::Cancelled ? JobState::Cancelled : JobState::Failed;
}

} // namespace

struct JobRunner::Impl {
  std::function<void()> changed;
  mutable std::mutex mutex;
  std::condition_variable wake;
  std::deque<Task> queue;                         // guarded by mutex
  std::deque<std::shared_ptr<Job::Shared>> known; // guarded by mutex
  std::uint64_t nextId = 1;                       // guarded by mutex
  bool closing = false;                           // guarded by mutex
  bool running = false;                           // guarded by mutex
  std::thread thread;

  void loop() {
    std::unique_lock lock(mutex);
    while (true) {
      wake.wait(lock, [this] { return closing || !queue.empty(); });
      if (queue.empty()) return;
      Task task = std::move(queue.front());
      queue.pop_front();
      running = true;
      lock.unlock();
      execute(task);
      task = {};
      lock.lock();
      running = false;
      lock.unlock();
      changed();
      lock.lock();
    }
  }

  void execute(const Task& task) {
    if (task.job->stop.stop_requested()) return finish(*task.job, cancelled());
    {
      std::lock_guard lock(task.job->mutex);
      task.job->info.state = JobState::Running;
    }
    changed();
    const auto report = [this, &task](double fraction, double secondsLeft, std::string detail) {
      {
        std::lock_guard lock(task.job->mutex);
        task.job->info.fraction = fraction;
        task.job->info.secondsLeft = secondsLeft;
        task.job->info.detail = std::move(detail);
      }
      changed();
    };
    finish(*task.job, callGuarded(task.work, JobContext(task.job->stop.get_token(), report)));
  }

  void finish(Job::Shared& job, Status result) {
    {
      std::lock_guard lock(job.mutex);
      job.info.state = finalState(result);
      if (job.info.state == JobState::Failed) job.info.error = result.error();
      if (job.info.state == JobState::Done) job.info.fraction = 1;
      job.result = std::move(result);
    }
    job.over.notify_all();
    changed();
  }
};

JobRunner::JobRunner(std::function<void()> changed) : m_impl(std::make_unique<Impl>()) {
  m_impl->changed = std::move(changed);
  m_impl->thread = std::thread([this] { m_impl->loop(); });
}

JobRunner::~JobRunner() {
  {
    std::lock_guard lock(m_impl->mutex);
    m_impl->closing = true;
    for (const auto& job : m_impl->known) job->stop.request_stop();
  }
  m_impl->wake.notify_all();
  m_impl->thread.join();
}

Job JobRunner::post(std::string title, Work work, bool background) {
  auto shared = std::make_shared<Job::Shared>();
  shared->info.title = std::move(title);
  shared->info.background = background;
  {
    std::lock_guard lock(m_impl->mutex);
    shared->info.id = m_impl->nextId++;
    m_impl->queue.push_back({shared, std::move(work)});
    m_impl->known.push_back(shared);
    const auto over = [](const auto& job) {
      std::lock_guard jobLock(job->mutex);
      return job->info.over();
    };
    while (m_impl->known.size() > kKeptJobs && over(m_impl->known.front())) m_impl->known.pop_front();
  }
  m_impl->wake.notify_one();
  m_impl->changed();
  return Job(shared);
}

std::vector<JobInfo> JobRunner::jobs() const {
  std::lock_guard lock(m_impl->mutex);
  std::vector<JobInfo> all;
  for (const auto& job : m_impl->known) all.push_back(Job(job).info());
  return all;
}

bool JobRunner::busy() const {
  std::lock_guard lock(m_impl->mutex);
  return m_impl->running || !m_impl->queue.empty();
}

} // namespace orrery::session
