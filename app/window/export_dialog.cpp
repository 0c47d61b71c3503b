// SPDX-License-Identifier: MIT
#include "app/window/export_dialog.h"

#include <QCoreApplication>
#include <QDir>
#include <QFileDialog>
#include <QFileInfo>
#include <QFormLayout>
#include <QHBoxLayout>
#include <QPointer>
#include <QVBoxLayout>

#include "app/figure_writer.h"
#include "app/replay.h"
#include "app/window/settings.h"

namespace orrery::app {
namespace {

constexpr double kPreviewDpi = 220;
constexpr int kPreviewWait = 200; // ms after the last change

QComboBox* choice(const char* name, const QStringList& options) {
  auto* box = new QComboBox;
  box->setObjectName(QLatin1String(name));
  box->addItems(options);
  return box;
}

QLineEdit* line(const char* name, const QString& hint = {}) {
  auto* edit = new QLineEdit;
  edit->setObjectName(QLatin1String(name));
  edit->setPlaceholderText(hint);
  return edit;
}

// On the pool.
Result<std::string> previewPng(const views::View& view, const exports::Recipe& recipe, const FigureInput& input) {
  exports::Recipe complete = recipe;
  auto parameters = views::completeParameters(view.info(), recipe.parameters);
  if (!parameters) return parameters.error();
  complete.parameters = *parameters;
  complete.figure.dpi = kPreviewDpi * 85 / recipe.figure.widthMm;
  auto request = exports::requestOf(complete);
  if (!request) return request.error();
  input.give(*request);
  auto built = view.build(*request, {});
  if (!built) return built.error();
  return exports::renderFigure(built->scene, complete.figure, exports::Format::Png);
}

} // namespace

ExportDialog::ExportDialog(Desk& desk, std::function<views::Viewports(const std::string&)> viewports, QWidget* parent)
    : QDialog(parent), m_desk(desk), m_viewports(std::move(viewports)), m_view(choice("export.view", {})),
      m_format(choice("export.format", {QStringLiteral("svg"), QStringLiteral("pdf"), QStringLiteral("png")})),
      m_width(choice("export.width", {QStringLiteral("85"), QStringLiteral("174")})),
      m_theme(choice("export.theme", {QStringLiteral("print"), QStringLiteral("light"), QStringLiteral("dark")})),
      m_data(choice("export.data", {QStringLiteral("csv"), QStringLiteral("npy"), QStringLiteral("h5"), tr("none")})),
      m_dpi(new QDoubleSpinBox), m_transparent(new QCheckBox(tr("transparent"))),
      m_keepZoom(new QCheckBox(tr("as zoomed on screen"))), m_title(line("export.title", tr("no title"))),
      m_path(line("export.path")), m_preview(new QLabel), m_message(new QLabel),
      m_export(new QPushButton(tr("Export"))) {
  setObjectName(QStringLiteral("dialog.export"));
  setWindowTitle(tr("Export the figure"));
  setAttribute(Qt::WA_DeleteOnClose);
  for (const auto& view : desk.views().registry().all())
    m_view->addItem(QString::fromStdString(view->info().title), QString::fromStdString(view->info().name));
  m_view->setCurrentIndex(m_view->findData(QString::fromStdString(desk.views().active())));
  m_width->setEditable(true);
  m_dpi->setObjectName(QStringLiteral("export.dpi"));
  m_dpi->setRange(30, 2400);
  m_dpi->setDecimals(0);
  m_dpi->setValue(300);
  m_transparent->setObjectName(QStringLiteral("export.transparent"));
  m_keepZoom->setObjectName(QStringLiteral("export.keepZoom"));
  m_keepZoom->setChecked(true);
  m_preview->setObjectName(QStringLiteral("export.preview"));
  m_preview->setMinimumSize(380, 330);
  m_preview->setAlignment(Qt::AlignCenter);
  m_message->setObjectName(QStringLiteral("export.message"));
  m_message->setWordWrap(true);
  m_message->setTextInteractionFlags(Qt::TextSelectableByMouse);
  m_export->setObjectName(QStringLiteral("export.run"));
  m_export->setProperty("primary", true);
  m_export->setDefault(true);
  auto* row = new QHBoxLayout(this);
  row->setContentsMargins(16, 16, 16, 16);
  row->setSpacing(16);
  row->addLayout(makeFields());
  row->addWidget(m_preview, 1);
  connect(m_export, &QPushButton::clicked, this, &ExportDialog::write);
  m_wait.setSingleShot(true);
  connect(&m_wait, &QTimer::timeout, this, &ExportDialog::preview);
  proposePath();
  preview();
}

QLayout* ExportDialog::makeFields() {
  m_data->setToolTip(tr("csv and npy: a file for each table; h5: all tables in one HDF5 file"));
  auto* form = new QFormLayout;
  form->setVerticalSpacing(8);
  auto* pathRow = new QHBoxLayout;
  auto* browseButton = new QPushButton(tr("Choose\u2026"));
  browseButton->setObjectName(QStringLiteral("export.browse"));
  m_path->setMinimumWidth(260);
  pathRow->addWidget(m_path, 1);
  pathRow->addWidget(browseButton);
  form->addRow(tr("view"), m_view);
  form->addRow(tr("format"), m_format);
  form->addRow(tr("width, mm"), m_width);
  form->addRow(tr("dots an inch (PNG)"), m_dpi);
  form->addRow(tr("colours"), m_theme);
  form->addRow(QString(), m_transparent);
  form->addRow(QString(), m_keepZoom);
  form->addRow(tr("title"), m_title);
  form->addRow(tr("data"), m_data);
  form->addRow(tr("file"), pathRow);
  form->addRow(m_message);
  form->addRow(QString(), m_export);
  connect(browseButton, &QPushButton::clicked, this, &ExportDialog::browse);
  for (QComboBox* box : {m_view, m_width, m_theme})
    connect(box, &QComboBox::currentTextChanged, this, [this] { m_wait.start(kPreviewWait); });
  for (QComboBox* box : {m_view, m_format})
    connect(box, &QComboBox::currentTextChanged, this, &ExportDialog::proposePath);
  for (QCheckBox* box : {m_transparent, m_keepZoom})
    connect(box, &QCheckBox::toggled, this, [this] { m_wait.start(kPreviewWait); });
  connect(m_title, &QLineEdit::textChanged, this, [this] { m_wait.start(kPreviewWait); });
  return form;
}

exports::Recipe ExportDialog::recipe() const {
  exports::Recipe recipe;
  recipe.view = m_view->currentData().toString().toStdString();
  recipe.parameters = m_desk.views().parameters(recipe.view);
  recipe.selection = m_desk.selection().selection();
  if (m_keepZoom->isChecked()) recipe.viewports = m_viewports(recipe.view);
  recipe.figure.widthMm = m_width->currentText().toDouble();
  recipe.figure.dpi = m_dpi->value();
  recipe.figure.transparent = m_transparent->isChecked();
  recipe.figure.title = m_title->text().toStdString();
  const QString theme = m_theme->currentText();
  recipe.figure.theme = theme == QLatin1String("dark")    ? scene::ThemeKind::Dark
                        : theme == QLatin1String("light") ? scene::ThemeKind::Light
                                                          : scene::ThemeKind::Print;
  const views::View* view = m_desk.views().registry().find(recipe.view);
  if (view && view->info().input == "map") {
    const auto& map = m_desk.map().input();
    recipe.inputPath = m_desk.map().source().toStdString();
    if (map && map->spec) recipe.inputMake = {{"sweep", sweep::sweepSpecJson(*map->spec)}};
    return recipe;
  }
  const store::SnapshotPtr snapshot = m_desk.link().snapshot();
  recipe.inputPath = m_desk.run().openPath().toStdString();
  if (view && ofWeights(view->info())) {
    if (const auto model = m_desk.link().model()) recipe.inputHash = model->contentHash;
    if (view->info().input == "checkpoints") recipe.inputOther = m_desk.link().state().seriesPath;
  } else if (snapshot && snapshot->info) {
    recipe.inputMake =
        m_desk.run().canRun() ? replayRecipe(*snapshot) : Json::parse(snapshot->info->recipeJson, nullptr, false);
    if (!recipe.inputMake.is_object()) recipe.inputMake = nullptr;
  }
  return recipe;
}

void ExportDialog::proposePath() {
  const QFileInfo current(m_path->text());
  const QString folder = m_path->text().isEmpty()
                             ? openSettings()->value(QStringLiteral("exportFolder"), QDir::homePath()).toString()
                             : current.path();
  const views::Selection& s = m_desk.selection().selection();
  QString stem = m_view->currentData().toString();
  if (stem == QLatin1String("head")) stem += QStringLiteral("_%1_%2").arg(s.layer).arg(s.head);
  m_path->setText(folder + QLatin1Char('/') + stem + QLatin1Char('.') + m_format->currentText());
}

void ExportDialog::browse() {
  auto* dialog = new QFileDialog(this, tr("Export to"), QFileInfo(m_path->text()).path());
  dialog->setAttribute(Qt::WA_DeleteOnClose);
  dialog->setAcceptMode(QFileDialog::AcceptSave);
  dialog->setDefaultSuffix(m_format->currentText());
  connect(dialog, &QFileDialog::fileSelected, m_path, &QLineEdit::setText);
  dialog->open();
}

void ExportDialog::preview() {
  const std::uint64_t number = ++m_asked;
  const views::View* view = m_desk.views().registry().find(m_view->currentData().toString().toStdString());
  const FigureInput input = m_desk.figureInput();
  const std::string kind = view ? view->info().input : std::string();
  const bool any = kind == "map"                     ? input.map != nullptr
                   : view && ofWeights(view->info()) ? input.weights != nullptr
                                                     : input.snapshot != nullptr;
  if (!view || !any) return m_message->setText(tr("There is nothing to draw yet."));
  m_desk.views().pool().post([guard = QPointer<ExportDialog>(this), number, view, input, what = recipe()] {
    auto png = previewPng(*view, what, input);
    const QString error = png ? QString() : QString::fromStdString(png.error().message());
    const QImage image =
        png ? QImage::fromData(reinterpret_cast<const uchar*>(png->data()), static_cast<int>(png->size())) : QImage();
    QMetaObject::invokeMethod(
        qApp,
        [guard, number, error, image] {
          if (!guard || number != guard->m_asked) return;
          guard->m_message->setText(error);
          if (image.isNull()) return guard->m_preview->clear();
          const QSize room = guard->m_preview->size() * guard->devicePixelRatioF();
          QPixmap fitted = QPixmap::fromImage(image.scaled(room, Qt::KeepAspectRatio, Qt::SmoothTransformation));
          fitted.setDevicePixelRatio(guard->devicePixelRatioF());
          guard->m_preview->setPixmap(fitted);
        },
        Qt::QueuedConnection);
  });
}

void ExportDialog::write() {
  const QString path = m_path->text();
  const bool none = m_data->currentIndex() == m_data->count() - 1;
  const QString extension = none ? QString() : m_data->currentText();
  const QFileInfo file(path);
  const QString numbers = extension.isEmpty()
                              ? QString()
                              : file.path() + QLatin1Char('/') + file.completeBaseName() + QLatin1Char('.') + extension;
  m_export->setEnabled(false);
  m_message->setText(tr("Writing %1").arg(file.fileName()));
  m_desk.views().pool().post([guard = QPointer<ExportDialog>(this), what = recipe(), input = m_desk.figureInput(),
                              registry = &m_desk.views().registry(), path, numbers] {
    const Status written = writeFigure(*registry, input, what, path.toStdString(), numbers.toStdString());
    QMetaObject::invokeMethod(
        qApp,
        [guard, written, path] {
          if (guard) guard->finish(written, path);
        },
        Qt::QueuedConnection);
  });
}

void ExportDialog::finish(const Status& written, const QString& path) {
  m_export->setEnabled(true);
  if (!written) return m_message->setText(QString::fromStdString(written.error().message()));
  openSettings()->setValue(QStringLiteral("exportFolder"), QFileInfo(path).path());
  m_desk.tell(tr("Exported %1 with its data and recipe.").arg(path));
  accept();
}

} // namespace orrery::app
