// SPDX-License-Identifier: MIT
// The middle of the window: all heads, one head with the products of a cell, and the text, shown together or alone; or
// a boundary map with the loss curves of its pixels and its dimension.
// GUI thread.
#pragma once
#include <QButtonGroup>
#include <QSplitter>
#include <QWidget>
#include <vector>

#include "app/window/view_pane.h"

namespace orrery::app {

class AttentionArea : public QWidget {
  Q_OBJECT
public:
  explicit AttentionArea(Desk& desk, QWidget* parent = nullptr);

  // "linked" (heads over text, head over cell), "heads", "head", "text", "map".
  static const std::vector<QString>& modes();
  QString mode() const { return m_mode; }
  void setMode(const QString& mode);

  ViewPane& pane(const QString& view);
  std::vector<ViewPane*> panes() { return {m_heads, m_head, m_cell, m_text, m_map, m_curve, m_dimension}; }

  QByteArray saveSplitters() const;
  void restoreSplitters(const QByteArray& state);
  void resetSplitters();

Q_SIGNALS:
  void modeChanged(const QString& mode);

private:
  QWidget* makeSwitch();

  ViewPane *m_heads, *m_head, *m_cell, *m_text, *m_map, *m_curve, *m_dimension;
  QSplitter *m_across, *m_left, *m_down, *m_maps, *m_mapSide;
  QButtonGroup* m_buttons;
  QString m_mode;
};

} // namespace orrery::app
