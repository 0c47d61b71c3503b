// SPDX-License-Identifier: MIT
// How sure a share is that was counted k out of n. Any thread.
#pragma once
#include <cstdint>

namespace orrery {

struct ShareInterval {
  double low = 0, high = 1;
};
// Wilson's 95 % interval (Wilson 1927); [0, 1] for n = 0.
ShareInterval wilsonInterval(std::int64_t k, std::int64_t n);

} // namespace orrery
