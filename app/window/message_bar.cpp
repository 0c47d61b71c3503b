// SPDX-License-Identifier: MIT
#include "app/window/message_bar.h"

#include <QClipboard>
#include <QGuiApplication>
#include <QHBoxLayout>
#include <QToolButton>

#include "app/icons.h"
#include "app/theme.h"

namespace orrery::app {

MessageBar::MessageBar(QWidget* parent) : QFrame(parent), m_text(new QLabel) {
  setObjectName(QStringLiteral("messageBar"));
  m_text->setObjectName(QStringLiteral("messageBar.text"));
  m_text->setTextFormat(Qt::PlainText);
  m_text->setWordWrap(true);
  m_text->setTextInteractionFlags(Qt::TextSelectableByMouse);
  auto* copy = new QToolButton;
  copy->setObjectName(QStringLiteral("messageBar.copy"));
  copy->setToolTip(tr("Copy this message"));
  setIconName(*copy, QStringLiteral("copy"));
  auto* close = new QToolButton;
  close->setObjectName(QStringLiteral("messageBar.close"));
  close->setToolTip(tr("Close"));
  setIconName(*close, QStringLiteral("close"));
  auto* row = new QHBoxLayout(this);
  row->setContentsMargins(12, 6, 8, 6);
  row->addWidget(m_text, 1);
  row->addWidget(copy);
  row->addWidget(close);
  connect(copy, &QToolButton::clicked, this, [this] { QGuiApplication::clipboard()->setText(m_text->text()); });
  connect(close, &QToolButton::clicked, this, &QWidget::hide);
  hide();
}

void MessageBar::show(const QString& sentence, bool failed, const scene::Theme& theme) {
  m_text->setText(sentence);
  QPalette palette = m_text->palette();
  palette.setColor(QPalette::WindowText, toQt(failed ? theme.bad : theme.text));
  m_text->setPalette(palette);
  m_text->setStyleSheet(QStringLiteral("color: %1").arg(toQt(failed ? theme.bad : theme.text).name()));
  retintIcons(*this, theme);
  setVisible(true);
}

} // namespace orrery::app
