// SPDX-License-Identifier: MIT
#include "app/theme.h"

#include <QApplication>
#include <QPalette>
#include <QStyleFactory>

#include "views/paint/painter.h"

namespace orrery::app {
namespace {

constexpr const char* kStyle = R"(
QMainWindow, QDialog { background: @panel; }
QMainWindow::separator { background: @canvas; width: 4px; height: 4px; }
QMainWindow::separator:hover { background: @hairline; }
QDockWidget { color: @secondary; }
QDockWidget::title { background: @panel; padding: 8px 12px 4px 12px; text-align: left; }
QDockWidget::close-button, QDockWidget::float-button { width: 0; height: 0; border: 0; icon-size: 0px; }
QDockWidget > QWidget { background: @panel; }
QToolBar { background: @panel; border: 0; padding: 4px 8px; spacing: 4px; }
QToolBar::separator { background: transparent; width: 12px; }
QToolButton { border: 0; border-radius: 4px; padding: 4px; color: @text; }
QToolButton:hover { background: @raised; }
QToolButton:pressed { background: @hairline; }
QToolButton:checked { background: @raised; color: @text; }
QToolButton:disabled { color: @disabled; }
QToolButton[segment="true"] { padding: 4px 12px; color: @secondary; }
QToolButton[segment="true"]:checked { color: @text; font-weight: 600; }
QPushButton { background: @raised; border: 0; border-radius: 4px; padding: 5px 12px; color: @text; }
QPushButton:hover { background: @hairline; }
QPushButton:disabled { color: @disabled; }
QPushButton[primary="true"] { background: @info; color: @canvas; font-weight: 600; }
QPushButton[primary="true"]:hover { background: @infoHover; }
QPushButton[primary="true"]:disabled { background: @raised; color: @disabled; }
QLineEdit, QPlainTextEdit, QSpinBox, QDoubleSpinBox, QComboBox {
  background: @canvas; border: 1px solid @hairline; border-radius: 4px; padding: 3px 6px; color: @text;
  selection-background-color: @info; selection-color: @canvas; }
QLineEdit:focus, QPlainTextEdit:focus, QSpinBox:focus, QDoubleSpinBox:focus, QComboBox:focus { border-color: @info; }
QLineEdit:disabled, QSpinBox:disabled, QDoubleSpinBox:disabled, QComboBox:disabled { color: @disabled; }
QSpinBox::up-button, QSpinBox::down-button, QDoubleSpinBox::up-button, QDoubleSpinBox::down-button { width: 0; }
QComboBox::drop-down { border: 0; width: 18px; }
QComboBox::down-arrow { image: url(:/icons/chevron.svg); width: 12px; height: 12px; }
QComboBox QAbstractItemView { background: @raised; border: 0; outline: 0; selection-background-color: @hairline; }
QTreeView, QListView, QTableView { background: @panel; border: 0; outline: 0; alternate-background-color: @panel; }
QTreeView::item, QListView::item, QTableView::item { padding: 2px 4px; border: 0; }
QTreeView::item:hover, QListView::item:hover { background: @raised; }
QTreeView::item:selected, QListView::item:selected, QTableView::item:selected { background: @raised; color: @text; }
QHeaderView { background: @panel; }
QHeaderView::section { background: @panel; color: @secondary; border: 0; padding: 4px; }
QTabBar { background: @panel; qproperty-drawBase: 0; }
QTabBar::tab { background: @panel; color: @secondary; padding: 6px 12px; border: 0; }
QTabBar::tab:selected { color: @text; border-bottom: 2px solid @secondary; }
QTabBar::tab:hover { color: @text; }
QTabWidget::pane { border: 0; }
QMenuBar { background: @panel; color: @text; padding: 2px 8px; }
QMenuBar::item { padding: 4px 8px; border-radius: 4px; background: transparent; }
QMenuBar::item:selected { background: @raised; }
QMenu { background: @raised; color: @text; border: 1px solid @hairline; padding: 4px; }
QMenu::item { padding: 5px 24px 5px 28px; border-radius: 4px; }
QMenu::item:selected { background: @hairline; }
QMenu::item:disabled { color: @disabled; }
QMenu::separator { height: 1px; background: @hairline; margin: 4px 8px; }
QMenu::icon { left: 8px; }
QToolTip { background: @raised; color: @text; border: 1px solid @hairline; padding: 4px; }
QStatusBar { background: @panel; color: @secondary; }
QStatusBar::item { border: 0; }
QStatusBar QLabel { color: @secondary; padding: 0 8px; }
QScrollBar:vertical { background: transparent; width: 10px; margin: 0; }
QScrollBar:horizontal { background: transparent; height: 10px; margin: 0; }
QScrollBar::handle { background: @hairline; border-radius: 3px; margin: 2px; min-height: 24px; min-width: 24px; }
QScrollBar::handle:hover { background: @disabled; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }
QSlider::groove:horizontal { height: 4px; background: @hairline; border-radius: 2px; }
QSlider::sub-page:horizontal { background: @secondary; border-radius: 2px; }
QSlider::handle:horizontal { background: @text; width: 12px; height: 12px; margin: -4px 0; border-radius: 6px; }
QSlider::handle:horizontal:hover { background: @info; }
QProgressBar { background: @raised; border: 0; border-radius: 2px; max-height: 4px; min-height: 4px; }
QProgressBar::chunk { background: @info; border-radius: 2px; }
QCheckBox { color: @text; spacing: 8px; }
QCheckBox:disabled { color: @disabled; }
QCheckBox::indicator { width: 12px; height: 12px; border: 1px solid @disabled; border-radius: 3px; background: @canvas; }
QCheckBox::indicator:checked { background: @info; border-color: @info; image: url(:/icons/check.svg); }
QCheckBox::indicator:checked:disabled { background: @disabled; border-color: @disabled; }
QSplitter::handle { background: @panel; }
QLabel[role="secondary"], QLabel[role="title"] { color: @secondary; }
QLabel[role="number"] { font-family: "JetBrains Mono", "DejaVu Sans Mono"; }
QFrame#messageBar { background: @raised; border-radius: 4px; }
QFrame#pane { background: @canvas; }
)";

QString filled(const scene::Theme& t) {
  QString style = QString::fromLatin1(kStyle);
  // Longer names first: "@infoHover" begins with "@info".
  const std::pair<const char*, QColor> colors[] = {{"@infoHover", toQt(t.info).lighter(112)},
                                                   {"@canvas", toQt(t.canvas)},
                                                   {"@panel", toQt(t.panel)},
                                                   {"@raised", toQt(t.raised)},
                                                   {"@hairline", toQt(t.hairline)},
                                                   {"@text", toQt(t.text)},
                                                   {"@secondary", toQt(t.secondary)},
                                                   {"@disabled", toQt(t.disabled)},
                                                   {"@info", toQt(t.info)}};
  for (const auto& [name, value] : colors) style.replace(QLatin1String(name), value.name());
  return style;
}

QPalette paletteOf(const scene::Theme& t) {
  QPalette p;
  p.setColor(QPalette::Window, toQt(t.panel));
  p.setColor(QPalette::Base, toQt(t.canvas));
  p.setColor(QPalette::AlternateBase, toQt(t.panel));
  p.setColor(QPalette::Button, toQt(t.raised));
  p.setColor(QPalette::ToolTipBase, toQt(t.raised));
  for (auto role :
       {QPalette::WindowText, QPalette::Text, QPalette::ButtonText, QPalette::ToolTipText, QPalette::BrightText})
    p.setColor(role, toQt(t.text));
  for (auto role : {QPalette::WindowText, QPalette::Text, QPalette::ButtonText})
    p.setColor(QPalette::Disabled, role, toQt(t.disabled));
  p.setColor(QPalette::PlaceholderText, toQt(t.disabled));
  p.setColor(QPalette::Highlight, toQt(t.info));
  p.setColor(QPalette::HighlightedText, toQt(t.canvas));
  p.setColor(QPalette::Link, toQt(t.info));
  p.setColor(QPalette::Mid, toQt(t.hairline));
  p.setColor(QPalette::Dark, toQt(t.hairline));
  p.setColor(QPalette::Light, toQt(t.raised));
  p.setColor(QPalette::Shadow, toQt(t.canvas));
  return p;
}

} // namespace

QString themeWord(ThemeChoice choice) {
  if (choice == ThemeChoice::Dark) return QStringLiteral("dark");
  return choice == ThemeChoice::Light ? QStringLiteral("light") : QStringLiteral("system");
}

ThemeChoice themeFromWord(const QString& word) {
  if (word == QLatin1String("dark")) return ThemeChoice::Dark;
  return word == QLatin1String("light") ? ThemeChoice::Light : ThemeChoice::System;
}

QColor toQt(scene::Color color) { return QColor(color.r, color.g, color.b, color.a); }

void applyTheme(scene::ThemeKind kind) {
  const scene::Theme& t = scene::theme(kind);
  QApplication::setStyle(QStyleFactory::create(QStringLiteral("Fusion")));
  QFont font = paint::interfaceFont();
  font.setPixelSize(static_cast<int>(t.textSize));
  QApplication::setFont(font);
  QApplication::setPalette(paletteOf(t));
  qApp->setStyleSheet(filled(t));
}

} // namespace orrery::app
