// SPDX-License-Identifier: MIT
#include "app/window/map_dock.h"

#include <QDir>
#include <QFileDialog>
#include <QFileInfo>
#include <QFormLayout>
#include <QHBoxLayout>
#include <QScrollArea>
#include <QVBoxLayout>
#include <cmath>

#include "app/assets.h"
#include "app/window/settings.h"
#include "core/analysis/verdict.h"
#include "core/sweep/parameters.h"

namespace orrery::app {
namespace {

// The first window of arXiv 2402.06184, small enough to fill while one watches.
constexpr const char* kTanh = R"({"model": {"kind": "mlp2", "n": 16, "nonlinearity": "tanh"}, "steps": 100,
  "axes": {"x": {"parameter": "lr.input", "scale": "log10", "min": -3, "max": 6, "count": 128},
           "y": {"parameter": "lr.output", "scale": "log10", "min": -3, "max": 6, "count": 128}},
  "refine": {"start": 8, "audit": 0.03}})";

Result<sweep::SweepSpec> readSpec(const QString& path) {
  auto json = readJsonFile(path.toStdString());
  if (!json) return json.error();
  return sweep::parseSweepSpec(*json, path.toStdString());
}

QString shortTime(double seconds) {
  if (seconds < 90) return QObject::tr("%1 s").arg(std::ceil(seconds), 0, 'f', 0);
  if (seconds < 5400) return QObject::tr("%1 min").arg(seconds / 60, 0, 'f', 0);
  return QObject::tr("%1 h").arg(seconds / 3600, 0, 'f', 1);
}

QString stateText(sweep::SweepState state) {
  switch (state) {
  case sweep::SweepState::Preparing:
    return QObject::tr("preparing");
  case sweep::SweepState::Running:
    return QObject::tr("filling");
  case sweep::SweepState::Paused:
    return QObject::tr("paused");
  case sweep::SweepState::Cancelled:
    return QObject::tr("cancelled");
  case sweep::SweepState::Failed:
    return QObject::tr("failed");
  case sweep::SweepState::Done:
    break;
  }
  return QObject::tr("done");
}

QPushButton* button(const char* name, const QString& text, const QString& tip) {
  auto* made = new QPushButton(text);
  made->setObjectName(QStringLiteral("map.") + QLatin1String(name));
  made->setToolTip(tip);
  made->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Fixed); // a narrow panel stays narrow
  made->setMinimumWidth(0);
  return made;
}

} // namespace

MapDock::MapDock(Desk& desk, std::function<scene::Rect()> shown, std::function<void(const std::string&)> show,
                 QWidget* parent)
    : QDockWidget(tr("Boundary map"), parent), m_desk(desk), m_shown(std::move(shown)), m_show(std::move(show)) {
  setObjectName(QStringLiteral("dock.map"));
  auto* body = new QWidget;
  auto* column = new QVBoxLayout(body);
  column->setContentsMargins(12, 4, 12, 8);
  column->setSpacing(8);
  column->addWidget(makeSpec());
  column->addWidget(makeNavigation());
  column->addStretch(1);
  auto* scroll = new QScrollArea;
  scroll->setWidgetResizable(true);
  scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  scroll->setFrameShape(QFrame::NoFrame);
  scroll->setWidget(body);
  setWidget(scroll);
  MapControl& control = m_desk.map();
  connect(&control, &MapControl::changed, this, &MapDock::showState);
  connect(&control, &MapControl::opened, this, [this] { m_show("map"); });
  connect(&control, &MapControl::refused, this, [this](const QString& sentence) {
    m_message->setText(sentence);
    m_message->show();
    m_desk.fail(sentence);
  });
  choosePreset();
  fillBookmarks();
  showState();
}

MapDock::Axis MapDock::makeAxis(const QString& name, QLayout& into) {
  Axis axis{new QComboBox, new QLineEdit, new QLineEdit, new QCheckBox(tr("log"))};
  axis.parameter->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Fixed);
  axis.parameter->setObjectName(QStringLiteral("map.%1").arg(name));
  axis.low->setObjectName(QStringLiteral("map.%1.low").arg(name));
  axis.high->setObjectName(QStringLiteral("map.%1.high").arg(name));
  axis.log->setToolTip(tr("The ends are exponents of ten"));
  axis.low->setMinimumWidth(30);
  axis.high->setMinimumWidth(30);
  axis.low->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Fixed);
  axis.high->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Fixed);
  auto* form = static_cast<QFormLayout*>(&into);
  form->addRow(name, axis.parameter);
  auto* ends = new QHBoxLayout;
  ends->addWidget(axis.low);
  ends->addWidget(new QLabel(tr("to")));
  ends->addWidget(axis.high);
  ends->addWidget(axis.log);
  form->addRow(QString(), ends);
  return axis;
}

