// SPDX-License-Identifier: MIT
// The window's end of the Session: at most every 33 ms it reads state() and snapshot() and tells what is new.
// GUI thread, except the listener inside.
#pragma once
#include <QElapsedTimer>
#include <QObject>
#include <QTimer>
#include <atomic>
#include <map>
#include <memory>

#include "core/session/session.h"

namespace orrery::app {

class SessionLink : public QObject {
  Q_OBJECT
public:
  explicit SessionLink(QObject* parent = nullptr);
  ~SessionLink() override;

  session::Session& engine() { return m_session; }
  const session::State& state() const { return *m_state; } // as last read
  const store::SnapshotPtr& snapshot() const { return m_snapshot; }
  const std::shared_ptr<const session::ModelInfo>& model() const { return m_state->model; }
  std::int64_t length() const { return m_snapshot ? m_snapshot->length() : 0; } // tokens of the run
  bool busy() const; // a job that somebody waits for runs or waits

  // Keeps the handle, so that the log can cancel it.
  void follow(const session::Job& job);
  void cancel(std::uint64_t job);
  void cancelAll();

Q_SIGNALS:
  void stateChanged();
  void modelChanged();   // another model, or more is known of this one
  void weightsChanged(); // of another checkpoint, or compared with others
  void snapshotChanged();
  void jobEnded(const orrery::session::JobInfo& job);

private:
  void wake();
  void read();
  void reportEnded();

  std::shared_ptr<const session::State> m_state = std::make_shared<session::State>();
  store::SnapshotPtr m_snapshot;
  std::map<std::uint64_t, session::Job> m_jobs; // not over when last read
  QTimer m_timer;
  QElapsedTimer m_sinceRead;
  std::atomic<bool> m_pending{false};
  session::Session m_session; // last: its threads end before the rest goes
};

} // namespace orrery::app
