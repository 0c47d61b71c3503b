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
    double p50 = 0, p99 = 0, max = 0; // ms, of the last kSamples; max since reset()
    double framesPerSecond = 0;       // of the last second in which frames were added
  };
  static constexpr std::size_t kSamples = 2048;

  void add(double milliseconds);
  void countFrame(); // for framesPerSecond
  void reset();
  Stats stats() const;

  // Adds the time from construction to destruction.
  class Scope {
  public:
    explicit Scope(FrameMeter& meter) : m_meter(meter), m_begin(std::chrono::steady_clock::now()) {}
    ~Scope() {
      using Milliseconds = std::chrono::duration<double, std::milli>;
      m_meter.add(Milliseconds(std::chrono::steady_clock::now() - m_begin).count());
    }
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

  private:
    FrameMeter& m_meter;
    std::chrono::steady_clock::time_point m_begin;
  };

private:
  std::array<float, kSamples> m_ring{}; // ms
  std::array<std::chrono::steady_clock::time_point, 64> m_frames{};
  std::uint64_t m_count = 0, m_over16 = 0, m_frameCount = 0;
  double m_max = 0;
};

} // namespace orrery::gpu
