// SPDX-License-Identifier: MIT
// One seed of a spec gives several streams of random numbers that have nothing to do with each other.
#pragma once
#include <cstdint>

#include "core/base/random.h"

namespace orrery::sweep {

enum class Stream : std::uint64_t { Weights = 0, Data = 1, Order = 2 };

inline Random randomOf(std::uint64_t seed, Stream stream) {
  return Random(seed ^ (static_cast<std::uint64_t>(stream) * 0x9e3779b97f4a7c15u)); // odd: no two streams meet nearby
}

} // namespace orrery::sweep
