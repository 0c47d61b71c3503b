// SPDX-License-Identifier: MIT
// How long the GUI thread is held. Every event that the application dispatches is timed; a frame is the sum of all
// work in a stretch of at least 1/60 s in which a canvas drew. GUI thread.
#pragma once
#include <QApplication>
#include <chrono>

#include "views/gpu/frame_meter.h"

namespace orrery::app {

class WorkMeter {
public:
  struct Moment {
    std::chrono::steady_clock::time_point clock;
    double cpu = 0; // ms that this thread ran
    static Moment now();
  };
  void add(const Moment& begin, const Moment& end); // one event
  void markFrame() { m_drawn = true; }
  void reset();
  gpu::FrameMeter::Stats frames() const { return m_frames.stats(); }
  gpu::FrameMeter::Stats callbacks() const { return m_callbacks.stats(); }

private:
  gpu::FrameMeter m_frames, m_callbacks;
  double m_busy = 0, m_busyCpu = 0; // ms in the present stretch
  bool m_drawn = false;
  std::chrono::steady_clock::time_point m_stretch{};
};

class Application : public QApplication {
public:
  Application(int& argc, char** argv) : QApplication(argc, argv) {}
  bool notify(QObject* receiver, QEvent* event) override;
  WorkMeter& meter() { return m_meter; }

private:
  WorkMeter m_meter;
  int m_depth = 0;
};

} // namespace orrery::app
