// SPDX-License-Identifier: MIT
#include "app/window/work_meter.h"

#include <ctime>

namespace orrery::app {

using Clock = std::chrono::steady_clock;
using Milliseconds = std::chrono::duration<double, std::milli>;

WorkMeter::Moment WorkMeter::Moment::now() {
  timespec cpu{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &cpu);
  return {Clock::now(), static_cast<double>(cpu.tv_sec) * 1e3 + static_cast<double>(cpu.tv_nsec) / 1e6};
}

void WorkMeter::add(const Moment& begin, const Moment& end) {
  const double spent = Milliseconds(end.clock - begin.clock).count();
  m_callbacks.add(spent, end.cpu - begin.cpu);
  m_busy += spent;
  m_busyCpu += end.cpu - begin.cpu;
  if (Milliseconds(end.clock - m_stretch).count() < 1000.0 / 60) return;
  if (m_drawn) m_frames.add(m_busy, m_busyCpu);
  m_drawn = false;
  m_busy = m_busyCpu = 0;
  m_stretch = end.clock;
}

void WorkMeter::reset() {
  m_frames.reset();
  m_callbacks.reset();
  m_busy = m_busyCpu = 0;
}

bool Application::notify(QObject* receiver, QEvent* event) {
  if (m_depth > 0) return QApplication::notify(receiver, event);
  const WorkMeter::Moment begin = WorkMeter::Moment::now();
  ++m_depth;
  const bool taken = QApplication::notify(receiver, event);
  --m_depth;
  m_meter.add(begin, WorkMeter::Moment::now());
  return taken;
}

} // namespace orrery::app
