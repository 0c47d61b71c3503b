// SPDX-License-Identifier: MIT
// Export of one view: figure, data and recipe. Building and writing happen on the pool; the dialog stays open and says
// what went wrong. GUI thread.
#pragma once
#include <QCheckBox>
#include <QComboBox>
#include <QDialog>
#include <QDoubleSpinBox>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QTimer>
#include <functional>

#include "app/window/desk.h"
#include "views/export/recipe.h"

namespace orrery::app {

class ExportDialog : public QDialog {
  Q_OBJECT
public:
  // `viewports`: what is shown of a view's panels now.
  ExportDialog(Desk& desk, std::function<views::Viewports(const std::string&)> viewports, QWidget* parent);

private:
  QLayout* makeFields();
  exports::Recipe recipe() const;
  void browse();
  void proposePath();
  void preview();
  void write();
  void finish(const Status& written, const QString& path);

  Desk& m_desk;
  std::function<views::Viewports(const std::string&)> m_viewports;
  QComboBox *m_view, *m_format, *m_width, *m_theme, *m_data;
  QDoubleSpinBox* m_dpi;
  QCheckBox *m_transparent, *m_keepZoom;
  QLineEdit *m_title, *m_path;
  QLabel *m_preview, *m_message;
  QPushButton* m_export;
  QTimer m_wait;
  std::uint64_t m_asked = 0;
};

} // namespace orrery::app