QWidget* MapDock::makeSpec() {
  auto* box = new QWidget;
  auto* form = new QFormLayout(box);
  form->setContentsMargins(0, 0, 0, 0);
  form->setVerticalSpacing(6);
  m_preset = new QComboBox;
  m_preset->setObjectName(QStringLiteral("map.preset"));
  m_preset->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Fixed);
  m_preset->addItem(tr("tanh network, two rates"), QString());
  const QDir presets(QString::fromStdString(assetPath("presets")));
  for (const QFileInfo& file : presets.entryInfoList({QStringLiteral("*.json")}, QDir::Files, QDir::Name))
    if (readSpec(file.filePath())) m_preset->addItem(file.completeBaseName(), file.filePath());
  m_preset->addItem(tr("Open a spec..."), QStringLiteral("..."));
  connect(m_preset, &QComboBox::activated, this, &MapDock::choosePreset);
  form->addRow(tr("map of"), m_preset);
  m_x = makeAxis(QStringLiteral("x"), *form);
  m_y = makeAxis(QStringLiteral("y"), *form);
  m_size = new QSpinBox;
  m_size->setObjectName(QStringLiteral("map.size"));
  m_size->setRange(8, 4096);
  m_size->setToolTip(tr("Pixels on each side"));
  m_steps = new QSpinBox;
  m_steps->setObjectName(QStringLiteral("map.steps"));
  m_steps->setRange(1, 1000000);
  m_steps->setToolTip(tr("Training steps of every run"));
  m_refine = new QCheckBox(tr("guess inside areas"));
  m_refine->setObjectName(QStringLiteral("map.refine"));
  m_refine->setToolTip(tr("Coarse to fine, refined where classes meet; a share of the guesses is audited"));
  m_null = new QCheckBox(tr("null maps as well"));
  m_null->setObjectName(QStringLiteral("map.null"));
  m_null->setToolTip(tr("Quadratic loss with a smooth boundary, and shuffled labels: to stand beside the map"));
  form->addRow(tr("pixels"), m_size);
  form->addRow(tr("steps"), m_steps);
  form->addRow(QString(), m_refine);
  form->addRow(QString(), m_null);
  m_start = button("start", tr("Start"), tr("Computes this map; what was trained before is not trained again"));
  m_pause = button("pause", tr("Pause"), tr("Pauses and goes on"));
  m_cancel = button("cancel", tr("Cancel"), tr("Ends it with what is there"));
  auto* row = new QHBoxLayout;
  for (QPushButton* one : {m_start, m_pause, m_cancel}) row->addWidget(one);
  form->addRow(row);
  connect(m_start, &QPushButton::clicked, this, &MapDock::start);
  connect(m_pause, &QPushButton::clicked, this, [this] {
    const auto progress = m_desk.map().progress();
    if (progress && progress->state == sweep::SweepState::Paused)
      m_desk.map().resume();
    else
      m_desk.map().pause();
  });
  connect(m_cancel, &QPushButton::clicked, this, [this] { m_desk.map().cancel(); });
  return box;
}

