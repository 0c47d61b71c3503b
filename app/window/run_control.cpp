// SPDX-License-Identifier: MIT
#include "app/window/run_control.h"

#include "app/window/run_commands.h"

namespace orrery::app {

RunControl::RunControl(SessionLink& link, QUndoStack& undo, QObject* parent)
    : QObject(parent), m_link(link), m_undo(undo) {
  connect(&m_link, &SessionLink::jobEnded, this, &RunControl::onJobEnded);
}

void RunControl::setPrompt(const Prompt& prompt) {
  if (prompt == m_prompt) return;
  const bool otherSampler = !(prompt.sampler == m_prompt.sampler);
  m_prompt = prompt;
  if (otherSampler) m_link.engine().setSampler(m_prompt.sampler);
  Q_EMIT promptChanged();
}

void RunControl::editSampler(const session::Sampler& sampler, std::int64_t generate) {
  Prompt next = m_prompt;
  next.sampler = sampler;
  next.generate = generate;
  if (!(next == m_prompt)) m_undo.push(new PromptCommand(*this, m_prompt, next));
}

session::RunSpec RunControl::spec() const {
  session::RunSpec spec;
  spec.text = m_prompt.text.toStdString();
  spec.tokens = m_prompt.tokens;
  spec.generate = m_prompt.generate;
  spec.sampler = m_prompt.sampler;
  return spec;
}

void RunControl::open(const QString& path, bool startWhenOpen) {
  m_link.cancelAll();
  m_opening = path;
  m_startWhenOpen = startWhenOpen;
  const session::Job job = m_link.engine().runOpen(path.toStdString());
  m_openJob = job.info().id;
  m_link.follow(job);
}

void RunControl::onJobEnded(const session::JobInfo& job) {
  if (job.id != m_openJob || job.state != session::JobState::Done) return;
  m_path = m_opening;
  m_undo.clear(); // the runs of the model before are gone
  if (m_startWhenOpen && !m_prompt.text.isEmpty()) start();
}

void RunControl::start() {
  m_link.engine().pause();
  const auto begin = [this, what = spec()] { return m_link.engine().runStart(what); };
  if (m_link.snapshot())
    m_undo.push(new NewRunCommand(tr("run start"), m_link, begin));
  else
    m_link.follow(begin());
}

void RunControl::goOn(std::int64_t tokens) {
  if (hasRun()) m_undo.push(new GoOnCommand(m_link, tokens));
}

void RunControl::runOrPause() {
  if (isRunning())
    m_link.engine().pause();
  else if (hasRun())
    goOn(session::kForever);
  else if (canRun())
    start();
}

void RunControl::stepBack() {
  m_link.engine().pause();
  if (hasRun() && m_link.length() > 1) m_undo.push(new StepBackCommand(m_link));
}

void RunControl::branch(std::int64_t length) {
  if (!hasRun() || length < 1) return;
  m_link.engine().pause();
  m_undo.push(new NewRunCommand(tr("branch"), m_link, [this, length] { return m_link.engine().runBranch(length); }));
}

void RunControl::select(std::uint64_t run) {
  m_link.engine().pause();
  m_undo.push(new NewRunCommand(tr("choice of run"), m_link, [this, run] { return m_link.engine().runSelect(run); }));
}

bool RunControl::canRun() const { return m_link.model() && !m_link.model()->isTrace; }
bool RunControl::hasRun() const { return canRun() && m_link.snapshot() && m_link.length() > 0; }

} // namespace orrery::app
