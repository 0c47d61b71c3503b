// SPDX-License-Identifier: MIT
#include "core/base/share_interval.h"

#include <algorithm>
#include <cmath>

namespace orrery {

ShareInterval wilsonInterval(std::int64_t k, std::int64_t n) {
  if (n <= 0) return {};
  constexpr double kZ = 1.959963984540054; // 97.5 % of the normal distribution
  const double count = static_cast<double>(n), share = static_cast<double>(k) / count, z2 = kZ * kZ / count;
  const double middle = (share + z2 / 2) / (1 + z2);
  const double half = kZ / (1 + z2) * std::sqrt(share * (1 - share) / count + z2 / (4 * count));
  // Rounding must not move the ends off 0 and 1.
  return {k == 0 ? 0 : std::max(0.0, middle - half), k == n ? 1 : std::min(1.0, middle + half)};
}

} // namespace orrery
