// SPDX-License-Identifier: MIT
// The one selection that links all views.
#pragma once
#include <array>
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

// Its numbers by the names that recipes, workspaces and `render --set` use, in the order in which they are written.
struct SelectionNumber {
  const char* name;
  std::int64_t Selection::*field;
};
inline constexpr std::array kSelectionNumbers = {
    SelectionNumber{"layer", &Selection::layer},        SelectionNumber{"head", &Selection::head},
    SelectionNumber{"query", &Selection::query},        SelectionNumber{"key", &Selection::key},
    SelectionNumber{"channel", &Selection::channel},    SelectionNumber{"shown_tokens", &Selection::shownTokens},
    SelectionNumber{"map_row", &Selection::mapRow},     SelectionNumber{"map_column", &Selection::mapColumn},
    SelectionNumber{"other_row", &Selection::otherRow}, SelectionNumber{"other_column", &Selection::otherColumn},
};

} // namespace orrery::views
