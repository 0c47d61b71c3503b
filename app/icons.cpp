// SPDX-License-Identifier: MIT
#include "app/icons.h"

#include <QAbstractButton>
#include <QAction>
#include <QFile>
#include <QPainter>
#include <QSvgRenderer>

#include "app/theme.h"

namespace orrery::app {
namespace {

constexpr const char* kNameProperty = "iconName";

QPixmap drawn(const QByteArray& svg, const QColor& color, int side) {
  QByteArray tinted = svg;
  tinted.replace("currentColor", color.name().toLatin1());
  QSvgRenderer renderer(tinted);
  QPixmap pixmap(side, side);
  pixmap.fill(Qt::transparent);
  QPainter painter(&pixmap);
  renderer.render(&painter);
  return pixmap;
}

} // namespace

QIcon themedIcon(const QString& name, const scene::Theme& theme) {
  QFile file(QStringLiteral(":/icons/%1.svg").arg(name));
  if (!file.open(QIODevice::ReadOnly)) return {};
  const QByteArray svg = file.readAll();
  QIcon icon;
  for (int side : {16, 32, 48}) {
    icon.addPixmap(drawn(svg, toQt(theme.text), side), QIcon::Normal);
    icon.addPixmap(drawn(svg, toQt(theme.disabled), side), QIcon::Disabled);
  }
  return icon;
}

void setIconName(QObject& target, const QString& name) { target.setProperty(kNameProperty, name); }

void retintIcons(QWidget& root, const scene::Theme& theme) {
  for (QAction* action : root.findChildren<QAction*>())
    if (const QString name = action->property(kNameProperty).toString(); !name.isEmpty())
      action->setIcon(themedIcon(name, theme));
  for (QAbstractButton* button : root.findChildren<QAbstractButton*>())
    if (const QString name = button->property(kNameProperty).toString(); !name.isEmpty())
      button->setIcon(themedIcon(name, theme));
}

} // namespace orrery::app
