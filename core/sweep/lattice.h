// SPDX-License-Identifier: MIT
// Which pixels of a map are computed and which are guessed: refinement of a dyadic lattice where classes meet.
//
// The map is cut into blocks of `start` pixels; their corners are computed. A block is split into four as soon as two
// computed pixels in it or within one block side around it differ in class, which asks for the corners of the four.
// So down to single pixels. A seeded share of all pixels is computed wherever it lies (audit): one that differs from
// what is around it splits its block like any other pixel. What knows more asks for no less, so that the set of pixels
// asked for in the end is one and the same in whatever order the answers come, on however many threads and machines.
// Pixels of blocks that were never split are guessed: all that is known around them has one class.
//
// Thread: one at a time. No I/O.
#pragma once
#include <cstdint>
#include <vector>

namespace orrery::sweep {

struct Refinement {
  bool full = true;       // every pixel is computed
  int start = 8;          // side of the coarsest blocks, a power of two; 1 is as good as full
  double audit = 0.03;    // share of the pixels that are computed wherever they lie
  std::uint64_t seed = 0; // of the choice of audited pixels
};

inline constexpr std::int64_t kMaxPixels = std::int64_t{1} << 26;

enum PixelState : std::uint8_t { kNone = 0, kGuessed = 1, kComputed = 2, kAudited = 3 };

// Pixel numbers are row * width + column.
struct Wanted {
  std::uint32_t pixel = 0;
  std::uint8_t level = 0; // 0 the coarsest; audits come last
};

class Lattice {
public:
  static constexpr std::uint8_t kUnknown = 0xff;
  static constexpr int kLevels = 18; // more than any Wanted::level + 1

  // height * width from 1 to kMaxPixels.
  Lattice(std::int64_t height, std::int64_t width, const Refinement& how);

  // What is asked for before anything is known. A pixel may be asked for again, at another level.
  std::vector<Wanted> begin();
  // Pixel has class `value` (not kUnknown); appends what that asks for.
  void know(std::uint32_t pixel, std::uint8_t value, std::vector<Wanted>& wanted);

  bool isWanted(std::uint32_t pixel) const { return m_wanted[pixel] != 0; }
  std::uint8_t classAt(std::uint32_t pixel) const { return m_class[pixel]; }
  // The computed pixel that a guess of `pixel` copies: the nearest computed corner of the smallest block around it that
  // has one; -1 if nothing is known there.
  std::int64_t sourceOf(std::uint32_t pixel) const;
  bool isAuditChoice(std::uint32_t pixel) const;
  const Refinement& how() const { return m_how; }

private:
  struct Block {
    std::uint8_t active = 0, split = 0, seen = kUnknown; // seen: class of what is known in reach
  };
  struct Level {
    std::int64_t side = 0, rows = 0, columns = 0;
    std::vector<Block> blocks;
  };
  struct Range {
    std::int64_t begin = 0, end = 0; // half-open
  };
  struct Place {
    std::size_t level = 0;
    std::int64_t row = 0, column = 0;
  };

  void want(std::int64_t row, std::int64_t column, std::size_t level, std::vector<Wanted>& wanted);
  void wantCorners(const Place& at, std::vector<Wanted>& wanted);
  void activate(const Place& at, std::vector<Wanted>& wanted);
  void see(const Place& at, std::uint8_t value, std::vector<Wanted>& wanted);
  void split(const Place& at, std::vector<Wanted>& wanted);
  Range reach(std::int64_t block, std::int64_t side, std::int64_t size) const; // pixels that speak for a block
  std::int64_t corner(std::int64_t block, std::int64_t side, std::int64_t size) const;
  std::int64_t knownCorner(const Level& level, std::int64_t row, std::int64_t column) const;

  std::int64_t m_height, m_width;
  Refinement m_how;
  std::vector<Level> m_levels;
  std::vector<std::uint8_t> m_class, m_wanted;
};

// What the computed classes say: state and source of every pixel, and how the audits came out. `classes` holds kUnknown
// where nothing was computed. Pure: a function of the computed classes alone.
struct Settled {
  std::vector<std::uint8_t> state;  // PixelState [height * width]
  std::vector<std::int32_t> source; // pixel whose numbers a pixel shows (itself if computed); -1 none
  std::int64_t guessed = 0;         // state 1
  std::int64_t audits = 0;          // state 3: computed only because an audit fell on a guess
  std::int64_t failedAudits = 0;    // of them: the guess was wrong (its block was then split)
  std::int64_t missing = 0;         // asked for and not computed
};
// preview: pixels that are asked for and not yet computed are shown as guesses too, from whatever is known around them.
Settled settle(std::int64_t height, std::int64_t width, const Refinement& how, const std::vector<std::uint8_t>& classes,
               bool preview = false);

} // namespace orrery::sweep
