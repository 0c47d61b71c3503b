// SPDX-License-Identifier: MIT
#include "app/window/work_meter.h"

namespace orrery::app {

using Clock = std::chrono::steady_clock;
using Milliseconds = std::chrono::duration<double, std::milli>;

void WorkMeter::add(Clock::time_point begin, Clock::time_point end) {
  const double spent = Milliseconds(end - begin).count();
  m_callbacks.add(spent);
  m_busy += spent;
  if (Milliseconds(end - m_stretch).count() < 1000.0 / 60) return;
  if (m_drawn) m_frames.add(m_busy);
  m_drawn = false;
  m_busy = 0;
  m_stretch = end;
}

void WorkMeter::reset() {
  m_frames.reset();
  m_callbacks.reset();
  m_busy = 0;
}

bool Application::notify(QObject* receiver, QEvent* event) {
  if (m_depth > 0) return QApplication::notify(receiver, event);
  const auto begin = Clock::now();
  ++m_depth;
  const bool taken = QApplication::notify(receiver, event);
  --m_depth;
  m_meter.add(begin, Clock::now());
  return taken;
}

} // namespace orrery::app
