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
  // Of a boundary map: a pixel and one to compare it with, rows from the top of the picture.
  std::int64_t mapRow = kNone, mapColumn = kNone, otherRow = kNone, otherColumn = kNone;
  friend bool operator==(const Selection&, const Selection&) = default;
};

} // namespace orrery::views
