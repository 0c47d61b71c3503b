// SPDX-License-Identifier: MIT
#include "app/system_theme.h"

#include <QApplication>
#include <QEvent>
#include <utility>

namespace orrery::app {

// A palette without a colour of its own takes all of them from the platform.
QPalette platformPalette() {
  const QPalette mine = QGuiApplication::palette();
  QApplication::setPalette(QPalette());
  const QPalette platform = QGuiApplication::palette();
  QApplication::setPalette(mine);
  return platform;
}

SystemTheme::SystemTheme(Source source, QObject* parent)
    : QObject(parent), m_source(std::move(source)), m_kind(read()) {
  m_soon.setSingleShot(true);
  connect(&m_soon, &QTimer::timeout, this, &SystemTheme::look);
  qApp->installEventFilter(this);
}

void SystemTheme::setSource(Source source) {
  m_source = std::move(source);
  look();
}

scene::ThemeKind SystemTheme::read() const {
  const bool dark = m_source().color(QPalette::Active, QPalette::Window).lightness() < 128;
  return dark ? scene::ThemeKind::Dark : scene::ThemeKind::Light;
}

void SystemTheme::look() {
  if (const scene::ThemeKind now = read(); std::exchange(m_kind, now) != now) Q_EMIT changed();
}

// ThemeChange comes from the platform only; a palette that the application sets itself brings other events.
bool SystemTheme::eventFilter(QObject* watched, QEvent* event) {
  if (event->type() == QEvent::ThemeChange) m_soon.start(0);
  return QObject::eventFilter(watched, event);
}

} // namespace orrery::app
