// SPDX-License-Identifier: MIT
// Where the time of a kernel goes. Costs nothing while no clock is set.
#pragma once
#include <array>
#include <chrono>
#include <cstdint>
#if defined(__x86_64__)
#include <x86intrin.h>
#endif

namespace orrery::sweep {

enum class Phase { Products, Nonlinear, Rest }; // Nonlinear: tanh, or the softmax

struct PhaseClock {
  std::array<std::uint64_t, 3> ticks{};
  std::uint64_t since = now();
  Phase phase = Phase::Rest;

  void enter(Phase next) {
    const std::uint64_t time = now();
    ticks[static_cast<std::size_t>(phase)] += time - since;
    since = time;
    phase = next;
  }
  double share(Phase which) const {
    return static_cast<double>(ticks[static_cast<std::size_t>(which)]) /
           static_cast<double>(ticks[0] + ticks[1] + ticks[2]);
  }

private:
  static std::uint64_t now() {
#if defined(__x86_64__)
    return __rdtsc();
#else
    return static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
#endif
  }
};

// The clock of this thread's kernels; null: none.
inline PhaseClock*& phaseClock() {
  thread_local PhaseClock* clock = nullptr;
  return clock;
}

} // namespace orrery::sweep
