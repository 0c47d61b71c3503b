// SPDX-License-Identifier: MIT
// What one can do with a run: open, start, pause, step, step back, branch. Everything that changes the run goes on the
// undo stack. GUI thread; every call returns at once.
#pragma once
#include <QObject>
#include <QString>
#include <QTimer>
#include <QUndoStack>
#include <vector>

#include "app/window/session_link.h"

namespace orrery::app {

struct Prompt {
  QString text;
  std::vector<std::int32_t> tokens; // used instead of the text if not empty (recipes)
  std::int64_t generate = 64;       // tokens after the prompt
  session::Sampler sampler{.stopAtEnd = true};
  int pace = 0; // tokens a second at most; 0: as fast as it goes
  friend bool operator==(const Prompt&, const Prompt&) = default;
};

class RunControl : public QObject {
  Q_OBJECT
public:
  RunControl(SessionLink& link, QUndoStack& undo, QObject* parent = nullptr);

  const Prompt& prompt() const { return m_prompt; }
  void setPrompt(const Prompt& prompt); // no run; the sampler holds from the next token on
  void editSampler(const session::Sampler& sampler, std::int64_t generate, int pace); // undoable
  session::RunSpec spec() const;

  void open(const QString& path, bool startWhenOpen = false);
  QString openPath() const { return m_path; }
  // Of the weights of models opened from now on.
  void setProcessing(const models::Processing& processing);
  const models::Processing& processing() const { return m_processing; }
  void reopen(); // the same model, and a new run if there was one

  void start(); // a new run with the prompt
  void goOn(std::int64_t tokens);
  void runOrPause();
  void step() { goOn(1); }
  void stepBack();
  void pause();
  void generate(std::int64_t tokens); // at the pace of the prompt; not undoable by itself
  void branch(std::int64_t length);   // shares the first `length` tokens
  void select(std::uint64_t run);
  void evict(std::vector<hooks::Eviction> evictions); // tries smaller caches on the run

  bool canRun() const; // a model that can be run is open
  bool hasRun() const; // a run that can go on exists
  bool isRunning() const { return m_link.state().running || m_pacing.isActive(); }

Q_SIGNALS:
  void promptChanged();
  void pacingChanged();
  void processingChanged();

private:
  void onJobEnded(const session::JobInfo& job);
  session::Job begin(session::RunSpec what);
  void pacedStep();
  bool atEnd();

  SessionLink& m_link;
  QUndoStack& m_undo;
  Prompt m_prompt;
  QString m_path, m_opening;
  models::Processing m_processing;
  std::uint64_t m_openJob = 0;
  bool m_startWhenOpen = false;
  QTimer m_pacing;
  std::int64_t m_paceLeft = 0;    // tokens still to come; kForever: until the context is full
  bool m_paceBegun = false;       // at least one of them came
  std::uint64_t m_pacedStart = 0; // job after which a paced answer begins
};

} // namespace orrery::app
