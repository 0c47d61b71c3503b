// SPDX-License-Identifier: MIT
// The one selection that links all views.
#pragma once
#include <cstdint>
#include <string>

namespace orrery::views {

inline constexpr std::int64_t kNone = -1;

struct Selection {
  std::int64_t layer = 0, head = 0;
  std::int64_t query = kNone, key = kNone; // token positions
  std::int64_t channel = kNone;            // dimension within the head
  std::int64_t shownTokens = kNone;        // time: the run as it was after so many tokens; kNone: all (live)
  std::string tensor = {};                 // name in the checkpoint; empty: the first matrix
  friend bool operator==(const Selection&, const Selection&) = default;
};

} // namespace orrery::views
