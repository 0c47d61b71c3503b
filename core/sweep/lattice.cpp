// SPDX-License-Identifier: MIT
#include "core/sweep/lattice.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace orrery::sweep {
namespace {

// splitmix64 (Steele, Lea, Flood 2014): the choice of a pixel depends on seed and pixel only.
std::uint64_t mix(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15u;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

std::int64_t blocksAlong(std::int64_t size, std::int64_t side) {
  return std::max<std::int64_t>(1, (size - 2 + side) / side);
}

constexpr int kFullStart = 16; // the order in which a full map fills

} // namespace

Lattice::Lattice(std::int64_t height, std::int64_t width, const Refinement& how)
    : m_height(height), m_width(width), m_how(how), m_class(static_cast<std::size_t>(height * width), kUnknown),
      m_wanted(m_class.size(), 0) {
  if (m_how.start <= 1) m_how.full = true;
  if (m_how.full) m_how.start = kFullStart;
  for (std::int64_t side = m_how.start; side >= 1; side /= 2) {
    Level level{side, blocksAlong(height, side), blocksAlong(width, side), {}};
    if (!m_how.full) level.blocks.resize(static_cast<std::size_t>(level.rows * level.columns));
    m_levels.push_back(std::move(level));
  }
}

bool Lattice::isAuditChoice(std::uint32_t pixel) const {
  constexpr double kTwo64 = 18446744073709551616.0;
  return !m_how.full && static_cast<double>(mix(m_how.seed ^ mix(pixel))) < m_how.audit * kTwo64;
}

std::vector<Wanted> Lattice::begin() {
  std::vector<Wanted> wanted;
  if (m_how.full) {
    for (std::int64_t row = 0; row < m_height; ++row)
      for (std::int64_t column = 0; column < m_width; ++column) {
        const int zeros = std::min(std::countr_zero(static_cast<std::uint64_t>(row | column | kFullStart)),
                                   std::countr_zero(static_cast<unsigned>(kFullStart)));
        want(row, column, m_levels.size() - 1 - static_cast<std::size_t>(zeros), wanted);
      }
    return wanted;
  }
  const Level& coarse = m_levels.front();
  for (std::int64_t row = 0; row < coarse.rows; ++row)
    for (std::int64_t column = 0; column < coarse.columns; ++column) activate({0, row, column}, wanted);
  for (std::uint32_t pixel = 0; pixel < m_class.size(); ++pixel)
    if (m_wanted[pixel] == 0 && isAuditChoice(pixel)) want(pixel / m_width, pixel % m_width, m_levels.size(), wanted);
  return wanted;
}

void Lattice::want(std::int64_t row, std::int64_t column, std::size_t level, std::vector<Wanted>& wanted) {
  const auto pixel = static_cast<std::uint32_t>(row * m_width + column);
  if (m_class[pixel] != kUnknown) return;
  const auto mark = static_cast<std::uint8_t>(level + 1);
  if (m_wanted[pixel] != 0 && m_wanted[pixel] <= mark) return;
  m_wanted[pixel] = mark;
  wanted.push_back({pixel, static_cast<std::uint8_t>(level)});
}

std::int64_t Lattice::corner(std::int64_t block, std::int64_t side, std::int64_t size) const {
  return std::min(block * side, size - 1);
}

void Lattice::wantCorners(const Place& at, std::vector<Wanted>& wanted) {
  const std::int64_t side = m_levels[at.level].side;
  for (int i = 0; i < 2; ++i)
    for (int j = 0; j < 2; ++j)
      want(corner(at.row + i, side, m_height), corner(at.column + j, side, m_width), at.level, wanted);
}

Lattice::Range Lattice::reach(std::int64_t block, std::int64_t side, std::int64_t size) const {
  return {std::max<std::int64_t>(0, (block - 1) * side), std::min(size, (block + 2) * side + 1)};
}

void Lattice::activate(const Place& at, std::vector<Wanted>& wanted) {
  const Level& level = m_levels[at.level];
  Block& block = m_levels[at.level].blocks[static_cast<std::size_t>(at.row * level.columns + at.column)];
  block.active = 1;
  wantCorners(at, wanted);
  if (level.side == 1) return;
  const Range rows = reach(at.row, level.side, m_height), columns = reach(at.column, level.side, m_width);
  for (std::int64_t row = rows.begin; row < rows.end; ++row)
    for (std::int64_t column = columns.begin; column < columns.end; ++column) {
      const std::uint8_t value = m_class[static_cast<std::size_t>(row * m_width + column)];
      if (value != kUnknown) see(at, value, wanted);
      if (block.split != 0) return;
    }
}

void Lattice::see(const Place& at, std::uint8_t value, std::vector<Wanted>& wanted) {
  Level& level = m_levels[at.level];
  Block& block = level.blocks[static_cast<std::size_t>(at.row * level.columns + at.column)];
  if (block.active == 0 || block.split != 0) return;
  if (block.seen == kUnknown) block.seen = value;
  if (block.seen != value) split(at, wanted);
}

void Lattice::split(const Place& at, std::vector<Wanted>& wanted) {
  const Level& level = m_levels[at.level];
  m_levels[at.level].blocks[static_cast<std::size_t>(at.row * level.columns + at.column)].split = 1;
  const Level& finer = m_levels[at.level + 1];
  for (std::int64_t row = 2 * at.row; row < std::min(2 * at.row + 2, finer.rows); ++row)
    for (std::int64_t column = 2 * at.column; column < std::min(2 * at.column + 2, finer.columns); ++column)
      activate({at.level + 1, row, column}, wanted);
}

void Lattice::know(std::uint32_t pixel, std::uint8_t value, std::vector<Wanted>& wanted) {
  m_class[pixel] = value;
  if (m_how.full) return;
  const std::int64_t row = pixel / m_width, column = pixel % m_width;
  for (std::size_t l = 0; l + 1 < m_levels.size(); ++l) {
    const Level& level = m_levels[l];
    const std::int64_t side = level.side;
    // Blocks whose reach holds the pixel: (block - 1) * side <= row <= (block + 2) * side.
    const Range rows{std::max<std::int64_t>(0, (row + side - 1) / side - 2), std::min(level.rows, row / side + 2)};
    const Range columns{std::max<std::int64_t>(0, (column + side - 1) / side - 2),
                        std::min(level.columns, column / side + 2)};
    for (std::int64_t r = rows.begin; r < rows.end; ++r)
      for (std::int64_t c = columns.begin; c < columns.end; ++c) see({l, r, c}, value, wanted);
  }
}

std::int64_t Lattice::knownCorner(const Level& level, std::int64_t row, std::int64_t column) const {
  const std::int64_t r = std::min(row / level.side, level.rows - 1),
                     c = std::min(column / level.side, level.columns - 1);
  std::int64_t best = -1, bestDistance = 0;
  for (int i = 0; i < 2; ++i)
    for (int j = 0; j < 2; ++j) {
      const std::int64_t y = corner(r + i, level.side, m_height), x = corner(c + j, level.side, m_width);
      const std::int64_t distance = (y - row) * (y - row) + (x - column) * (x - column);
      if (m_class[static_cast<std::size_t>(y * m_width + x)] == kUnknown) continue;
      if (best < 0 || distance < bestDistance) best = y * m_width + x, bestDistance = distance;
    }
  return best;
}

std::int64_t Lattice::sourceOf(std::uint32_t pixel) const {
  if (m_class[pixel] != kUnknown) return pixel;
  const std::int64_t row = pixel / m_width, column = pixel % m_width;
  for (std::size_t l = m_levels.size(); l-- > 0;) {
    const Level& level = m_levels[l];
    if (!m_how.full) {
      const std::int64_t r = std::min(row / level.side, level.rows - 1),
                         c = std::min(column / level.side, level.columns - 1);
      if (level.blocks[static_cast<std::size_t>(r * level.columns + c)].active == 0) continue;
    }
    if (const std::int64_t found = knownCorner(level, row, column); found >= 0) return found;
  }
  return -1;
}

namespace {

// Feeds what is known, and nothing that was not asked for.
void replay(Lattice& lattice, const std::vector<std::uint8_t>& classes) {
  std::vector<Wanted> queue = lattice.begin();
  for (std::size_t i = 0; i < queue.size(); ++i) {
    const std::uint32_t pixel = queue[i].pixel;
    if (lattice.classAt(pixel) != Lattice::kUnknown || classes[pixel] == Lattice::kUnknown) continue;
    lattice.know(pixel, classes[pixel], queue);
  }
}

void settleUnknown(const Lattice& all, std::uint32_t pixel, bool preview, Settled& out) {
  if (all.isWanted(pixel)) ++out.missing;
  if (all.isWanted(pixel) && !preview) return;
  const std::int64_t source = all.sourceOf(pixel);
  if (source < 0) return;
  out.source[pixel] = static_cast<std::int32_t>(source);
  out.state[pixel] = kGuessed;
  ++out.guessed;
}

} // namespace

Settled settle(std::int64_t height, std::int64_t width, const Refinement& how, const std::vector<std::uint8_t>& classes,
               bool preview) {
  Refinement alone = how;
  alone.audit = 0;
  Lattice all(height, width, how), guesses(height, width, alone); // guesses: what would be guessed without any audit
  replay(all, classes);
  replay(guesses, classes);
  Settled out;
  out.state.resize(classes.size(), kNone);
  out.source.resize(classes.size(), -1);
  for (std::uint32_t pixel = 0; pixel < classes.size(); ++pixel) {
    if (all.classAt(pixel) == Lattice::kUnknown) {
      settleUnknown(all, pixel, preview, out);
      continue;
    }
    out.source[pixel] = static_cast<std::int32_t>(pixel);
    out.state[pixel] = kComputed;
    if (guesses.isWanted(pixel) || !all.isAuditChoice(pixel)) continue;
    const std::int64_t guess = guesses.sourceOf(pixel);
    if (guess < 0) continue; // its block was not reached yet
    out.state[pixel] = kAudited;
    ++out.audits;
    if (classes[static_cast<std::size_t>(guess)] != classes[pixel]) ++out.failedAudits;
  }
  return out;
}

} // namespace orrery::sweep
