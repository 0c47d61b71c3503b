// SPDX-License-Identifier: MIT
#include "app/window/attention_area.h"

#include <QDataStream>
#include <QHBoxLayout>
#include <QToolButton>
#include <QVBoxLayout>

namespace orrery::app {

const std::vector<QString>& AttentionArea::modes() {
  static const std::vector<QString> kModes = {QStringLiteral("linked"), QStringLiteral("heads"), QStringLiteral("head"),
                                              QStringLiteral("text"), QStringLiteral("map")};
  return kModes;
}

AttentionArea::AttentionArea(Desk& desk, QWidget* parent)
    : QWidget(parent), m_heads(new ViewPane(desk, "heads", false)), m_head(new ViewPane(desk, "head", false)),
      m_cell(new ViewPane(desk, "cell", false)), m_text(new ViewPane(desk, "text", false)),
      m_map(new ViewPane(desk, "map", false)), m_curve(new ViewPane(desk, "map-curve", false)),
      m_dimension(new ViewPane(desk, "map-dimension", false)), m_across(new QSplitter(Qt::Horizontal)),
      m_left(new QSplitter(Qt::Vertical)), m_down(new QSplitter(Qt::Vertical)), m_maps(new QSplitter(Qt::Horizontal)),
      m_mapSide(new QSplitter(Qt::Vertical)), m_buttons(new QButtonGroup(this)) {
  setObjectName(QStringLiteral("attention"));
  m_across->setObjectName(QStringLiteral("attention.across"));
  m_down->setObjectName(QStringLiteral("attention.down"));
  m_down->addWidget(m_head);
  m_down->addWidget(m_cell);
  m_left->setObjectName(QStringLiteral("attention.left"));
  m_left->addWidget(m_heads);
  m_left->addWidget(m_text);
  m_across->addWidget(m_left);
  m_across->addWidget(m_down);
  m_mapSide->addWidget(m_curve);
  m_mapSide->addWidget(m_dimension);
  m_maps->addWidget(m_map);
  m_maps->addWidget(m_mapSide);
  m_maps->hide();
  for (QSplitter* splitter : {m_across, m_left, m_down, m_maps, m_mapSide}) {
    splitter->setChildrenCollapsible(false);
    splitter->setHandleWidth(4);
  }
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->setSpacing(0);
  layout->addWidget(makeSwitch());
  layout->addWidget(m_across, 1);
  layout->addWidget(m_maps, 1);
  resetSplitters();
  setMode(modes().front());
}

QWidget* AttentionArea::makeSwitch() {
  auto* bar = new QWidget;
  auto* row = new QHBoxLayout(bar);
  row->setContentsMargins(8, 4, 8, 4);
  row->setSpacing(4);
  const QStringList titles = {tr("Linked"), tr("All heads"), tr("One head"), tr("Text"), tr("Map")};
  for (int i = 0; i < titles.size(); ++i) {
    auto* button = new QToolButton;
    button->setText(titles[i]);
    button->setCheckable(true);
    button->setProperty("segment", true);
    button->setFocusPolicy(Qt::NoFocus);
    button->setObjectName(QStringLiteral("mode.") + modes()[static_cast<std::size_t>(i)]);
    button->setToolTip(tr("Show %1 (%2)").arg(titles[i].toLower()).arg(i + 1));
    m_buttons->addButton(button, i);
    row->addWidget(button);
  }
  row->addStretch();
  connect(m_buttons, &QButtonGroup::idClicked, this,
          [this](int id) { setMode(modes()[static_cast<std::size_t>(id)]); });
  return bar;
}

void AttentionArea::setMode(const QString& mode) {
  const auto found = std::find(modes().begin(), modes().end(), mode);
  if (found == modes().end() || mode == m_mode) return;
  m_mode = mode;
  m_buttons->button(static_cast<int>(found - modes().begin()))->setChecked(true);
  const bool linked = mode == QLatin1String("linked");
  m_heads->setVisible(linked || mode == QLatin1String("heads"));
  m_down->setVisible(linked || mode == QLatin1String("head"));
  m_text->setVisible(linked || mode == QLatin1String("text"));
  m_left->setVisible(mode != QLatin1String("head"));
  m_across->setVisible(mode != QLatin1String("map"));
  m_maps->setVisible(mode == QLatin1String("map"));
  Q_EMIT modeChanged(mode);
}

ViewPane& AttentionArea::pane(const QString& view) {
  for (ViewPane* pane : panes())
    if (pane->viewName() == view.toStdString()) return *pane;
  return *m_head;
}

QByteArray AttentionArea::saveSplitters() const {
  QByteArray state;
  QDataStream out(&state, QIODevice::WriteOnly);
  out << m_across->saveState() << m_left->saveState() << m_down->saveState();
  return state;
}

void AttentionArea::restoreSplitters(const QByteArray& state) {
  QDataStream in(state);
  QByteArray across, left, down;
  in >> across >> left >> down;
  if (in.status() != QDataStream::Ok) return;
  m_across->restoreState(across);
  m_left->restoreState(left);
  m_down->restoreState(down);
}

void AttentionArea::resetSplitters() {
  m_across->setSizes({520, 520});
  m_left->setSizes({520, 400});
  m_down->setSizes({700, 220});
  m_maps->setSizes({640, 400});
  m_mapSide->setSizes({320, 480});
}

} // namespace orrery::app
