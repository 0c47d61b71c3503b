// SPDX-License-Identifier: MIT
#include "app/window/settings_dock.h"

#include <QCheckBox>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QScrollArea>
#include <QVBoxLayout>

#include "views/gpu/color_range.h"
#include "views/weight_input.h"

namespace orrery::app {
namespace {

void showValue(QWidget* field, const QString& value) {
  if (auto* choice = qobject_cast<QComboBox*>(field)) choice->setCurrentText(value);
  if (auto* check = qobject_cast<QCheckBox*>(field)) check->setChecked(value == QLatin1String("true"));
  if (auto* line = qobject_cast<QLineEdit*>(field); line && line->text() != value) line->setText(value);
}

} // namespace

SettingsDock::SettingsDock(Desk& desk, QWidget* parent)
    : QDockWidget(tr("View settings"), parent), m_desk(desk), m_views(new QComboBox) {
  setObjectName(QStringLiteral("dock.settings"));
  m_views->setObjectName(QStringLiteral("settings.view"));
  for (const auto& view : desk.views().registry().all())
    m_views->addItem(QString::fromStdString(view->info().title), QString::fromStdString(view->info().name));
  auto* body = new QWidget;
  auto* layout = new QVBoxLayout(body);
  layout->setContentsMargins(12, 4, 12, 8);
  layout->setSpacing(8);
  auto* scroll = new QScrollArea;
  scroll->setObjectName(QStringLiteral("settings.scroll"));
  scroll->setWidgetResizable(true);
  scroll->setFrameShape(QFrame::NoFrame);
  layout->addWidget(m_views);
  layout->addWidget(scroll, 1);
  setWidget(body);
  connect(m_views, &QComboBox::activated, this,
          [this] { m_desk.views().setActive(m_views->currentData().toString().toStdString()); });
  connect(&desk.views(), &ViewStore::activeChanged, this, &SettingsDock::chooseView);
  connect(&desk.views(), &ViewStore::parametersChanged, this, &SettingsDock::showValues);
  connect(&desk.views(), &ViewStore::rangeChanged, this, [this](const QString& view) {
    if (view.toStdString() == m_desk.views().active()) showRange();
  });
  connect(&desk.link(), &SessionLink::weightsChanged, this, &SettingsDock::showSteps);
  chooseView();
}

void SettingsDock::chooseView() {
  m_views->setCurrentIndex(m_views->findData(QString::fromStdString(m_desk.views().active())));
  buildForm();
}

void SettingsDock::buildForm() {
  m_fields.clear();
  m_range = nullptr;
  m_steps = nullptr;
  const views::View* view = m_desk.views().registry().find(m_desk.views().active());
  auto* form = new QWidget;
  auto* rows = new QFormLayout(form);
  rows->setContentsMargins(0, 0, 0, 0);
  rows->setVerticalSpacing(6);
  const auto row = [rows](const QString& title, QWidget* field) {
    auto* label = new QLabel(title);
    label->setProperty("role", "secondary");
    label->setToolTip(field->toolTip());
    rows->addRow(label, field);
  };
  if (view)
    for (const views::Parameter& parameter : view->info().parameters) {
      const bool low = parameter.name == "low", high = parameter.name == "high";
      if (gpu::hasRange(view->info()) && (low || high)) {
        if (!m_range) row(tr("range"), makeRange());
        continue;
      }
      const bool steps = view->info().input == "checkpoints" && parameter.name == views::stepParameter().name;
      QWidget* field = steps ? makeSteps() : makeField(parameter);
      field->setObjectName(QStringLiteral("settings.") + QString::fromStdString(parameter.name));
      field->setToolTip(QString::fromStdString(parameter.help));
      m_fields[parameter.name] = field;
      row(QString::fromStdString(parameter.name), field);
    }
  auto* reset = new QPushButton(tr("Defaults"));
  reset->setObjectName(QStringLiteral("settings.reset"));
  connect(reset, &QPushButton::clicked, this, [this] { m_desk.setParameters(m_desk.views().active(), {}); });
  rows->addRow(QString(), reset);
  findChild<QScrollArea*>(QStringLiteral("settings.scroll"))->setWidget(form);
  m_form = form;
  showValues();
}

// Numbers are text fields: many take "auto" as well, and the view itself says what is wrong.
QWidget* SettingsDock::makeField(const views::Parameter& parameter) {
  const std::string name = parameter.name;
  if (parameter.kind == views::ParameterKind::Choice) {
    auto* choice = new QComboBox;
    for (const std::string& option : parameter.choices) choice->addItem(QString::fromStdString(option));
    connect(choice, &QComboBox::currentTextChanged, this, [this, name](const QString& text) { take(name, text); });
    return choice;
  }
  if (parameter.kind == views::ParameterKind::Boolean) {
    auto* check = new QCheckBox;
    connect(check, &QCheckBox::toggled, this,
            [this, name](bool on) { take(name, on ? QStringLiteral("true") : QStringLiteral("false")); });
    return check;
  }
  auto* line = new QLineEdit;
  connect(line, &QLineEdit::editingFinished, this, [this, name, line] { take(name, line->text()); });
  return line;
}

QWidget* SettingsDock::makeSteps() {
  m_steps = new StepField;
  connect(m_steps, &StepField::moved, this,
          [this](int step) { take(views::stepParameter().name, QString::number(step)); });
  return m_steps;
}

void SettingsDock::showSteps() {
  if (!m_steps) return;
  const views::Parameters given = m_desk.views().parameters(m_desk.views().active());
  const auto step = given.find(views::stepParameter().name);
  QStringList names;
  for (const weights::WeightsPtr& other : m_desk.link().state().series)
    names << QString::fromStdString(views::checkpointName(*other));
  m_steps->show(step == given.end() ? 0 : QString::fromStdString(step->second).toInt(), names);
}

void SettingsDock::showValues() {
  const views::View* view = m_desk.views().registry().find(m_desk.views().active());
  if (!view) return;
  m_showing = true;
  const views::Parameters given = m_desk.views().parameters(m_desk.views().active());
  for (const views::Parameter& parameter : view->info().parameters) {
    const auto set = given.find(parameter.name);
    const std::string& value = set == given.end() ? parameter.defaultValue : set->second;
    if (const auto field = m_fields.find(parameter.name); field != m_fields.end())
      showValue(field->second, QString::fromStdString(value));
  }
  m_showing = false;
  showSteps();
  showRange();
}

QWidget* SettingsDock::makeRange() {
  m_range = new RangeField;
  m_range->setToolTip(tr("Values of the lowest and the highest colour"));
  connect(m_range, &RangeField::typed, this, &SettingsDock::takeRange);
  connect(m_range, &RangeField::lockToggled, this, &SettingsDock::lockRange);
  return m_range;
}

void SettingsDock::showRange() {
  if (!m_range) return;
  const std::string& view = m_desk.views().active();
  const views::Parameters given = m_desk.views().parameters(view);
  const auto end = [&given](const char* name) {
    const auto found = given.find(name);
    return found == given.end() ? QStringLiteral("auto") : QString::fromStdString(found->second);
  };
  m_range->show(end("low"), end("high"), m_desk.views().range(view));
}

void SettingsDock::takeRange(const QString& low, const QString& high) {
  bool lowGiven = false, highGiven = false;
  const double a = low.toDouble(&lowGiven), b = high.toDouble(&highGiven);
  if (lowGiven && highGiven && !(a < b)) {
    m_desk.fail(tr("The colour range needs a low end below its high end, found %1 and %2.").arg(low, high));
    return showRange();
  }
  views::Parameters next = m_desk.views().parameters(m_desk.views().active());
  for (const auto& [name, value] : {std::pair{"low", low}, std::pair{"high", high}})
    if (next.contains(name) || value != QLatin1String("auto")) next[name] = value.toStdString();
  take(next);
}

void SettingsDock::lockRange(bool on) {
  const std::string& view = m_desk.views().active();
  const views::Parameters given = m_desk.views().parameters(view);
  gpu::RangeState before = m_desk.views().range(view);
  before.lock = !on; // the picture may be behind
  gpu::RangeState after = before;
  after.lock = on;
  views::Parameters next = gpu::withRange(m_desk.views().registry().find(view)->info(), given, before, after);
  for (const char* name : {"low", "high"}) // a number that was typed stays as it is
    if (const auto typed = given.find(name); on && typed != given.end() && typed->second != "auto")
      next[name] = typed->second;
  take(next);
  showRange();
}

// Refused values are told at once and the old ones come back.
void SettingsDock::take(const std::string& name, const QString& value) {
  if (m_showing) return;
  views::Parameters next = m_desk.views().parameters(m_desk.views().active());
  next[name] = value.toStdString();
  take(next);
}

void SettingsDock::take(const views::Parameters& parameters) {
  const views::View* view = m_desk.views().registry().find(m_desk.views().active());
  if (!view) return;
  const auto now = views::completeParameters(view->info(), m_desk.views().parameters(m_desk.views().active()));
  const auto complete = views::completeParameters(view->info(), parameters);
  if (!complete) {
    m_desk.fail(complete.error());
    return showValues();
  }
  if (!now || *now != *complete) m_desk.setParameters(m_desk.views().active(), parameters);
}

} // namespace orrery::app
