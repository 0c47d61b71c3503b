// SPDX-License-Identifier: MIT
// "Boundary map": what to map, how far it is, where it zooms. GUI thread.
#pragma once
#include <QCheckBox>
#include <QComboBox>
#include <QDockWidget>
#include <QLabel>
#include <QLineEdit>
#include <QProgressBar>
#include <QPushButton>
#include <QSpinBox>
#include <functional>

#include "app/window/desk.h"

namespace orrery::app {

class MapDock : public QDockWidget {
  Q_OBJECT
public:
  // `shown`: what of the map is in view, in pixels from the top left; `show`: brings a view to the front.
  MapDock(Desk& desk, std::function<scene::Rect()> shown, std::function<void(const std::string&)> show,
          QWidget* parent = nullptr);

private:
  struct Axis {
    QComboBox* parameter = nullptr;
    QLineEdit *low = nullptr, *high = nullptr;
    QCheckBox* log = nullptr;
  };
  QWidget* makeSpec();
  QWidget* makeNavigation();
  Axis makeAxis(const QString& name, QLayout& into);
  void choosePreset();
  void chooseFile();
  void useSpec(const sweep::SweepSpec& spec);
  void showAxis(const Axis& field, const sweep::AxisSpec& axis);
  Result<sweep::SweepSpec> spec() const;
  void start();
  void showState();
  void addBookmark();
  void fillBookmarks();

  Desk& m_desk;
  std::function<scene::Rect()> m_shown;
  std::function<void(const std::string&)> m_show;
  sweep::SweepSpec m_base;
  QString m_name;
  QComboBox *m_preset, *m_bookmarks;
  Axis m_x, m_y;
  QSpinBox *m_size, *m_steps;
  QCheckBox *m_refine, *m_null;
  QPushButton *m_start, *m_pause, *m_cancel, *m_zoom, *m_back, *m_forward, *m_bookmark;
  QProgressBar* m_progress;
  QLabel *m_counts, *m_floor, *m_message;
};

} // namespace orrery::app
