// SPDX-License-Identifier: MIT
#include "app/window/log_dock.h"

#include <QClipboard>
#include <QGuiApplication>
#include <QHeaderView>
#include <QMenu>
#include <QPainter>
#include <QStyledItemDelegate>
#include <QVBoxLayout>
#include <algorithm>
#include <cmath>

namespace orrery::app {
namespace {

QString stateText(const session::JobInfo& job) {
  switch (job.state) {
  case session::JobState::Queued:
    return QObject::tr("waits");
  case session::JobState::Running:
    if (!job.detail.empty()) return QString::fromStdString(job.detail);
    return QObject::tr("runs");
  case session::JobState::Done:
    return QObject::tr("done");
  case session::JobState::Cancelled:
    return QObject::tr("cancelled");
  case session::JobState::Failed:
    break;
  }
  return job.error ? QString::fromStdString(job.error->message()) : QObject::tr("failed");
}

QString titleText(const session::JobInfo& job, int count) {
  const QString title = QString::fromStdString(job.title);
  return count == 1 ? title : title + QStringLiteral(" \u00d7%1").arg(count);
}

// A thin bar below the text while a job runs.
class ProgressDelegate : public QStyledItemDelegate {
public:
  using QStyledItemDelegate::QStyledItemDelegate;
  void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override {
    QStyledItemDelegate::paint(painter, option, index);
    const QVariant fraction = index.data(JobTable::kFractionRole);
    if (!fraction.isValid()) return;
    QRectF bar = QRectF(option.rect).adjusted(4, option.rect.height() - 3, -4, -1);
    painter->fillRect(bar, option.palette.color(QPalette::Mid));
    bar.setWidth(bar.width() * std::clamp(fraction.toDouble(), 0.0, 1.0));
    painter->fillRect(bar, option.palette.color(QPalette::Highlight));
  }
};

} // namespace

void JobTable::setJobs(const std::vector<session::JobInfo>& jobs) {
  std::vector<Row> rows;
  for (auto job = jobs.rbegin(); job != jobs.rend(); ++job) {
    const bool again = !rows.empty() && rows.back().job.title == job->title && job->state == session::JobState::Done &&
                       rows.back().job.state != session::JobState::Failed;
    if (again)
      ++rows.back().count;
    else
      rows.push_back({*job, 1});
  }
  const bool sameRows = rows.size() == m_jobs.size();
  if (!sameRows) beginResetModel();
  m_jobs = std::move(rows);
  if (!sameRows)
    endResetModel();
  else if (!m_jobs.empty())
    Q_EMIT dataChanged(index(0, 0), index(rowCount() - 1, ColumnCount - 1));
}

int JobTable::rowCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : static_cast<int>(m_jobs.size());
}
int JobTable::columnCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : ColumnCount; }

QVariant JobTable::data(const QModelIndex& index, int role) const {
  if (!index.isValid() || index.row() >= rowCount()) return {};
  const Row& row = m_jobs[static_cast<std::size_t>(index.row())];
  const session::JobInfo& job = row.job;
  if (role == Qt::DisplayRole) return index.column() == Title ? titleText(job, row.count) : stateText(job);
  if (role == Qt::ToolTipRole) {
    QString text = QString::fromStdString(job.title) + QLatin1Char('\n') + stateText(job);
    if (!job.over() && job.secondsLeft > 0) text += tr("\nabout %1 s left").arg(job.secondsLeft, 0, 'f', 1);
    return text;
  }
  if (role == kIdRole) return QVariant::fromValue(static_cast<qulonglong>(job.id));
  if (role == kOverRole) return job.over();
  if (role == kFractionRole && index.column() == Progress && !job.over() && job.fraction >= 0) return job.fraction;
  return {};
}

LogDock::LogDock(Desk& desk, QWidget* parent) : QDockWidget(tr("Log"), parent), m_desk(desk), m_view(new QTableView) {
  setObjectName(QStringLiteral("dock.log"));
  m_view->setObjectName(QStringLiteral("log.table"));
  m_view->setModel(&m_table);
  m_view->setItemDelegateForColumn(JobTable::Progress, new ProgressDelegate(m_view));
  m_view->horizontalHeader()->hide();
  m_view->verticalHeader()->hide();
  m_view->verticalHeader()->setDefaultSectionSize(24);
  m_view->horizontalHeader()->setStretchLastSection(true);
  m_view->horizontalHeader()->resizeSection(JobTable::Title, 140);
  m_view->setShowGrid(false);
  m_view->setSelectionBehavior(QAbstractItemView::SelectRows);
  m_view->setContextMenuPolicy(Qt::CustomContextMenu);
  m_view->setWordWrap(false);
  m_view->setToolTip(tr("Right click: copy or cancel; Escape cancels all"));
  setWidget(m_view);
  connect(m_view, &QTableView::customContextMenuRequested, this, &LogDock::menu);
  connect(&desk.link(), &SessionLink::stateChanged, this, [this] { m_table.setJobs(m_desk.link().state().jobs); });
}

void LogDock::menu(const QPoint& at) {
  const QModelIndex index = m_view->indexAt(at);
  if (!index.isValid()) return;
  const std::uint64_t id = index.data(JobTable::kIdRole).toULongLong();
  const QString text = index.data(Qt::ToolTipRole).toString();
  auto* menu = new QMenu(m_view);
  menu->setAttribute(Qt::WA_DeleteOnClose);
  menu->addAction(tr("Copy"), this, [text] { QGuiApplication::clipboard()->setText(text); });
  if (!index.data(JobTable::kOverRole).toBool())
    menu->addAction(tr("Cancel"), this, [this, id] { m_desk.link().cancel(id); });
  menu->popup(m_view->viewport()->mapToGlobal(at));
}

} // namespace orrery::app
