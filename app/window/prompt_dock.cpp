// SPDX-License-Identifier: MIT
#include "app/window/prompt_dock.h"

#include <QCoreApplication>
#include <QGridLayout>
#include <QHBoxLayout>
#include <QMimeData>
#include <QPointer>
#include <QVBoxLayout>

#include "views/paint/painter.h"

namespace orrery::app {
namespace {

constexpr int kWaitMilliseconds = 150; // after the last key, before tokens are counted

template <class Spin> Spin* spin(const char* name, double low, double high, const QString& tip) {
  auto* box = new Spin;
  box->setObjectName(QLatin1String(name));
  box->setRange(static_cast<decltype(box->value())>(low), static_cast<decltype(box->value())>(high));
  box->setToolTip(tip);
  box->setKeyboardTracking(false);
  box->setMinimumWidth(52); // narrow windows
  box->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Fixed);
  return box;
}

QLabel* secondary(const char* name) {
  auto* label = new QLabel;
  label->setObjectName(QLatin1String(name));
  label->setProperty("role", "secondary");
  label->setWordWrap(true);
  return label;
}

// A file that is dropped here is for the window to open, not a text to insert.
class PromptText : public QPlainTextEdit {
protected:
  bool canInsertFromMimeData(const QMimeData* dropped) const override {
    return !dropped->hasUrls() && QPlainTextEdit::canInsertFromMimeData(dropped);
  }
};

} // namespace

PromptDock::PromptDock(Desk& desk, QWidget* parent)
    : QDockWidget(tr("Prompt"), parent), m_desk(desk), m_text(new PromptText),
      m_temperature(spin<QDoubleSpinBox>("sampler.temperature", 0, 10, tr("0: always the most probable token"))),
      m_topP(spin<QDoubleSpinBox>("sampler.top_p", 0, 1, tr("smallest set of tokens with this probability; 1: all"))),
      m_topK(spin<QSpinBox>("sampler.top_k", 0, 1000000, tr("the k most probable tokens; 0: all"))),
      m_seed(spin<QSpinBox>("sampler.seed", 0, 2000000000, tr("the same seed writes the same text"))),
      m_generate(spin<QSpinBox>("sampler.generate", 0, 1000000, tr("tokens to generate after the prompt"))),
      m_pace(spin<QSpinBox>("sampler.pace", 0, 100,
                            tr("tokens a second at most, to watch the model think; full: as fast as it goes"))),
      m_stop(new QCheckBox(tr("stop at the end token"))), m_count(secondary("prompt.count")),
      m_estimate(secondary("prompt.estimate")), m_buttons(new QWidget) {
  setObjectName(QStringLiteral("dock.prompt"));
  m_text->setObjectName(QStringLiteral("prompt.text"));
  m_text->setPlaceholderText(tr("Type a prompt, then Ctrl+Return"));
  m_text->setTabChangesFocus(true);
  m_text->setMinimumHeight(48);
  QFont mono = paint::monoFont();
  mono.setPixelSize(12);
  m_text->setFont(mono);
  m_temperature->setSingleStep(0.1);
  m_topP->setSingleStep(0.05);
  m_pace->setSpecialValueText(tr("full"));
  m_pace->setSuffix(tr("/s"));
  m_stop->setObjectName(QStringLiteral("sampler.stop_at_end"));
  auto* body = new QWidget;
  auto* layout = new QVBoxLayout(body);
  layout->setContentsMargins(12, 4, 12, 8);
  layout->setSpacing(8);
  layout->addWidget(m_text, 1);
  layout->addWidget(m_count);
  layout->addWidget(makeSampler());
  layout->addWidget(m_estimate);
  layout->addWidget(m_buttons);
  setWidget(body);

  m_wait.setSingleShot(true);
  connect(&m_wait, &QTimer::timeout, this, &PromptDock::askEstimate);
  connect(m_text, &QPlainTextEdit::textChanged, this, &PromptDock::takeText);
  for (QDoubleSpinBox* box : {m_temperature, m_topP})
    connect(box, &QDoubleSpinBox::valueChanged, this, &PromptDock::takeSampler);
  for (QSpinBox* box : {m_topK, m_seed, m_generate, m_pace})
    connect(box, &QSpinBox::valueChanged, this, &PromptDock::takeSampler);
  connect(m_stop, &QCheckBox::clicked, this, &PromptDock::takeSampler);
  connect(&desk.link(), &SessionLink::modelChanged, this, &PromptDock::showEndTokens);
  showEndTokens();
  connect(&desk.run(), &RunControl::promptChanged, this, &PromptDock::showPrompt);
  connect(&desk.link(), &SessionLink::modelChanged, this, [this] { m_wait.start(kWaitMilliseconds); });
  showPrompt();
}

