// SPDX-License-Identifier: MIT
#include "app/window/run_commands.h"

namespace orrery::app {
namespace {

std::uint64_t currentRun(SessionLink& link) {
  const store::SnapshotPtr snapshot = link.engine().snapshot();
  return snapshot ? snapshot->run : 0;
}

// Of the engine: what the link has read may be some milliseconds old.
std::shared_ptr<const hooks::EvictionStudy> currentEviction(SessionLink& link) {
  const store::SnapshotPtr snapshot = link.engine().snapshot();
  return snapshot ? snapshot->eviction : nullptr;
}

std::vector<std::int32_t> tailOf(SessionLink& link, std::int64_t length) {
  const store::SnapshotPtr snapshot = link.engine().snapshot();
  std::vector<std::int32_t> tail;
  for (std::int64_t i = length; snapshot && i < snapshot->length(); ++i)
    tail.push_back(snapshot->tokens[static_cast<std::size_t>(i)]);
  return tail;
}

} // namespace

NewRunCommand::NewRunCommand(const QString& text, RunControl& run, SessionLink& link, Begin begin)
    : QUndoCommand(text), m_run(run), m_link(link), m_begin(std::move(begin)), m_before(currentRun(link)) {}

void NewRunCommand::undo() {
  m_run.pause();
  if (const std::uint64_t now = currentRun(m_link); now != m_before) m_mine = now;
  if (m_before != 0) m_link.follow(m_link.engine().runSelect(m_before));
}

void NewRunCommand::redo() {
  m_run.pause();
  m_link.follow(m_mine != 0 ? m_link.engine().runSelect(m_mine) : m_begin());
}

GoOnCommand::GoOnCommand(RunControl& run, SessionLink& link, std::int64_t tokens)
    : QUndoCommand(tokens == 1 ? QObject::tr("step") : QObject::tr("run")), m_run(run), m_link(link), m_tokens(tokens),
      m_length(link.length()) {}

void GoOnCommand::undo() {
  m_run.pause();
  m_tail = tailOf(m_link, m_length);
  m_link.follow(m_link.engine().runCut(m_length));
}

void GoOnCommand::redo() {
  if (m_first) {
    if (m_tokens == 1)
      m_link.follow(m_link.engine().runContinue(1));
    else
      m_run.generate(m_tokens);
  } else if (!m_tail.empty())
    m_link.follow(m_link.engine().runAppend(m_tail));
  m_first = false;
}

StepBackCommand::StepBackCommand(RunControl& run, SessionLink& link)
    : QUndoCommand(QObject::tr("step back")), m_run(run), m_link(link), m_length(link.length()),
      m_token(link.snapshot()->tokens.back()) {}

void StepBackCommand::undo() { m_link.follow(m_link.engine().runAppend({m_token})); }
void StepBackCommand::redo() {
  m_run.pause();
  m_link.follow(m_link.engine().runCut(m_length - 1));
}

EvictCommand::EvictCommand(SessionLink& link, std::vector<hooks::Eviction> evictions)
    : QUndoCommand(QObject::tr("eviction")), m_link(link), m_evictions(std::move(evictions)),
      m_before(currentEviction(link)) {}

void EvictCommand::undo() {
  if (auto now = currentEviction(m_link); now && now != m_before) m_after = std::move(now);
  m_link.follow(m_link.engine().runShowEviction(m_before));
}

void EvictCommand::redo() {
  m_link.follow(m_after ? m_link.engine().runShowEviction(m_after) : m_link.engine().runEvict(m_evictions));
}

PromptCommand::PromptCommand(RunControl& run, Prompt before, Prompt after)
    : QUndoCommand(QObject::tr("sampler")), m_run(run), m_before(std::move(before)), m_after(std::move(after)) {}

bool PromptCommand::mergeWith(const QUndoCommand* other) {
  m_after = static_cast<const PromptCommand*>(other)->m_after;
  return true;
}

} // namespace orrery::app
