// SPDX-License-Identifier: MIT
#include "app/window/inspector_dock.h"

#include <QGridLayout>
#include <QVBoxLayout>
#include <cmath>
#include <limits>

#include "views/paint/painter.h"
#include "views/scene/text_metrics.h"

namespace orrery::app {

Result<CellNumbers> cellNumbers(const store::Snapshot& snapshot, const views::Selection& s) {
  const auto layer = static_cast<std::size_t>(s.layer);
  if (s.query < 0 || s.key < 0 || layer >= snapshot.attention.size()) return notFound("no cell is selected");
  const hooks::AttentionRecord& record = snapshot.attention[layer];
  if (s.head >= record.heads || s.query >= record.tokens || s.key >= record.tokens)
    return notFound("the run does not reach this cell");
  const auto tile = hooks::attentionTile64(record, s.head, {s.query, s.query + 1}, {s.key, s.key + 1});
  if (!tile) return tile.error();
  CellNumbers numbers;
  numbers.probability = tile->front();
  const auto products = hooks::dimensionProducts(record, s.head, s.query, s.key);
  if (!products) return products.error();
  numbers.score = 0;
  for (const double product : *products) numbers.score += product;
  if (record.softcap > 0) numbers.score = record.softcap * std::tanh(numbers.score / record.softcap);
  // p = exp(score - lse), so the log-sum-exp of the row follows from the two, whatever the dtype of the run.
  numbers.lse = numbers.probability > 0 ? numbers.score - std::log(numbers.probability)
                                        : std::numeric_limits<double>::quiet_NaN();
  return numbers;
}

namespace {

QString tokenText(const store::Snapshot* snapshot, std::int64_t at) {
  if (!snapshot || at < 0 || at >= snapshot->length()) return {};
  const auto i = static_cast<std::size_t>(at);
  return QStringLiteral("%1  %2").arg(at).arg(QString::fromStdString(scene::tokenLabel(snapshot->pieces[i])));
}

} // namespace

InspectorDock::InspectorDock(Desk& desk, QWidget* parent)
    : QDockWidget(tr("Inspector"), parent), m_desk(desk), m_next(new ViewPane(desk, "next", false)) {
  setObjectName(QStringLiteral("dock.inspector"));
  auto* body = new QWidget;
  auto* layout = new QVBoxLayout(body);
  layout->setContentsMargins(0, 4, 0, 0);
  layout->setSpacing(8);
  auto* numbers = new QWidget;
  auto* grid = new QGridLayout(numbers);
  grid->setContentsMargins(12, 0, 12, 0);
  grid->setVerticalSpacing(4);
  grid->setHorizontalSpacing(12);
  grid->setColumnStretch(1, 1);
  addRow(*grid, "layer", tr("layer"), tr("Up and Down choose the layer"));
  addRow(*grid, "head", tr("head"), tr("[ and ] choose the head"));
  addRow(*grid, "query", tr("query"), tr("the token that attends; Left and Right choose it"));
  addRow(*grid, "key", tr("key"), tr("the token that is attended to"));
  addRow(*grid, "probability", tr("probability"), tr("attention after the softmax"));
  addRow(*grid, "score", tr("score"), tr("scale \u00b7 q\u00b7k, before the softmax"));
  addRow(*grid, "lse", tr("log-sum-exp"), tr("of the scores of the query's row, natural log"));
  addRow(*grid, "surprisal", tr("surprisal"), tr("-ln of the probability that the query token had"));
  layout->addWidget(numbers);
  layout->addWidget(m_next, 1);
  setWidget(body);
  connect(&desk.selection(), &SelectionModel::changed, this, &InspectorDock::refresh);
  connect(&desk.link(), &SessionLink::snapshotChanged, this, &InspectorDock::refresh);
  refresh();
}

void InspectorDock::addRow(QGridLayout& grid, const char* key, const QString& title, const QString& tip) {
  const int row = grid.rowCount();
  auto* name = new QLabel(title);
  name->setProperty("role", "secondary");
  name->setToolTip(tip);
  auto* value = new QLabel;
  value->setObjectName(QStringLiteral("inspector.") + QLatin1String(key));
  value->setProperty("role", "number");
  value->setTextInteractionFlags(Qt::TextSelectableByMouse);
  QFont mono = paint::monoFont();
  mono.setPixelSize(12);
  value->setFont(mono);
  grid.addWidget(name, row, 0);
  grid.addWidget(value, row, 1);
  m_values[key] = value;
}

void InspectorDock::show(const char* key, const QString& text, const QString& full) {
  QLabel& label = *m_values.at(key);
  label.setText(text.isEmpty() ? QStringLiteral("\u2013") : text);
  label.setToolTip(full);
}

void InspectorDock::refresh() {
  const views::Selection& s = m_desk.selection().selection();
  const store::Snapshot* snapshot = m_desk.link().snapshot().get();
  show("layer", snapshot ? QString::number(s.layer) : QString());
  show("head", snapshot ? QString::number(s.head) : QString());
  show("query", tokenText(snapshot, s.query));
  show("key", tokenText(snapshot, s.key));
  const bool scored = snapshot && s.query > 0 && static_cast<std::size_t>(s.query) < snapshot->scores.size();
  const double surprisal = scored ? -snapshot->scores[static_cast<std::size_t>(s.query)].logProbability : 0;
  const bool known = scored && std::isfinite(surprisal);
  show("surprisal", known ? QString::number(surprisal, 'g', 4) + tr(" nat") : QString(),
       known ? QString::number(surprisal, 'g', 17) : QString());
  showCell();
}

void InspectorDock::showCell() {
  const store::SnapshotPtr snapshot = m_desk.link().snapshot();
  const auto numbers =
      snapshot ? cellNumbers(*snapshot, m_desk.selection().selection()) : Result<CellNumbers>(notFound("no run"));
  const std::pair<const char*, double CellNumbers::*> rows[] = {
      {"probability", &CellNumbers::probability}, {"score", &CellNumbers::score}, {"lse", &CellNumbers::lse}};
  for (const auto& [key, member] : rows) {
    const double value = numbers ? (*numbers).*member : std::numeric_limits<double>::quiet_NaN();
    show(key, std::isfinite(value) ? QString::number(value, 'g', 6) : QString(),
         std::isfinite(value) ? QString::number(value, 'g', 17) : QString());
  }
}

} // namespace orrery::app
