// SPDX-License-Identifier: MIT
#include "app/window/run_control.h"

#include <algorithm>

#include "app/window/run_commands.h"

namespace orrery::app {

RunControl::RunControl(SessionLink& link, QUndoStack& undo, QObject* parent)
    : QObject(parent), m_link(link), m_undo(undo) {
  connect(&m_link, &SessionLink::jobEnded, this, &RunControl::onJobEnded);
  m_pacing.setTimerType(Qt::PreciseTimer);
  connect(&m_pacing, &QTimer::timeout, this, &RunControl::pacedStep);
}

void RunControl::setPrompt(const Prompt& prompt) {
  if (prompt == m_prompt) return;
  const bool otherSampler = !(prompt.sampler == m_prompt.sampler);
  m_prompt = prompt;
  if (otherSampler) m_link.engine().setSampler(m_prompt.sampler);
  Q_EMIT promptChanged();
}

void RunControl::editSampler(const session::Sampler& sampler, std::int64_t generate, int pace) {
  Prompt next = m_prompt;
  next.sampler = sampler;
  next.generate = generate;
  next.pace = pace;
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
  pause();
  m_link.cancelAll();
  m_opening = path;
  m_startWhenOpen = startWhenOpen;
  const session::Job job = m_link.engine().runOpen(path.toStdString(), {.processing = m_processing});
  m_openJob = job.info().id;
  m_link.follow(job);
}

void RunControl::setProcessing(const models::Processing& processing) {
  if (processing == m_processing) return;
  m_processing = processing;
  Q_EMIT processingChanged();
}

void RunControl::reopen() {
  if (!m_path.isEmpty() && canRun()) open(m_path, hasRun());
}

void RunControl::onJobEnded(const session::JobInfo& job) {
  if (job.state == session::JobState::Failed) pause();
  if (job.state != session::JobState::Done) return;
  if (job.id == m_pacedStart) generate(m_prompt.generate);
  if (job.id != m_openJob) return;
  m_path = m_opening;
  m_undo.clear(); // the runs of the model before are gone
  if (m_startWhenOpen && !(m_prompt.text.isEmpty() && m_prompt.tokens.empty())) start();
}

void RunControl::pause() {
  m_link.engine().pause();
  if (!m_pacing.isActive()) return;
  m_pacing.stop();
  Q_EMIT pacingChanged();
}

void RunControl::generate(std::int64_t tokens) {
  if (m_prompt.pace == 0) return m_link.follow(m_link.engine().runContinue(tokens));
  m_paceLeft = tokens;
  m_paceBegun = false;
  m_pacing.start(1000 / m_prompt.pace);
  Q_EMIT pacingChanged();
}

void RunControl::pacedStep() {
  const auto model = m_link.model();
  const bool full = !model || m_link.length() >= model->dims.context;
  if (m_paceLeft == 0 || full) return pause();
  if (m_link.busy()) return;
  if (m_paceBegun && atEnd()) return pause();
  m_paceBegun = true;
  if (m_paceLeft > 0) --m_paceLeft;
  m_link.follow(m_link.engine().runContinue(1));
}

// As the engine decides for runs at full speed.
bool RunControl::atEnd() {
  const store::SnapshotPtr snapshot = m_link.engine().snapshot();
  if (!m_prompt.sampler.stopAtEnd || !snapshot || snapshot->length() == 0) return false;
  const std::vector<std::int32_t>& ends = m_link.model()->endTokens;
  return std::find(ends.begin(), ends.end(), snapshot->tokens.back()) != ends.end();
}

session::Job RunControl::begin(session::RunSpec what) {
  const bool paced = m_prompt.pace > 0 && what.generate != 0;
  if (paced) what.generate = 0;
  const session::Job job = m_link.engine().runStart(what);
  m_pacedStart = paced ? job.info().id : 0;
  return job;
}

void RunControl::start() {
  pause();
  const auto make = [this, what = spec()] { return begin(what); };
  if (m_link.snapshot())
    m_undo.push(new NewRunCommand(tr("run start"), *this, m_link, make));
  else
    m_link.follow(make());
}

void RunControl::goOn(std::int64_t tokens) {
  if (hasRun()) m_undo.push(new GoOnCommand(*this, m_link, tokens));
}

void RunControl::runOrPause() {
  if (isRunning())
    pause();
  else if (hasRun())
    goOn(session::kForever);
  else if (canRun())
    start();
}

void RunControl::stepBack() {
  pause();
  if (hasRun() && m_link.length() > 1) m_undo.push(new StepBackCommand(*this, m_link));
}

void RunControl::branch(std::int64_t length) {
  if (!hasRun() || length < 1) return;
  pause();
  m_undo.push(
      new NewRunCommand(tr("branch"), *this, m_link, [this, length] { return m_link.engine().runBranch(length); }));
}

void RunControl::select(std::uint64_t run) {
  pause();
  m_undo.push(
      new NewRunCommand(tr("choice of run"), *this, m_link, [this, run] { return m_link.engine().runSelect(run); }));
}

void RunControl::evict(std::vector<hooks::Eviction> evictions) {
  if (!hasRun() || evictions.empty()) return;
  pause();
  m_undo.push(new EvictCommand(m_link, std::move(evictions)));
}

bool RunControl::canRun() const {
  return m_link.model() && !m_link.model()->isTrace && m_link.model()->dims.layers > 0;
}
bool RunControl::hasRun() const { return canRun() && m_link.snapshot() && m_link.length() > 0; }

} // namespace orrery::app