QWidget* MapDock::makeNavigation() {
  auto* box = new QWidget;
  auto* column = new QVBoxLayout(box);
  column->setContentsMargins(0, 0, 0, 0);
  column->setSpacing(6);
  m_progress = new QProgressBar;
  m_progress->setObjectName(QStringLiteral("map.progress"));
  m_progress->setTextVisible(false);
  m_progress->setMaximumHeight(6);
  const auto label = [&](const char* name) {
    auto* made = new QLabel;
    made->setObjectName(QStringLiteral("map.") + QLatin1String(name));
    made->setWordWrap(true);
    made->setProperty("role", "secondary");
    return made;
  };
  m_counts = label("counts");
  m_floor = label("floor");
  m_message = label("message");
  m_zoom = button("zoom", tr("Compute what is shown"), tr("Zoom the picture first: wheel, drag, Shift and drag"));
  m_back = button("back", tr("Back"), tr("The window before"));
  m_forward = button("forward", tr("Forward"), tr("The window after"));
  m_bookmark = button("bookmark", tr("Bookmark"), tr("Keeps this window for later"));
  m_bookmarks = new QComboBox;
  m_bookmarks->setObjectName(QStringLiteral("map.bookmarks"));
  m_bookmarks->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Fixed);
  auto* row = new QHBoxLayout;
  for (QPushButton* one : {m_back, m_forward, m_bookmark}) row->addWidget(one);
  QPushButton* profile =
      button("profile", tr("Profile"), tr("The values on the line between the two pixels clicked last"));
  connect(profile, &QPushButton::clicked, this, [this] { m_show("map-profile"); });
  column->addWidget(m_zoom); // what does not change its height comes first: nothing jumps
  column->addLayout(row);
  column->addWidget(m_progress);
  column->addWidget(m_counts);
  column->addWidget(m_message);
  column->addWidget(m_floor);
  column->addWidget(m_bookmarks);
  column->addWidget(profile);
  connect(m_zoom, &QPushButton::clicked, this, [this] {
    m_message->hide();
    m_desk.map().zoomTo(m_shown());
  });
  connect(m_back, &QPushButton::clicked, this, [this] { m_desk.map().goBack(); });
  connect(m_forward, &QPushButton::clicked, this, [this] { m_desk.map().goForward(); });
  connect(m_bookmark, &QPushButton::clicked, this, &MapDock::addBookmark);
  connect(m_bookmarks, &QComboBox::activated, this, [this](int index) {
    auto json = parseJson(m_bookmarks->itemData(index).toString().toStdString(), "bookmark");
    if (index < 1 || !json) return;
    if (auto spec = sweep::parseSweepSpec(*json, "bookmark")) m_desk.map().start(*spec, m_bookmarks->itemText(index));
  });
  return box;
}

void MapDock::choosePreset() {
  const QString path = m_preset->currentData().toString();
  if (path == QLatin1String("...")) return chooseFile();
  m_name = m_preset->currentText();
  auto json = parseJson(kTanh, "preset");
  auto spec = path.isEmpty() ? sweep::parseSweepSpec(*json, "preset") : readSpec(path);
  if (spec)
    useSpec(*spec);
  else
    m_desk.fail(spec.error());
}

void MapDock::chooseFile() {
  const QString path =
      QFileDialog::getOpenFileName(this, tr("Open the spec of a map"), QString(), tr("Specs (*.json)"));
  m_preset->setCurrentIndex(0);
  if (path.isEmpty()) return;
  auto spec = readSpec(path);
  if (!spec) return m_desk.fail(spec.error());
  m_name = QFileInfo(path).completeBaseName();
  m_preset->insertItem(1, m_name, path);
  m_preset->setCurrentIndex(1);
  useSpec(*spec);
}

void MapDock::showAxis(const Axis& field, const sweep::AxisSpec& axis) {
  field.parameter->clear();
  for (const sweep::AxisParameter& parameter : sweep::axisParameters())
    if (m_base.model.kind == sweep::ModelKind::Mlp2 ? parameter.mlp2 : parameter.transformer)
      field.parameter->addItem(QString::fromLatin1(parameter.name));
  field.parameter->setCurrentText(QString::fromStdString(axis.parameter));
  field.low->setText(QString::number(axis.given.empty() ? axis.min : axis.given.front(), 'g', 12));
  field.high->setText(QString::number(axis.given.empty() ? axis.max : axis.given.back(), 'g', 12));
  field.log->setChecked(axis.log10 && axis.given.empty());
}

void MapDock::useSpec(const sweep::SweepSpec& spec) {
  m_base = spec;
  showAxis(m_x, spec.x);
  showAxis(m_y, spec.y);
  m_size->setValue(static_cast<int>(std::max(spec.x.size(), spec.y.size())));
  m_steps->setValue(static_cast<int>(spec.steps));
  m_refine->setChecked(!spec.refine.full);
}

// Checked as a file would be: what is wrong is named in the same words.
Result<sweep::SweepSpec> MapDock::spec() const {
  sweep::SweepSpec spec = m_base;
  const auto take = [&](const Axis& field, sweep::AxisSpec& axis) {
    bool lowFine = false, highFine = false;
    axis.parameter = field.parameter->currentText().toStdString();
    axis.min = field.low->text().toDouble(&lowFine);
    axis.max = field.high->text().toDouble(&highFine);
    axis.log10 = field.log->isChecked();
    axis.given.clear();
    axis.count = m_size->value();
    return lowFine && highFine;
  };
  if (!take(m_x, spec.x) || !take(m_y, spec.y)) return badInput("the ends of an axis must be numbers");
  spec.steps = m_steps->value();
  spec.refine.full = !m_refine->isChecked();
  return sweep::parseSweepSpec(sweep::sweepSpecJson(spec), "map");
}

