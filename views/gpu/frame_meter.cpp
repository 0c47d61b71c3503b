// SPDX-License-Identifier: MIT
#include "views/gpu/frame_meter.h"

#include <algorithm>
#include <vector>

namespace orrery::gpu {

void FrameMeter::add(double milliseconds) {
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

FrameMeter::Stats FrameMeter::stats() const {
  Stats stats{m_count, m_over16, 0, 0, m_max, 0};
  std::vector<float> sorted(m_ring.begin(),
                            m_ring.begin() + static_cast<long>(std::min<std::uint64_t>(m_count, kSamples)));
  if (!sorted.empty()) {
    std::sort(sorted.begin(), sorted.end());
    stats.p50 = sorted[(sorted.size() - 1) / 2];
    stats.p99 = sorted[(sorted.size() - 1) * 99 / 100];
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
