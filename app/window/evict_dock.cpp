// SPDX-License-Identifier: MIT
#include "app/window/evict_dock.h"

#include <QFormLayout>
#include <QGridLayout>
#include <QHBoxLayout>
#include <QPointer>
#include <QRegularExpression>
#include <QScrollArea>
#include <QVBoxLayout>
#include <algorithm>

#include "views/scene/ticks.h"

namespace orrery::app {
namespace {

// Whole numbers by comma or space; a sentence with `name` if anything else stands there.
Result<std::vector<std::int64_t>> numbersIn(const QLineEdit& line, const char* name) {
  std::vector<std::int64_t> numbers;
  static const QRegularExpression kBetween(QStringLiteral("[,;\\s]+"));
  for (const QString& word : line.text().split(kBetween, Qt::SkipEmptyParts)) {
    bool whole = false;
    const qlonglong number = word.toLongLong(&whole);
    if (!whole)
      return badInput(std::string(name) + ": expected whole numbers by comma, found \"" + word.toStdString() + "\"");
    numbers.push_back(number);
  }
  return numbers;
}

QString textOf(const std::vector<std::int64_t>& numbers) {
  QStringList words;
  for (const std::int64_t number : numbers) words.append(QString::number(number));
  return words.join(QStringLiteral(", "));
}

constexpr std::array<const char*, 4> kPolicyTips = {
    QT_TRANSLATE_NOOP("orrery::app::EvictDock", "Keeps the newest entries"),
    QT_TRANSLATE_NOOP("orrery::app::EvictDock", "Keeps the first entries (attention sinks) and the newest"),
    QT_TRANSLATE_NOOP("orrery::app::EvictDock", "Keeps the entries that were attended to most, and the newest"),
    QT_TRANSLATE_NOOP("orrery::app::EvictDock", "Drops the entry whose key has the largest norm")};

QLineEdit* field(const char* name, const QString& text, const QString& tip) {
  auto* line = new QLineEdit(text);
  line->setObjectName(QLatin1String(name));
  line->setToolTip(tip);
  return line;
}

class DropCommand : public QUndoCommand {
public:
  DropCommand(QLineEdit* line, QString after)
      : QUndoCommand(QObject::tr("dropped tokens")), m_line(line), m_before(line->text()), m_after(std::move(after)) {}
  void undo() override { show(m_before); }
  void redo() override { show(m_after); }

private:
  void show(const QString& text) {
    if (m_line) m_line->setText(text);
  }
  QPointer<QLineEdit> m_line;
  QString m_before, m_after;
};

const session::JobInfo* runningEviction(SessionLink& link) {
  for (const session::JobInfo& job : link.state().jobs)
    if (!job.over() && job.title.starts_with("Evict")) return &job;
  return nullptr;
}

} // namespace

EvictDock::EvictDock(Desk& desk, QWidget* parent)
    : QDockWidget(tr("Eviction"), parent), m_desk(desk),
      m_budgets(field("evict.budgets", {}, tr("Entries kept per head, by comma; empty: T/8, T/4, T/2, T"))),
      m_dropped(field("evict.dropped", {}, tr("Positions of tokens to drop in every layer and head"))),
      m_picking(new QCheckBox(tr("click tokens to drop"))), m_run(new QPushButton(tr("Try"))),
      m_show(new QPushButton(tr("Show"))), m_summary(new QLabel) {
  setObjectName(QStringLiteral("dock.evict"));
  m_budgets->setPlaceholderText(tr("T/8, T/4, T/2, T"));
  m_dropped->setPlaceholderText(tr("none"));
  m_picking->setToolTip(tr("While this is on, a click on a token in any view drops it, another one keeps it"));
  m_picking->setObjectName(QStringLiteral("evict.picking"));
  m_run->setObjectName(QStringLiteral("evict.run"));
  m_run->setToolTip(tr("Send the text through the model once for every cache and compare"));
  m_show->setObjectName(QStringLiteral("evict.show"));
  m_show->setToolTip(tr("Costs over the budget, and token by token"));
  m_summary->setObjectName(QStringLiteral("evict.summary"));
  m_summary->setProperty("role", "secondary");
  m_summary->setWordWrap(true);
  setWidget(makeBody());
  connect(m_run, &QPushButton::clicked, this, &EvictDock::run);
  connect(m_show, &QPushButton::clicked, this, [this] {
    Q_EMIT viewWanted(QStringLiteral("eviction-curve"));
    Q_EMIT viewWanted(QStringLiteral("eviction"));
  });
  connect(&desk.link(), &SessionLink::snapshotChanged, this, &EvictDock::refresh);
  connect(&desk.link(), &SessionLink::stateChanged, this, &EvictDock::refresh);
  connect(&desk, &Desk::tokenClicked, this, &EvictDock::pick);
  refresh();
}

// The form scrolls where the window is low; the buttons stay in sight.
QWidget* EvictDock::makeBody() {
  auto* policies = new QGridLayout;
  for (std::size_t i = 0; i < m_policies.size(); ++i) {
    const QString name = QString::fromUtf8(hooks::kEvictionPolicies[i].data());
    m_policies[i] = new QCheckBox(name);
    m_policies[i]->setObjectName(QStringLiteral("evict.") + name);
    m_policies[i]->setToolTip(tr(kPolicyTips[i]));
    m_policies[i]->setChecked(true);
    policies->addWidget(m_policies[i], static_cast<int>(i) / 2, static_cast<int>(i) % 2);
  }
  auto* inner = new QWidget;
  auto* form = new QFormLayout(inner);
  form->setContentsMargins(12, 4, 12, 4);
  form->addRow(policies);
  form->addRow(tr("budgets"), m_budgets);
  form->addRow(tr("dropped"), m_dropped);
  form->addRow(QString(), m_picking);
  form->addRow(m_summary);
  auto* scroll = new QScrollArea;
  scroll->setObjectName(QStringLiteral("evict.scroll"));
  scroll->setWidgetResizable(true);
  scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  scroll->setFrameShape(QFrame::NoFrame);
  scroll->setWidget(inner);
  auto* buttons = new QHBoxLayout;
  buttons->setContentsMargins(12, 4, 12, 8);
  buttons->addWidget(m_run);
  buttons->addWidget(m_show);
  buttons->addStretch(1);
  auto* body = new QWidget;
  auto* column = new QVBoxLayout(body);
  column->setContentsMargins(0, 0, 0, 0);
  column->setSpacing(0);
  column->addWidget(scroll, 1);
  column->addLayout(buttons);
  return body;
}

Result<std::vector<hooks::Eviction>> EvictDock::wanted() const {
  const std::int64_t tokens = m_desk.link().length();
  auto budgets = numbersIn(*m_budgets, "budgets");
  if (!budgets) return budgets.error();
  auto dropped = numbersIn(*m_dropped, "dropped tokens");
  if (!dropped) return dropped.error();
  if (budgets->empty())
    for (const int part : {8, 4, 2, 1}) budgets->push_back(std::max<std::int64_t>(1, tokens / part));
  std::vector<hooks::Eviction> all;
  for (std::size_t i = 0; i < m_policies.size(); ++i)
    for (const std::int64_t budget : *budgets)
      if (m_policies[i]->isChecked()) all.push_back({static_cast<hooks::EvictionPolicy>(i), budget, {}});
  if (!dropped->empty())
    all.push_back({hooks::EvictionPolicy::Own, tokens - static_cast<std::int64_t>(dropped->size()), *dropped});
  if (all.empty()) return badInput("nothing to try: choose a policy, or tokens to drop");
  return all;
}

void EvictDock::run() {
  if (const session::JobInfo* job = runningEviction(m_desk.link())) return m_desk.link().cancel(job->id);
  const auto evictions = wanted();
  if (!evictions) return m_desk.fail(evictions.error());
  m_desk.run().evict(*evictions);
}

void EvictDock::refresh() {
  const session::JobInfo* job = runningEviction(m_desk.link());
  const bool running = job != nullptr;
  m_run->setText(running ? tr("Cancel") : tr("Try"));
  m_run->setEnabled(running || (m_desk.run().hasRun() && !m_desk.link().busy()));
  const store::SnapshotPtr snapshot = m_desk.link().snapshot();
  const bool has = snapshot && snapshot->eviction && !snapshot->eviction->results.empty();
  m_show->setEnabled(has);
  const QString text = running ? QString::fromStdString(job->detail.empty() ? job->title : job->detail)
                       : has   ? summary(*snapshot->eviction)
                               : whatToDo();
  if (m_summary->text() == text) return;
  m_summary->setText(text);
  m_show->setToolTip(has ? text : tr("Costs over the budget, and token by token, of what was tried"));
}

QString EvictDock::summary(const hooks::EvictionStudy& study) const {
  const auto worst =
      std::ranges::max_element(study.results, [](const auto& a, const auto& b) { return a.klMean() < b.klMean(); });
  return tr("%1 caches over %2 tokens. Costs most: %3 with %4 entries, mean KL %5 nat.")
      .arg(study.results.size())
      .arg(study.tokens)
      .arg(QString::fromUtf8(hooks::policyName(worst->eviction.policy).data()))
      .arg(worst->eviction.budget)
      .arg(QString::fromStdString(scene::numberText(worst->klMean(), 3)));
}

QString EvictDock::whatToDo() const {
  if (m_desk.run().hasRun()) return tr("Nothing was tried on this run yet. Try sends its text through smaller caches.");
  if (m_desk.link().model() && !m_desk.run().canRun()) return tr("A trace file has no model: open its checkpoint.");
  return tr("Run a prompt first.");
}

// While picking, a click on a token turns it in or out of the list.
void EvictDock::pick(std::int64_t token) {
  if (!m_picking->isChecked()) return;
  auto dropped = numbersIn(*m_dropped, "dropped tokens");
  if (!dropped) return m_desk.fail(dropped.error());
  if (std::erase(*dropped, token) == 0) dropped->push_back(token);
  std::ranges::sort(*dropped);
  m_desk.undo().push(new DropCommand(m_dropped, textOf(*dropped)));
}

} // namespace orrery::app
