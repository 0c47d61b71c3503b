// SPDX-License-Identifier: MIT
// Whether the platform is dark or light, and word of a change while the program runs. Qt 6.4 has no hint for it: what
// tells is the lightness of the palette that the platform would give the application. GUI thread.
#pragma once
#include <QObject>
#include <QPalette>
#include <QTimer>
#include <functional>

#include "views/scene/theme.h"

namespace orrery::app {

// The palette of the platform, whatever palette the application has set for itself.
QPalette platformPalette();

class SystemTheme : public QObject {
  Q_OBJECT
public:
  using Source = std::function<QPalette()>;
  // Watches the events of the application that exists now.
  explicit SystemTheme(Source source = platformPalette, QObject* parent = nullptr);
  scene::ThemeKind kind() const { return m_kind; }
  void setSource(Source source); // tests bring their own platform

Q_SIGNALS:
  void changed();

protected:
  bool eventFilter(QObject* watched, QEvent* event) override;

private:
  scene::ThemeKind read() const;
  void look();

  Source m_source;
  scene::ThemeKind m_kind;
  QTimer m_soon; // every window gets the event: one look is enough
};

} // namespace orrery::app