QWidget* PromptDock::makeSampler() {
  auto* box = new QWidget;
  auto* grid = new QGridLayout(box);
  grid->setContentsMargins(0, 0, 0, 0);
  grid->setHorizontalSpacing(8);
  grid->setVerticalSpacing(4);
  const std::pair<QString, QWidget*> fields[] = {{tr("tokens"), m_generate}, {tr("temperature"), m_temperature},
                                                 {tr("top-k"), m_topK},      {tr("top-p"), m_topP},
                                                 {tr("seed"), m_seed},       {tr("pace"), m_pace}};
  int cell = 0;
  for (const auto& [title, field] : fields) {
    auto* label = new QLabel(title);
    label->setProperty("role", "secondary");
    label->setBuddy(field);
    grid->addWidget(label, cell / 2, cell % 2 * 2);
    grid->addWidget(field, cell / 2, cell % 2 * 2 + 1);
    ++cell;
  }
  grid->addWidget(m_stop, cell / 2, 0, 1, 4);
  grid->setColumnStretch(1, 1);
  grid->setColumnStretch(3, 1);
  return box;
}

void PromptDock::showPrompt() {
  m_showing = true;
  const Prompt& prompt = m_desk.run().prompt();
  if (m_text->toPlainText() != prompt.text) m_text->setPlainText(prompt.text);
  m_temperature->setValue(prompt.sampler.temperature);
  m_topP->setValue(prompt.sampler.topP);
  m_topK->setValue(prompt.sampler.topK);
  m_seed->setValue(static_cast<int>(prompt.sampler.seed));
  m_generate->setValue(static_cast<int>(prompt.generate));
  m_pace->setValue(prompt.pace);
  m_stop->setChecked(prompt.sampler.stopAtEnd);
  m_showing = false;
  m_wait.start(kWaitMilliseconds);
}

void PromptDock::showEndTokens() {
  const auto model = m_desk.link().model();
  const bool known = model && !model->endTokens.empty();
  m_stop->setEnabled(!model || known);
  QStringList ids;
  for (std::size_t i = 0; known && i < model->endTokens.size(); ++i) ids << QString::number(model->endTokens[i]);
  m_stop->setToolTip(known   ? tr("Stop when the model writes its end token (%1)").arg(ids.join(QStringLiteral(", ")))
                     : model ? tr("This model names no end token")
                             : tr("Stop when the model writes its end token"));
}

void PromptDock::takeText() {
  if (m_showing) return;
  Prompt next = m_desk.run().prompt();
  next.text = m_text->toPlainText();
  next.tokens.clear();
  m_desk.run().setPrompt(next);
}

void PromptDock::takeSampler() {
  if (m_showing) return;
  session::Sampler sampler;
  sampler.temperature = m_temperature->value();
  sampler.topK = m_topK->value();
  sampler.topP = m_topP->value();
  sampler.seed = static_cast<std::uint64_t>(m_seed->value());
  sampler.stopAtEnd = m_stop->isChecked();
  m_desk.run().editSampler(sampler, m_generate->value(), m_pace->value());
}

void PromptDock::askEstimate() {
  const std::uint64_t number = ++m_asked;
  if (!m_desk.run().canRun()) {
    m_count->setText(QString());
    m_estimate->setText(QString());
    return;
  }
  const session::RunSpec spec = m_desk.run().spec();
  session::Session& engine = m_desk.link().engine();
  m_desk.views().pool().post([this, guard = QPointer<PromptDock>(this), spec, number, &engine] {
    const auto tokens = spec.tokens.empty() ? engine.tokenize(spec.text, spec.addSpecial)
                                            : Result<std::vector<std::int32_t>>(spec.tokens);
    const auto estimate = engine.estimate(spec);
    const QString count = tokens ? tr("tokens: %1").arg(tokens->size()) : QString();
    const QString cost = QString::fromStdString(estimate ? estimate->sentence : estimate.error().message());
    QMetaObject::invokeMethod(
        qApp,
        [guard, number, count, cost] {
          if (!guard || number != guard->m_asked) return;
          guard->m_count->setText(count);
          guard->m_estimate->setText(cost);
        },
        Qt::QueuedConnection);
  });
}

} // namespace orrery::app
