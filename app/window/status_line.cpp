// SPDX-License-Identifier: MIT
#include "app/window/status_line.h"

#include <QClipboard>
#include <QGuiApplication>
#include <QMenu>

#include "app/icons.h"
#include "app/theme.h"
#include "app/window/tensor_tree.h"
#include "app/window/work_meter.h"

namespace orrery::app {

StatusLine::StatusLine(Desk& desk, QWidget* parent)
    : QStatusBar(parent), m_desk(desk), m_model(field("model", tr("the open checkpoint or trace"))),
      m_device(field("device", tr("what the model runs on, and in which precision"))),
      m_processed(field("processed",
                        tr("what was done to the weights when they were loaded: numbers at hook points differ from "
                           "those of the plain model"))),
      m_backend(field("backend", tr("what draws the canvases"))),
      m_speed(field("speed", tr("generated tokens a second, with capture"))),
      m_bytes(field("captured", tr("captured data in memory"))),
      m_meter(field("meter", tr("GUI-thread time of a frame: 99 of 100 stay below"))), m_badge(new QToolButton),
      m_warnings(new QToolButton), m_trust(desk) {
  setObjectName(QStringLiteral("status"));
  setSizeGripEnabled(false);
  m_warnings->setObjectName(QStringLiteral("status.warnings"));
  m_warnings->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
  m_warnings->setToolTip(tr("Warnings of this model; click to read"));
  setIconName(*m_warnings, QStringLiteral("warning"));
  addWidget(m_model);
  addWidget(m_device);
  addWidget(m_processed);
  addWidget(m_backend);
  m_badge->setObjectName(QStringLiteral("status.trust"));
  m_badge->setSizePolicy(QSizePolicy::Maximum, QSizePolicy::Fixed); // a narrow window cuts it
  m_badge->setMinimumWidth(24);
  for (QWidget* right : {static_cast<QWidget*>(m_badge), static_cast<QWidget*>(m_speed), static_cast<QWidget*>(m_bytes),
                         static_cast<QWidget*>(m_meter), static_cast<QWidget*>(m_warnings)})
    addPermanentWidget(right);
  connect(m_warnings, &QToolButton::clicked, this, &StatusLine::showWarnings);
  connect(&desk.link(), &SessionLink::stateChanged, this, &StatusLine::refresh);
  connect(&desk.link(), &SessionLink::snapshotChanged, this, &StatusLine::refresh);
  connect(m_badge, &QToolButton::clicked, this, [this] {
    if (m_trust.measured())
      showTrustTable(m_trust, scene::theme(m_desk.views().theme()), window());
    else
      m_trust.measure();
  });
  connect(&m_trust, &TrustCheck::changed, this, &StatusLine::refreshTrust);
  connect(&desk, &Desk::themeChanged, this, &StatusLine::refreshTrust);
  connect(&m_timer, &QTimer::timeout, this, &StatusLine::refreshMeter);
  m_timer.start(500);
  refresh();
  refreshMeter();
}

QLabel* StatusLine::field(const char* name, const QString& tip) {
  auto* label = new QLabel;
  label->setObjectName(QStringLiteral("status.") + QLatin1String(name));
  label->setToolTip(tip);
  return label;
}

void StatusLine::setBackend(const QString& name) {
  const bool vulkan = name.startsWith(QLatin1String("Vulkan"));
  m_backend->setText(vulkan ? name : tr("QPainter: no Vulkan device"));
  m_backend->setToolTip(name);
}

void StatusLine::addWarning(const QString& sentence) {
  if (m_own.contains(sentence)) return;
  m_own << sentence;
  refresh();
}

QStringList StatusLine::warnings() const {
  QStringList all = m_own;
  if (const auto model = m_desk.link().model())
    for (const std::string& warning : model->warnings) all << QString::fromStdString(warning);
  return all;
}

void StatusLine::refresh() {
  const session::State& state = m_desk.link().state();
  const store::SnapshotPtr& snapshot = m_desk.link().snapshot();
  m_model->setText(state.model ? QString::fromStdString(state.model->name) : tr("no model"));
  if (state.model) m_model->setToolTip(QString::fromStdString(state.model->path));
  const bool known = snapshot && snapshot->info;
  m_device->setText(
      known ? QStringLiteral("%1 %2").arg(QString::fromStdString(snapshot->info->device),
                                          snapshot->info->dtype == DType::F64 ? tr("float64") : tr("float32"))
            : QString());
  QStringList words;
  if (state.model)
    for (const std::string& word : models::processingWords(state.model->processing))
      words << QString::fromStdString(word);
  m_processed->setText(words.isEmpty() ? QString() : tr("processed: %1").arg(words.join(QStringLiteral(", "))));
  m_processed->setVisible(!words.isEmpty());
  refreshTrust();
  const double rate = state.stats.tokensPerSecond();
  m_speed->setText(rate > 0 ? tr("%1 tokens/s").arg(rate, 0, 'f', rate < 100 ? 1 : 0) : QString());
  const auto bytes = static_cast<double>(state.stats.capturedBytes);
  m_bytes->setText(bytes > 0 ? tr("%1 captured").arg(bytesText(bytes)) : QString());
  const auto count = warnings().size();
  m_warnings->setVisible(count > 0);
  m_warnings->setText(QString::number(count));
}

void StatusLine::refreshTrust() {
  const scene::Theme& theme = scene::theme(m_desk.views().theme());
  const TrustCheck::Verdict verdict = m_trust.verdict();
  m_badge->setVisible(verdict != TrustCheck::Verdict::None);
  m_badge->setText(m_trust.text());
  m_badge->setToolTip(m_trust.text() + QLatin1Char('\n') + m_trust.tip());
  const scene::Color color = verdict == TrustCheck::Verdict::Good   ? theme.good
                             : verdict == TrustCheck::Verdict::Warn ? theme.warn
                             : verdict == TrustCheck::Verdict::Bad  ? theme.bad
                                                                    : theme.secondary;
  m_badge->setStyleSheet(QStringLiteral("color: %1").arg(toQt(color).name()));
}

void StatusLine::refreshMeter() {
  auto* application = dynamic_cast<Application*>(qApp);
  if (!application) return;
  const gpu::FrameMeter::Stats frames = application->meter().frames();
  m_meter->setText(frames.count == 0 ? QString() : tr("p99 %1 ms").arg(frames.p99, 0, 'f', 1));
}

void StatusLine::showWarnings() {
  auto* menu = new QMenu(this);
  menu->setObjectName(QStringLiteral("status.warnings.menu"));
  menu->setAttribute(Qt::WA_DeleteOnClose);
  const QStringList all = warnings();
  for (const QString& warning : all)
    menu->addAction(warning, this, [warning] { QGuiApplication::clipboard()->setText(warning); })
        ->setToolTip(tr("Click to copy"));
  menu->popup(m_warnings->mapToGlobal(QPoint(0, -24 * static_cast<int>(all.size()) - 12)));
}

} // namespace orrery::app
