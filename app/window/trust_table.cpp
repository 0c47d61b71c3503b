// SPDX-License-Identifier: MIT
#include <QClipboard>
#include <QDialog>
#include <QGuiApplication>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QPushButton>
#include <QTableWidget>
#include <QVBoxLayout>

#include "app/theme.h"
#include "app/window/trust_check.h"

namespace orrery::app {
namespace {

QString shown(double value) { return QString::number(value, 'e', 2); }

struct Table {
  QStringList head;
  std::vector<QStringList> rows;
  std::vector<bool> ok;
};

Table hookTable(const session::Verification& v) {
  Table table{{TrustCheck::tr("hook point"), TrustCheck::tr("largest difference"), TrustCheck::tr("allowed"),
               TrustCheck::tr("against"), TrustCheck::tr("note")},
              {},
              {}};
  for (const session::VerifyRow& row : v.rows) {
    table.rows.push_back({QString::fromStdString(row.name), shown(row.maxAbs), shown(row.tolerance),
                          QString::fromStdString(row.source), QString::fromStdString(row.note)});
    table.ok.push_back(row.ok);
  }
  return table;
}

Table logitsTable(const analysis::LogitsChange& change) {
  Table table{{TrustCheck::tr("logits"), TrustCheck::tr("value")}, {}, {}};
  const auto add = [&](const QString& name, const QString& value) {
    table.rows.push_back({name, value});
    table.ok.push_back(true);
  };
  add(TrustCheck::tr("largest difference"), shown(change.maxAbs()));
  add(TrustCheck::tr("KL, mean (nat)"), shown(change.klMean()));
  add(TrustCheck::tr("most likely token changed"),
      TrustCheck::tr("%1 of %2 positions").arg(change.top1Changed()).arg(change.positions()));
  for (std::size_t i = 0; i < change.kl().size(); ++i)
    add(TrustCheck::tr("KL at position %1").arg(i), shown(change.kl()[i]));
  return table;
}

QTableWidget* widgetOf(const Table& table, const scene::Theme& theme) {
  auto* widget = new QTableWidget(static_cast<int>(table.rows.size()), static_cast<int>(table.head.size()));
  widget->setObjectName(QStringLiteral("trust.table"));
  widget->setHorizontalHeaderLabels(table.head);
  widget->verticalHeader()->hide();
  widget->setShowGrid(false);
  widget->setEditTriggers(QAbstractItemView::NoEditTriggers);
  widget->setSelectionBehavior(QAbstractItemView::SelectRows);
  for (int r = 0; r < widget->rowCount(); ++r)
    for (int c = 0; c < widget->columnCount(); ++c) {
      const auto row = static_cast<std::size_t>(r);
      auto* item = new QTableWidgetItem(table.rows[row][c]);
      if (c == 1 || c == 2) item->setTextAlignment(Qt::AlignRight | Qt::AlignVCenter);
      if (!table.ok[row]) item->setForeground(toQt(theme.bad));
      widget->setItem(r, c, item);
    }
  widget->resizeColumnsToContents();
  widget->horizontalHeader()->setStretchLastSection(true);
  return widget;
}

QString asText(const Table& table) {
  QString text = table.head.join(QLatin1Char('\t')) + QLatin1Char('\n');
  for (const QStringList& row : table.rows) text += row.join(QLatin1Char('\t')) + QLatin1Char('\n');
  return text;
}

} // namespace

void showTrustTable(TrustCheck& check, const scene::Theme& theme, QWidget* parent) {
  if (!check.measured()) return;
  const session::Verification& found = *check.found();
  const Table table = found.logits ? logitsTable(*found.logits) : hookTable(found);
  auto* dialog = new QDialog(parent);
  dialog->setObjectName(QStringLiteral("dialog.trust"));
  dialog->setAttribute(Qt::WA_DeleteOnClose);
  dialog->setWindowTitle(TrustCheck::tr("How exact is this run?"));
  dialog->resize(720, 520);
  auto* column = new QVBoxLayout(dialog);
  column->setContentsMargins(12, 12, 12, 12);
  column->setSpacing(8);
  QString what = TrustCheck::tr("%1; %2 tokens").arg(check.text()).arg(found.tokens);
  if (found.against != "float64") what += QStringLiteral(", ") + QString::fromStdString(found.against);
  auto* summary = new QLabel(what);
  summary->setWordWrap(true);
  auto* buttons = new QHBoxLayout;
  auto* copy = new QPushButton(TrustCheck::tr("Copy"));
  copy->setObjectName(QStringLiteral("trust.copy"));
  auto* again = new QPushButton(TrustCheck::tr("Measure again"));
  again->setObjectName(QStringLiteral("trust.again"));
  buttons->addWidget(copy);
  buttons->addWidget(again);
  buttons->addStretch(1);
  column->addWidget(summary);
  column->addWidget(widgetOf(table, theme), 1);
  column->addLayout(buttons);
  QObject::connect(copy, &QPushButton::clicked, dialog,
                   [text = asText(table)] { QGuiApplication::clipboard()->setText(text); });
  QObject::connect(again, &QPushButton::clicked, dialog, [dialog, &check] {
    check.measure();
    dialog->close();
  });
  dialog->show();
}

} // namespace orrery::app
