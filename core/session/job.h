// SPDX-License-Identifier: MIT
// Jobs: work on the one run thread, with progress, cancel and an error sentence.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "core/base/result.h"

namespace orrery::session {

enum class JobState { Queued, Running, Done, Failed, Cancelled };

struct JobInfo {
  std::uint64_t id = 0;
  std::string title;  // "Open models/bundled", "Generate 200 tokens"
  std::string detail; // "token 31 of 200, 45.2 tokens/s"
  JobState state = JobState::Queued;
  double fraction = -1; // 0..1; negative: unknown
  double secondsLeft = 0;
  std::optional<Error> error; // with Failed
  bool background = false;    // nobody waits for it

  bool over() const { return state != JobState::Queued && state != JobState::Running; }
};

// A handle; copies refer to the same job. Any thread.
class Job {
public:
  struct Shared;
  Job() = default;
  explicit Job(std::shared_ptr<Shared> shared) : m_shared(std::move(shared)) {}
  void cancel(); // a queued job does not begin; a running one stops at its next check
  JobInfo info() const;
  Status wait() const; // not on the GUI thread. Errors: the job's own, Cancelled

private:
  std::shared_ptr<Shared> m_shared;
};

// What the work of a job is given.
class JobContext {
public:
  JobContext(std::stop_token stop, std::function<void(double, double, std::string)> report)
      : m_stop(std::move(stop)), m_report(std::move(report)) {}
  const std::stop_token& stop() const { return m_stop; }
  void report(double fraction, double secondsLeft, std::string detail) const {
    m_report(fraction, secondsLeft, std::move(detail));
  }

private:
  std::stop_token m_stop;
  std::function<void(double, double, std::string)> m_report;
};

// The run thread. Jobs run one after the other in the order they were posted; an exception becomes an Error.
class JobRunner {
public:
  using Work = std::function<Status(const JobContext&)>;
  explicit JobRunner(std::function<void()> changed); // called on any thread when jobs() changed
  ~JobRunner();                                      // cancels all, waits for the running one
  JobRunner(const JobRunner&) = delete;
  JobRunner& operator=(const JobRunner&) = delete;

  Job post(std::string title, Work work, bool background = false);
  std::vector<JobInfo> jobs() const; // newest last; the last 50 finished ones stay
  bool busy() const;                 // something runs or is queued

private:
  struct Impl;
  std::unique_ptr<Impl> m_impl;
};

} // namespace orrery::session