void MapDock::start() {
  m_message->hide();
  auto wanted = spec();
  if (!wanted) {
    m_message->setText(QString::fromStdString(wanted.error().what));
    m_message->show();
    return;
  }
  m_desk.map().addQuadraticNull(m_null->isChecked());
  m_desk.map().start(*wanted, m_name);
}

void MapDock::showState() {
  MapControl& control = m_desk.map();
  const auto progress = control.progress();
  const bool running =
      progress && (progress->state == sweep::SweepState::Running || progress->state == sweep::SweepState::Preparing);
  const bool paused = progress && progress->state == sweep::SweepState::Paused;
  m_pause->setEnabled(running || paused);
  m_pause->setText(paused ? tr("Go on") : tr("Pause"));
  m_cancel->setEnabled(running || paused);
  m_zoom->setEnabled(control.input() && control.input()->spec.has_value());
  m_bookmark->setEnabled(m_zoom->isEnabled());
  m_back->setEnabled(control.canGoBack());
  m_forward->setEnabled(control.canGoForward());
  m_message->setVisible(!m_message->text().isEmpty() && m_message->isVisible());
  m_progress->setEnabled(running || paused);
  const double pitch = control.pitchUlp();
  m_floor->setText(pitch > 0 ? tr("Neighbouring pixels lie %1 units in the last place apart; the floor is %2.")
                                   .arg(pitch, 0, 'g', 3)
                                   .arg(analysis::kLeastPitchUlp)
                             : QString());
  if (!progress) return m_counts->setText(control.input() ? tr("from a file") : tr("no map yet"));
  const auto done = static_cast<double>(progress->runs + progress->extraRuns);
  const auto asked = static_cast<double>(std::max<std::int64_t>(1, progress->runsAsked + progress->extraAsked));
  m_progress->setRange(0, 1000);
  m_progress->setValue(static_cast<int>(1000 * done / asked));
  QString text = tr("%1: %2 of %3 runs").arg(stateText(progress->state)).arg(done, 0, 'f', 0).arg(asked, 0, 'f', 0);
  if (running && progress->runsPerSecond > 0)
    text += tr(", %1 a second, %2 left").arg(progress->runsPerSecond, 0, 'f', 0).arg(shortTime(progress->secondsLeft));
  const double guessed =
      100.0 * static_cast<double>(progress->guessed) / static_cast<double>(std::max<std::int64_t>(1, progress->pixels));
  text += tr("; %1 % guessed").arg(guessed, 0, 'f', 1);
  if (progress->audits > 0)
    text += tr(", %1 of %2 audited guesses wrong (%3 to %4 %)")
                .arg(progress->failedAudits)
                .arg(progress->audits)
                .arg(100 * progress->auditErrors.low, 0, 'g', 2)
                .arg(100 * progress->auditErrors.high, 0, 'g', 2);
  m_counts->setText(text);
}

void MapDock::addBookmark() {
  const auto& input = m_desk.map().input();
  if (!input || !input->spec) return;
  const sweep::SweepSpec& spec = *input->spec;
  const QString name = QStringLiteral("%1: %2 %3, %4 %5")
                           .arg(QString::fromStdString(input->name), QString::fromStdString(spec.x.parameter))
                           .arg(spec.x.value(spec.x.size() / 2), 0, 'g', 6)
                           .arg(QString::fromStdString(spec.y.parameter))
                           .arg(spec.y.value(spec.y.size() / 2), 0, 'g', 6);
  const auto settings = openSettings();
  QStringList kept = settings->value(QStringLiteral("mapBookmarks")).toStringList();
  kept.append(name);
  kept.append(QString::fromStdString(sweep::sweepSpecJson(spec).dump()));
  while (kept.size() > 40) kept.erase(kept.begin(), kept.begin() + 2);
  settings->setValue(QStringLiteral("mapBookmarks"), kept);
  fillBookmarks();
}

void MapDock::fillBookmarks() {
  const QStringList kept = openSettings()->value(QStringLiteral("mapBookmarks")).toStringList();
  m_bookmarks->clear();
  m_bookmarks->addItem(kept.isEmpty() ? tr("no bookmarks yet") : tr("bookmarks"));
  for (qsizetype i = 0; i + 1 < kept.size(); i += 2) m_bookmarks->addItem(kept[i], kept[i + 1]);
  m_bookmarks->setEnabled(!kept.isEmpty());
}

} // namespace orrery::app
