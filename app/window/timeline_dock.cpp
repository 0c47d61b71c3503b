// SPDX-License-Identifier: MIT
#include "app/window/timeline_dock.h"

#include <QHBoxLayout>

#include "app/icons.h"
#include "views/scene/text_metrics.h"

namespace orrery::app {

constexpr int kPlayMilliseconds = 125;

TimelineDock::TimelineDock(Desk& desk, QWidget* parent)
    : QDockWidget(tr("Timeline"), parent), m_desk(desk), m_slider(new QSlider(Qt::Horizontal)), m_play(new QToolButton),
      m_live(new QToolButton), m_label(new QLabel) {
  setObjectName(QStringLiteral("dock.timeline"));
  m_slider->setObjectName(QStringLiteral("timeline.slider"));
  m_slider->setToolTip(tr("The run as it was after so many tokens"));
  m_play->setObjectName(QStringLiteral("timeline.play"));
  m_play->setToolTip(tr("Play the generation again (P)"));
  setIconName(*m_play, QStringLiteral("run"));
  m_live->setObjectName(QStringLiteral("timeline.live"));
  m_live->setText(tr("Live"));
  m_live->setToolTip(tr("Follow the newest token (End)"));
  m_label->setObjectName(QStringLiteral("timeline.label"));
  m_label->setProperty("role", "secondary");
  m_label->setMinimumWidth(170);
  auto* body = new QWidget;
  auto* row = new QHBoxLayout(body);
  row->setContentsMargins(12, 4, 12, 8);
  row->setSpacing(8);
  row->addWidget(m_play);
  row->addWidget(m_slider, 1);
  row->addWidget(m_label);
  row->addWidget(m_live);
  setWidget(body);
  m_timer.setInterval(kPlayMilliseconds);
  connect(&m_timer, &QTimer::timeout, this, &TimelineDock::advance);
  connect(m_play, &QToolButton::clicked, this, &TimelineDock::play);
  connect(m_live, &QToolButton::clicked, this, [this] { m_desk.scrub(views::kNone); });
  connect(m_slider, &QSlider::valueChanged, this, [this](int value) {
    if (m_showing) return;
    m_timer.stop();
    m_desk.scrub(value >= m_slider->maximum() ? views::kNone : value);
  });
  connect(&desk.link(), &SessionLink::snapshotChanged, this, &TimelineDock::refresh);
  connect(&desk.selection(), &SelectionModel::changed, this, &TimelineDock::refresh);
  refresh();
}

void TimelineDock::refresh() {
  m_showing = true;
  const auto total = static_cast<int>(m_desk.link().length());
  const auto shown = static_cast<int>(m_desk.selection().shownTokens());
  const store::SnapshotPtr snapshot = m_desk.link().snapshot();
  m_slider->setEnabled(total > 1);
  m_play->setEnabled(total > 1);
  m_slider->setRange(std::min(1, total), total);
  m_slider->setPageStep(std::max(1, total / 10));
  m_slider->setValue(shown);
  const bool live = m_desk.selection().selection().shownTokens == views::kNone;
  m_live->setVisible(!live);
  const int prompt = snapshot ? static_cast<int>(snapshot->promptTokens) : 0;
  m_label->setText(total == 0 ? QString()
                              : tr("%1 of %2 tokens, %3 given").arg(shown).arg(total).arg(std::min(prompt, total)));
  m_showing = false;
}

void TimelineDock::play() {
  if (m_timer.isActive()) return m_timer.stop();
  const store::SnapshotPtr snapshot = m_desk.link().snapshot();
  if (!snapshot || snapshot->length() < 2) return;
  if (m_desk.selection().selection().shownTokens == views::kNone)
    m_desk.scrub(std::max<std::int64_t>(1, std::min(snapshot->promptTokens, snapshot->length() - 1)));
  m_timer.start();
}

void TimelineDock::advance() {
  const std::int64_t next = m_desk.selection().shownTokens() + 1;
  const bool end = next >= m_desk.link().length();
  if (end) m_timer.stop();
  m_desk.scrub(end ? views::kNone : next);
}

} // namespace orrery::app
