// SPDX-License-Identifier: MIT
// How long the GUI thread is held, per frame or callback. GUI thread only (copy a Stats to look at it elsewhere).
#pragma once
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace orrery::gpu {

class FrameMeter {
public:
  struct Stats {
    std::uint64_t count = 0;          // samples since reset()
    std::uint64_t over16 = 0;         // of these, longer than 16 ms
    double p50 = 0, p99 = 0, max = 0; // ms on the clock, of the last kSamples; max since reset()
    double cpuP99 = 0, cpuMax = 0;    // ms that the thread itself ran: without what other programs took
    double framesPerSecond = 0;       // of the last second in which frames were added
  };
  static constexpr std::size_t kSamples = 2048;

  void add(double milliseconds, double cpuMilliseconds);
  void countFrame(); // for framesPerSecond
  void reset();
  Stats stats() const;

  // Adds the time from construction to destruction.
  class Scope {
  public:
    explicit Scope(FrameMeter& meter);
    ~Scope() { m_meter.add(elapsed(), cpuNow() - m_cpuBegin); }
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;
    double elapsed() const; // ms

  private:
    static double cpuNow(); // ms of this thread
    FrameMeter& m_meter;
    std::chrono::steady_clock::time_point m_begin;
    double m_cpuBegin;
  };

private:
  std::array<float, kSamples> m_ring{}, m_cpuRing{}; // ms
  std::array<std::chrono::steady_clock::time_point, 64> m_frames{};
  std::uint64_t m_count = 0, m_over16 = 0, m_frameCount = 0;
  double m_max = 0, m_cpuMax = 0;
};

} // namespace orrery::gpu
