// SPDX-License-Identifier: MIT
#include "views/gpu/frame_meter.h"

#include <time.h>

#include <algorithm>
#include <vector>

namespace orrery::gpu {

void FrameMeter::add(double milliseconds, double cpuMilliseconds) {
  m_cpuRing[m_count % kSamples] = static_cast<float>(cpuMilliseconds);
  m_cpuMax = std::max(m_cpuMax, cpuMilliseconds);
  m_ring[m_count % kSamples] = static_cast<float>(milliseconds);
  ++m_count;
  if (milliseconds > 16.0) ++m_over16;
  m_max = std::max(m_max, milliseconds);
}

void FrameMeter::countFrame() {
  m_frames[m_frameCount % m_frames.size()] = std::chrono::steady_clock::now();
  ++m_frameCount;
}

void FrameMeter::reset() { *this = FrameMeter(); }

FrameMeter::Scope::Scope(FrameMeter& meter)
    : m_meter(meter), m_begin(std::chrono::steady_clock::now()), m_cpuBegin(cpuNow()) {}

double FrameMeter::Scope::elapsed() const {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - m_begin).count();
}

double FrameMeter::Scope::cpuNow() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) * 1e-6;
}

namespace {

// Sample at 0..1 of the first `count` in order of size.
double quantile(const std::array<float, FrameMeter::kSamples>& ring, std::size_t count, double at) {
  std::vector<float> sorted(ring.begin(), ring.begin() + static_cast<long>(count));
  const auto index = static_cast<long>(static_cast<double>(count - 1) * at);
  std::nth_element(sorted.begin(), sorted.begin() + index, sorted.end());
  return static_cast<double>(sorted[static_cast<std::size_t>(index)]);
}

} // namespace

FrameMeter::Stats FrameMeter::stats() const {
  Stats stats;
  stats.count = m_count;
  stats.over16 = m_over16;
  stats.max = m_max;
  stats.cpuMax = m_cpuMax;
  const auto filled = static_cast<std::size_t>(std::min<std::uint64_t>(m_count, kSamples));
  if (filled > 0) {
    stats.p50 = quantile(m_ring, filled, 0.5);
    stats.p99 = quantile(m_ring, filled, 0.99);
    stats.cpuP99 = quantile(m_cpuRing, filled, 0.99);
  }
  const std::size_t kept = static_cast<std::size_t>(std::min<std::uint64_t>(m_frameCount, m_frames.size()));
  if (kept > 1) {
    const auto last = m_frames[(m_frameCount - 1) % m_frames.size()];
    std::size_t inSecond = 1;
    auto first = last;
    for (std::size_t back = 2; back <= kept; ++back) {
      const auto at = m_frames[(m_frameCount - back) % m_frames.size()];
      if (last - at > std::chrono::seconds(1)) break;
      first = at;
      ++inSecond;
    }
    const double seconds = std::chrono::duration<double>(last - first).count();
    if (seconds > 0) stats.framesPerSecond = static_cast<double>(inSecond - 1) / seconds;
  }
  return stats;
}

} // namespace orrery::gpu
