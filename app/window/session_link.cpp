// SPDX-License-Identifier: MIT
#include "app/window/session_link.h"

#include <algorithm>

namespace orrery::app {

constexpr int kReadMilliseconds = 33;

SessionLink::SessionLink(QObject* parent) : QObject(parent) {
  m_timer.setSingleShot(true);
  m_timer.setTimerType(Qt::PreciseTimer);
  connect(&m_timer, &QTimer::timeout, this, &SessionLink::read);
  m_sinceRead.start();
  m_session.setListener([this] {
    if (!m_pending.exchange(true)) QMetaObject::invokeMethod(this, &SessionLink::wake, Qt::QueuedConnection);
  });
}

SessionLink::~SessionLink() { m_session.setListener({}); }

void SessionLink::wake() {
  const auto since = m_sinceRead.elapsed();
  if (since >= kReadMilliseconds)
    read();
  else if (!m_timer.isActive())
    m_timer.start(kReadMilliseconds - static_cast<int>(since));
}

void SessionLink::read() {
  m_pending = false; // before reading: what changes from now on wakes us again
  m_sinceRead.restart();
  const auto before = std::exchange(m_state, m_session.state());
  const store::SnapshotPtr old = std::exchange(m_snapshot, m_session.snapshot());
  if (m_state->model != before->model) Q_EMIT modelChanged();
  if (m_state->weights != before->weights || m_state->series != before->series) Q_EMIT weightsChanged();
  if (m_snapshot != old) Q_EMIT snapshotChanged();
  if (m_state->revision != before->revision) Q_EMIT stateChanged();
  reportEnded();
}

void SessionLink::reportEnded() {
  std::vector<session::JobInfo> ended;
  for (auto job = m_jobs.begin(); job != m_jobs.end();) {
    const session::JobInfo info = job->second.info();
    if (info.over()) ended.push_back(info);
    job = info.over() ? m_jobs.erase(job) : std::next(job);
  }
  for (const session::JobInfo& info : ended) Q_EMIT jobEnded(info);
}

bool SessionLink::busy() const {
  return std::any_of(m_state->jobs.begin(), m_state->jobs.end(),
                     [](const auto& job) { return !job.over() && !job.background; });
}

void SessionLink::follow(const session::Job& job) {
  m_jobs[job.info().id] = job;
  wake();
}

void SessionLink::cancel(std::uint64_t job) {
  if (const auto found = m_jobs.find(job); found != m_jobs.end()) found->second.cancel();
}

void SessionLink::cancelAll() {
  for (auto& [id, job] : m_jobs) job.cancel();
}

} // namespace orrery::app
