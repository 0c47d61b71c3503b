// SPDX-License-Identifier: MIT
// How exact is this engine on what is open? Measured by itself, in the background, once a run stands still, if that is
// cheap; else on request. What it found is shown by the status bar and in a table. GUI thread.
#pragma once
#include <QObject>
#include <QString>
#include <QTimer>
#include <memory>
#include <vector>

#include "app/window/desk.h"

namespace orrery::app {

class TrustCheck : public QObject {
  Q_OBJECT
public:
  explicit TrustCheck(Desk& desk, QObject* parent = nullptr);

  enum class Verdict { None, Note, Good, Warn, Bad }; // None: nothing to show
  Verdict verdict() const;
  QString text() const; // "float32 within 3.1e-6 of float64 (blocks.1.hook_mlp_out)"
  QString tip() const;
  // What is known of the open model; null: nothing.
  std::shared_ptr<const session::Verification> found() const { return m_desk.link().state().verification; }
  bool measured() const { return found() && found()->notMeasured.empty(); }

  void measure();                        // whatever it costs
  void compareWith(const QString& path); // logits of the prompt through another checkpoint
  void setAutomatic(bool on);            // remembered
  bool automatic() const { return m_automatic; }

Q_SIGNALS:
  void changed();

private:
  void refresh();
  void measureByItself();
  std::vector<std::int32_t> promptTokens() const; // the first of the run
  void post(session::VerifySpec spec);
  bool measuring() const;

  Desk& m_desk;
  QTimer m_idle;
  bool m_automatic = true;
  session::Job m_job;
  bool m_wasMeasuring = false;
  std::shared_ptr<const store::RunInfo> m_asked; // of the run that was measured, or begun with
  std::shared_ptr<const session::Verification> m_shown;
};

// The whole of it, one row a hook point, worst first; can be copied.
void showTrustTable(TrustCheck& check, const scene::Theme& theme, QWidget* parent);

} // namespace orrery::app
