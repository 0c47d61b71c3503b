// SPDX-License-Identifier: MIT
#include "app/window/evict_dock.h"

#include <QFormLayout>
#include <QHBoxLayout>
#include <QRegularExpression>
#include <QScrollArea>
#include <QVBoxLayout>
#include <algorithm>

#include "views/scene/ticks.h"

namespace orrery::app {
namespace {

std::vector<std::int64_t> numbersIn(const QString& text) {
  std::vector<std::int64_t> numbers;
  static const QRegularExpression kBetween(QStringLiteral("[,;\\s]+"));
  for (const QString& word : text.split(kBetween, Qt::SkipEmptyParts)) {
    bool whole = false;
    const qlonglong number = word.toLongLong(&whole);
    if (whole) numbers.push_back(number);
  }
  return numbers;
}

QString textOf(const std::vector<std::int64_t>& numbers) {
  QStringList words;
  for (const std::int64_t number : numbers) words.append(QString::number(number));
  return words.join(QStringLiteral(", "));
}

QLineEdit* field(const char* name, const QString& text, const QString& tip) {
  auto* line = new QLineEdit(text);
  line->setObjectName(QLatin1String(name));
  line->setToolTip(tip);
  return line;
}

} // namespace

EvictDock::EvictDock(Desk& desk, QWidget* parent)
    : QDockWidget(tr("Eviction"), parent), m_desk(desk),
      m_budgets(field("evict.budgets", {}, tr("Entries kept per head, by comma; empty: T/8, T/4, T/2, T"))),
      m_dropped(field("evict.dropped", {}, tr("Positions of tokens to drop in every layer and head"))),
      m_picking(new QCheckBox(tr("a click on a token drops or keeps it"))), m_run(new QPushButton(tr("Try"))),
      m_show(new QPushButton(tr("Show"))), m_summary(new QLabel) {
  setObjectName(QStringLiteral("dock.evict"));
  m_budgets->setPlaceholderText(tr("T/8, T/4, T/2, T"));
  m_dropped->setPlaceholderText(tr("none"));
  m_picking->setObjectName(QStringLiteral("evict.picking"));
  m_run->setObjectName(QStringLiteral("evict.run"));
  m_run->setToolTip(tr("Send the text through the model once for every cache and compare"));
  m_show->setObjectName(QStringLiteral("evict.show"));
  m_show->setToolTip(tr("Costs over the budget, and token by token"));
  m_summary->setObjectName(QStringLiteral("evict.summary"));
  m_summary->setProperty("role", "secondary");
  m_summary->setWordWrap(true);
  auto* form = new QFormLayout;
  for (std::size_t i = 0; i < m_policies.size(); ++i) {
    const QString name = QString::fromUtf8(hooks::kEvictionPolicies[i].data());
    m_policies[i] = new QCheckBox(name);
    m_policies[i]->setObjectName(QStringLiteral("evict.") + name);
    m_policies[i]->setChecked(true);
    form->addRow(i == 0 ? tr("policies") : QString(), m_policies[i]);
  }
  form->addRow(tr("budgets"), m_budgets);
  form->addRow(tr("dropped"), m_dropped);
  form->addRow(QString(), m_picking);
  auto* body = new QWidget;
  auto* column = new QVBoxLayout(body);
  column->setContentsMargins(12, 4, 12, 8);
  column->addLayout(form);
  auto* buttons = new QHBoxLayout;
  buttons->addWidget(m_run);
  buttons->addWidget(m_show);
  buttons->addStretch(1);
  column->addLayout(buttons);
  column->addWidget(m_summary);
  column->addStretch(1);
  auto* scroll = new QScrollArea;
  scroll->setObjectName(QStringLiteral("evict.scroll"));
  scroll->setWidgetResizable(true);
  scroll->setFrameShape(QFrame::NoFrame);
  scroll->setWidget(body);
  setWidget(scroll);
  connect(m_run, &QPushButton::clicked, this, &EvictDock::run);
  connect(m_show, &QPushButton::clicked, this, [this] {
    Q_EMIT viewWanted(QStringLiteral("eviction-curve"));
    Q_EMIT viewWanted(QStringLiteral("eviction"));
  });
  connect(&desk.link(), &SessionLink::snapshotChanged, this, &EvictDock::refresh);
  connect(&desk.link(), &SessionLink::stateChanged, this, &EvictDock::refresh);
  connect(&desk.selection(), &SelectionModel::changed, this, &EvictDock::pick);
  refresh();
}

std::vector<hooks::Eviction> EvictDock::wanted() const {
  const std::int64_t tokens = m_desk.link().length();
  std::vector<std::int64_t> budgets = numbersIn(m_budgets->text());
  if (budgets.empty())
    for (const int part : {8, 4, 2, 1}) budgets.push_back(std::max<std::int64_t>(1, tokens / part));
  std::vector<hooks::Eviction> all;
  for (std::size_t i = 0; i < m_policies.size(); ++i)
    for (const std::int64_t budget : budgets)
      if (m_policies[i]->isChecked()) all.push_back({static_cast<hooks::EvictionPolicy>(i), budget, {}});
  const std::vector<std::int64_t> dropped = numbersIn(m_dropped->text());
  if (!dropped.empty())
    all.push_back({hooks::EvictionPolicy::Own, tokens - static_cast<std::int64_t>(dropped.size()), dropped});
  return all;
}

void EvictDock::run() {
  const std::vector<hooks::Eviction> evictions = wanted();
  if (evictions.empty()) return m_desk.fail(tr("Choose a policy, or tokens to drop"));
  m_desk.run().evict(evictions);
}

void EvictDock::refresh() {
  m_run->setEnabled(m_desk.run().hasRun() && !m_desk.link().busy());
  const store::SnapshotPtr snapshot = m_desk.link().snapshot();
  const bool has = snapshot && snapshot->eviction && !snapshot->eviction->results.empty();
  m_show->setEnabled(has);
  QString text = tr("Nothing was tried on this run yet.");
  if (m_desk.link().model() && !m_desk.run().canRun()) text = tr("A trace file has no model: open its checkpoint.");
  if (has) {
    const auto& results = snapshot->eviction->results;
    const auto worst =
        std::ranges::max_element(results, [](const auto& a, const auto& b) { return a.klMean() < b.klMean(); });
    text = tr("%1 caches over %2 tokens; dearest: %3 with %4 entries, mean KL %5 nat.")
               .arg(results.size())
               .arg(snapshot->eviction->tokens)
               .arg(QString::fromUtf8(hooks::policyName(worst->eviction.policy).data()))
               .arg(worst->eviction.budget)
               .arg(QString::fromStdString(scene::numberText(worst->klMean(), 3)));
  }
  if (m_summary->text() != text) m_summary->setText(text);
}

// While picking, choosing a token turns it in or out of the list.
void EvictDock::pick(const views::Selection& now, const views::Selection& before) {
  if (!m_picking->isChecked()) return;
  const std::int64_t token = now.key != before.key ? now.key : now.query != before.query ? now.query : views::kNone;
  if (token == views::kNone) return;
  std::vector<std::int64_t> dropped = numbersIn(m_dropped->text());
  if (std::erase(dropped, token) == 0) dropped.push_back(token);
  std::ranges::sort(dropped);
  m_dropped->setText(textOf(dropped));
}

} // namespace orrery::app
