// SPDX-License-Identifier: MIT
// Undo of what changes the run. The engine keeps older runs under their ids, so going back is choosing one of them; cut
// tokens are sent through the model again. GUI thread.
#pragma once
#include <QUndoCommand>
#include <vector>

#include "app/window/run_control.h"

namespace orrery::app {

// A new run (a start or a branch): undo shows the run from before, redo the new one again.
class NewRunCommand : public QUndoCommand {
public:
  using Begin = std::function<session::Job()>;
  NewRunCommand(const QString& text, RunControl& run, SessionLink& link, Begin begin);
  void undo() override;
  void redo() override;

private:
  RunControl& m_run;
  SessionLink& m_link;
  Begin m_begin;
  std::uint64_t m_before = 0, m_mine = 0; // ids of runs; 0: none yet
};

// Goes on for `tokens` more: undo cuts what came, redo sends it through again.
class GoOnCommand : public QUndoCommand {
public:
  GoOnCommand(RunControl& run, SessionLink& link, std::int64_t tokens);
  void undo() override;
  void redo() override;

private:
  RunControl& m_run;
  SessionLink& m_link;
  std::int64_t m_tokens, m_length; // m_length: of the run before
  std::vector<std::int32_t> m_tail;
  bool m_first = true;
};

// Forgets the last token: undo appends it again.
class StepBackCommand : public QUndoCommand {
public:
  StepBackCommand(RunControl& run, SessionLink& link);
  void undo() override;
  void redo() override;

private:
  RunControl& m_run;
  SessionLink& m_link;
  std::int64_t m_length; // of the run before
  std::int32_t m_token;
};

// Caches that forget, tried on the current run: undo shows the results of before again.
class EvictCommand : public QUndoCommand {
public:
  EvictCommand(SessionLink& link, std::vector<hooks::Eviction> evictions);
  void undo() override;
  void redo() override;

private:
  SessionLink& m_link;
  std::vector<hooks::Eviction> m_evictions;
  std::shared_ptr<const hooks::EvictionStudy> m_before, m_after;
};

// Sampler and number of tokens; edits that follow each other are one.
class PromptCommand : public QUndoCommand {
public:
  PromptCommand(RunControl& run, Prompt before, Prompt after);
  void undo() override { m_run.setPrompt(m_before); }
  void redo() override { m_run.setPrompt(m_after); }
  int id() const override { return 2; }
  bool mergeWith(const QUndoCommand* other) override;

private:
  RunControl& m_run;
  Prompt m_before, m_after;
};

} // namespace orrery::app
