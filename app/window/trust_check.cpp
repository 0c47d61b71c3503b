// SPDX-License-Identifier: MIT
#include "app/window/trust_check.h"

#include <QFileInfo>

#include "app/window/settings.h"

namespace orrery::app {
namespace {

constexpr int kIdleMilliseconds = 1200;
constexpr std::int64_t kTokens = 256; // of the prompt
constexpr double kSeconds = 8;        // a measurement that nobody asked for takes at most so long
constexpr std::uint64_t kBytes = 2'000'000'000;
const QString kSetting = QStringLiteral("trust/automatic");

QString number(double value) { return QString::number(value, 'e', 1); }

QString shortNames(const std::string& files) {
  QStringList names;
  for (const QString& file : QString::fromStdString(files).split(QStringLiteral(", ")))
    names << QFileInfo(file).fileName();
  return names.join(QStringLiteral(", "));
}

} // namespace

TrustCheck::TrustCheck(Desk& desk, QObject* parent)
    : QObject(parent), m_desk(desk), m_automatic(openSettings()->value(kSetting, true).toBool()) {
  m_idle.setSingleShot(true);
  m_idle.setInterval(kIdleMilliseconds);
  connect(&m_idle, &QTimer::timeout, this, &TrustCheck::measureByItself);
  connect(&desk.link(), &SessionLink::stateChanged, this, &TrustCheck::refresh);
  connect(&desk.link(), &SessionLink::snapshotChanged, &m_idle, qOverload<>(&QTimer::start));
  connect(&desk.link(), &SessionLink::modelChanged, &m_idle, qOverload<>(&QTimer::start));
}

void TrustCheck::refresh() {
  const bool now = measuring();
  if (found() == m_shown && now == m_wasMeasuring) return;
  if (m_job.info().state == session::JobState::Cancelled) m_asked.reset(); // due again once something happens
  m_shown = found();
  m_wasMeasuring = now;
  Q_EMIT changed();
}

bool TrustCheck::measuring() const {
  const session::JobInfo job = m_job.info();
  return job.id != 0 && !job.over();
}

std::vector<std::int32_t> TrustCheck::promptTokens() const {
  const store::SnapshotPtr& snapshot = m_desk.link().snapshot();
  if (!snapshot || !m_desk.run().canRun()) return {};
  std::vector<std::int32_t> tokens = snapshot->tokens.toVector();
  tokens.resize(static_cast<std::size_t>(std::min({snapshot->promptTokens, snapshot->length(), kTokens})));
  return tokens;
}

void TrustCheck::post(session::VerifySpec spec) {
  if (const store::SnapshotPtr& snapshot = m_desk.link().snapshot()) m_asked = snapshot->info;
  m_job = m_desk.link().engine().runVerify(std::move(spec));
  m_desk.link().follow(m_job);
  refresh();
}

// Once for every run that stands still; the next run or model makes it due again.
void TrustCheck::measureByItself() {
  if (!m_automatic || measuring()) return;
  if (m_desk.run().isRunning() || m_desk.link().busy()) return m_idle.start();
  session::VerifySpec spec;
  spec.tokens = promptTokens();
  if (spec.tokens.empty() || m_desk.link().snapshot()->info == m_asked) return;
  spec.background = true;
  spec.maxSeconds = kSeconds;
  spec.maxBytes = kBytes;
  post(std::move(spec));
}

void TrustCheck::measure() {
  session::VerifySpec spec;
  spec.tokens = promptTokens();
  spec.background = true; // a reference beside the checkpoint comes first; other work comes before it
  post(std::move(spec));
}

void TrustCheck::compareWith(const QString& path) {
  session::VerifySpec spec;
  spec.tokens = promptTokens();
  if (spec.tokens.empty()) return m_desk.fail(tr("There is no run yet: the prompt is what both checkpoints read."));
  spec.against = path.toStdString();
  post(std::move(spec));
}

void TrustCheck::setAutomatic(bool on) {
  m_automatic = on;
  openSettings()->setValue(kSetting, on);
  if (on) m_idle.start();
}

TrustCheck::Verdict TrustCheck::verdict() const {
  if (!m_desk.run().canRun()) return Verdict::None;
  if (measuring() || !measured() || found()->logits) return Verdict::Note;
  const session::VerifyRow& worst = found()->rows.front();
  if (found()->ok()) return Verdict::Good;
  return worst.maxAbs <= 10 * worst.tolerance ? Verdict::Warn : Verdict::Bad;
}

QString TrustCheck::text() const {
  if (verdict() == Verdict::None) return {};
  if (measuring()) return tr("measuring exactness\u2026");
  if (!measured()) return tr("exactness not measured");
  const session::Verification& v = *found();
  if (v.logits)
    return tr("KL %1 nat from %2")
        .arg(number(v.logits->klMean()), QFileInfo(QString::fromStdString(v.against)).fileName());
  const session::VerifyRow& worst = v.rows.front();
  const QString dtype = v.dtype == DType::F64 ? tr("float64") : tr("float32");
  const QString name = QString::fromStdString(worst.name);
  if (v.against == "float64") return tr("%1 within %2 of float64 (%3)").arg(dtype, number(worst.scaled), name);
  return tr("%1 within %2 of the reference (%3)").arg(dtype, number(worst.scaled), name);
}

QString TrustCheck::tip() const {
  if (measuring()) return tr("The same tokens go through the model twice; other work comes first");
  if (!found()) return tr("How far this engine is from a reference, or float32 from float64; click to measure");
  if (!measured()) return QString::fromStdString(found()->notMeasured) + tr("; click to measure");
  const session::Verification& v = *found();
  const QString what = v.against == "float64" ? tr("float64") : shortNames(v.against);
  return tr("Measured on %1 tokens against %2; click for every hook point").arg(v.tokens).arg(what);
}

} // namespace orrery::app
