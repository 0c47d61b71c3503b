// SPDX-License-Identifier: MIT
#include "app/window/model_dock.h"

#include <QHeaderView>
#include <QLineEdit>
#include <QVBoxLayout>

namespace orrery::app {

ModelDock::ModelDock(Desk& desk, QWidget* parent)
    : QDockWidget(tr("Model"), parent), m_desk(desk), m_view(new QTreeView), m_summary(new QLabel) {
  setObjectName(QStringLiteral("dock.model"));
  auto* body = new QWidget;
  auto* layout = new QVBoxLayout(body);
  layout->setContentsMargins(12, 4, 4, 8);
  layout->setSpacing(8);
  m_summary->setObjectName(QStringLiteral("model.summary"));
  m_summary->setWordWrap(true);
  m_summary->setTextInteractionFlags(Qt::TextSelectableByMouse);
  m_summary->setProperty("role", "secondary");
  auto* filter = new QLineEdit;
  filter->setObjectName(QStringLiteral("model.filter"));
  filter->setPlaceholderText(tr("Filter tensors"));
  filter->setClearButtonEnabled(true);
  m_filter.setSourceModel(&m_tree);
  m_filter.setRecursiveFilteringEnabled(true);
  m_filter.setAutoAcceptChildRows(true);
  m_filter.setFilterCaseSensitivity(Qt::CaseInsensitive);
  m_view->setObjectName(QStringLiteral("model.tree"));
  m_view->setModel(&m_filter);
  m_view->setUniformRowHeights(true);
  m_view->setIndentation(10);
  m_view->setExpandsOnDoubleClick(false); // activated() does, Return too
  m_view->header()->setDefaultSectionSize(60);
  m_view->header()->resizeSection(TensorTree::Name, 128);
  m_view->header()->resizeSection(TensorTree::Size, 74);
  m_view->header()->resizeSection(TensorTree::ShapeColumn, 80);
  m_view->header()->resizeSection(TensorTree::Type, 40);
  m_view->header()->setStretchLastSection(false);
  m_view->header()->moveSection(TensorTree::Size, 1); // what a folded branch has to say
  layout->addWidget(m_summary);
  layout->addWidget(filter);
  layout->addWidget(m_view, 1);
  setWidget(body);
  connect(filter, &QLineEdit::textChanged, this, [this](const QString& text) {
    m_filter.setFilterFixedString(text);
    if (!text.isEmpty()) m_view->expandAll();
  });
  connect(&desk.link(), &SessionLink::modelChanged, this, &ModelDock::showModel);
  connect(m_view->selectionModel(), &QItemSelectionModel::currentChanged, this, [this](const QModelIndex& now) {
    const int layer = now.data(TensorTree::kLayerRole).toInt();
    const QString tensor = now.data(TensorTree::kTensorRole).toString();
    if (!now.isValid() || (layer < 0 && tensor.isEmpty())) return;
    views::Selection next = m_desk.selection().selection();
    if (layer >= 0) next.layer = layer;
    if (!tensor.isEmpty()) next.tensor = tensor.toStdString();
    m_desk.select(next);
  });
  const auto open = [this](const QModelIndex& at, bool alone) {
    if (const QString tensor = at.data(TensorTree::kTensorRole).toString(); !tensor.isEmpty())
      Q_EMIT tensorOpened(tensor, alone);
  };
  connect(m_view, &QTreeView::clicked, this, [open](const QModelIndex& at) { open(at, false); });
  connect(m_view, &QTreeView::activated, this, [this, open](const QModelIndex& at) {
    const QModelIndex row = at.siblingAtColumn(TensorTree::Name);
    if (m_filter.hasChildren(row)) return m_view->setExpanded(row, !m_view->isExpanded(row));
    open(at, true);
  });
  showModel();
}

namespace {

// Two lines: what it is, and its shape or why it has none.
QString summaryOf(const session::ModelInfo& model) {
  const hooks::Dims& d = model.dims;
  const QString kind = QString::fromStdString(model.architecture.empty() ? model.format : model.architecture);
  const QString first =
      ModelDock::tr("%1 \u00b7 %2 M parameters").arg(kind).arg(static_cast<double>(model.parameters) / 1e6, 0, 'f', 2);
  if (d.layers == 0)
    return first + QLatin1Char('\n') + ModelDock::tr("tensors to look at: %1").arg(model.tensors.size());
  return first + QLatin1Char('\n') +
         ModelDock::tr("%1 layers \u00b7 %2 heads (%3 key/value) \u00b7 D %4 \u00b7 context %5")
             .arg(d.layers)
             .arg(d.heads)
             .arg(d.kvHeads)
             .arg(d.model)
             .arg(d.context);
}

} // namespace

void ModelDock::showModel() {
  const auto model = m_desk.link().model();
  m_tree.setModel(model);
  if (!model) {
    m_summary->setText(tr("No model is open."));
    return;
  }
  m_summary->setText(summaryOf(*model));
  m_summary->setToolTip(QString::fromStdString(model->path + "\n" + model->format));
  if (m_filter.rowCount() == 1) m_view->expandToDepth(0);
}

} // namespace orrery::app
