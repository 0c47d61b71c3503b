// SPDX-License-Identifier: MIT
#include "views/weight_map.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "core/weights/scales.h"

namespace orrery::views {
namespace {

constexpr std::int64_t kTileCells = 64;                       // a side, or fewer at the edge
constexpr std::int64_t kHereElements = std::int64_t{1} << 18; // read in the build itself, together
constexpr std::int64_t kReadElements = std::int64_t{1} << 18; // at a time

// Pools rows of elements into cells.
class Pool {
public:
  Pool(Tile& tile, CellRange rows, CellRange cols, std::int64_t rowCell, std::int64_t colCell)
      : m_tile(tile), m_rows(rows), m_cols(cols), m_rowCell(rowCell), m_colCell(colCell) {
    tile.rows = (rows.size() + rowCell - 1) / rowCell;
    tile.cols = (cols.size() + colCell - 1) / colCell;
    tile.mean.assign(static_cast<std::size_t>(tile.rows * tile.cols), 0);
    tile.max.assign(tile.mean.size(), 0);
    m_sums.assign(static_cast<std::size_t>(tile.cols), 0.0);
  }
  void row(std::int64_t index, const float* x) { // rows in order
    const std::int64_t cellRow = (index - m_rows.begin) / m_rowCell;
    float* extremes = m_tile.max.data() + cellRow * m_tile.cols;
    for (std::int64_t cell = 0; cell < m_tile.cols; ++cell) {
      const std::int64_t begin = cell * m_colCell, end = std::min(begin + m_colCell, m_cols.size());
      double sum = 0;
      float furthest = extremes[cell];
      for (std::int64_t c = begin; c < end; ++c) {
        sum += static_cast<double>(x[c]);
        if (!(std::abs(x[c]) <= std::abs(furthest))) furthest = x[c];
      }
      extremes[cell] = furthest;
      m_sums[static_cast<std::size_t>(cell)] += sum;
    }
    if (index + 1 == m_rows.end || (index + 1 - m_rows.begin) % m_rowCell == 0) close(cellRow, index + 1);
  }

private:
  void close(std::int64_t cellRow, std::int64_t rowEnd) {
    const std::int64_t height = rowEnd - (m_rows.begin + cellRow * m_rowCell);
    for (std::int64_t cell = 0; cell < m_tile.cols; ++cell) {
      const std::int64_t width = std::min(m_colCell, m_cols.size() - cell * m_colCell);
      const double mean = m_sums[static_cast<std::size_t>(cell)] / static_cast<double>(height * width);
      float& extreme = m_tile.max[static_cast<std::size_t>(cellRow * m_tile.cols + cell)];
      if (!std::isfinite(mean)) extreme = std::nanf(""); // one that is not finite marks its cell
      m_tile.mean[static_cast<std::size_t>(cellRow * m_tile.cols + cell)] =
          std::isfinite(mean) ? static_cast<float>(mean) : std::nanf("");
    }
    std::fill(m_sums.begin(), m_sums.end(), 0.0);
  }

  Tile& m_tile;
  const CellRange m_rows, m_cols;
  const std::int64_t m_rowCell, m_colCell;
  std::vector<double> m_sums;
};

Result<Tile> computeTile(const MapSource& source, CellRange rows, CellRange cols, std::int64_t rowCell,
                         std::int64_t colCell, const std::stop_token& stop) {
  Tile tile;
  Pool pool(tile, rows, cols, rowCell, colCell);
  const std::int64_t step = std::max<std::int64_t>(1, kReadElements / cols.size());
  std::vector<float> values(static_cast<std::size_t>(std::min(step, rows.size()) * cols.size()));
  for (std::int64_t row = rows.begin; row < rows.end; row += step) {
    if (stop.stop_requested()) return cancelled();
    const std::int64_t count = std::min(step, rows.end - row);
    if (Status read = source.read(row, count, cols.begin, cols.size(), values.data()); !read) return read.error();
    for (std::int64_t r = 0; r < count; ++r) pool.row(row + r, values.data() + r * cols.size());
  }
  return tile;
}

struct Tiling {
  const MapSource& source;
  std::int64_t rowCell, colCell;

  // Tile (i, j) of the level: elements.
  CellRange rowsOf(std::int64_t i) const { return rangeOf(i, rowCell, source.rows); }
  CellRange colsOf(std::int64_t j) const { return rangeOf(j, colCell, source.cols); }
  TileKey key(std::int64_t i, std::int64_t j) const {
    TileKey k = source.key;
    const CellRange rows = rowsOf(i), cols = colsOf(j);
    k.rowBegin = rows.begin;
    k.rowEnd = rows.end;
    k.colBegin = cols.begin;
    k.colEnd = cols.end;
    k.cell = rowCell;
    k.head = 64 * k.head + std::countr_zero(static_cast<std::uint64_t>(colCell));
    return k;
  }

private:
  static CellRange rangeOf(std::int64_t i, std::int64_t cell, std::int64_t all) {
    return {i * kTileCells * cell, std::min((i + 1) * kTileCells * cell, all)};
  }
};

// Copies what a tile of level (tile.rowCell, tile.colCell) knows of the map's cells in rows x cols.
void copyCells(WeightMap& map, const Tiling& tiling, std::int64_t i, std::int64_t j, const Tile& tile, CellRange rows,
               CellRange cols) {
  const CellRange has{std::max(rows.begin, map.rows.begin), std::min(rows.end, map.rows.end)};
  const CellRange hasCols{std::max(cols.begin, map.cols.begin), std::min(cols.end, map.cols.end)};
  for (std::int64_t y = has.begin; y < has.end; y += map.rowCell)
    for (std::int64_t x = hasCols.begin; x < hasCols.end; x += map.colCell) {
      const std::size_t to = map.at((y - map.rows.begin) / map.rowCell, (x - map.cols.begin) / map.colCell);
      const auto from = static_cast<std::size_t>((y - tiling.rowsOf(i).begin) / tiling.rowCell * tile.cols +
                                                 (x - tiling.colsOf(j).begin) / tiling.colCell);
      map.mean[to] = tile.mean[from];
      map.extreme[to] = tile.max[from];
      map.mask[to] = 0;
    }
}

// The nearest coarser tile that is at hand.
void copyCoarser(WeightMap& map, const Tiling& fine, CellRange rows, CellRange cols, TileCache& cache) {
  Tiling coarse = fine;
  while (coarse.rowCell < map.rows.end || coarse.colCell < map.cols.end) {
    coarse.rowCell *= 2;
    coarse.colCell *= 2;
    if (coarse.rowCell > (std::int64_t{1} << 40) || coarse.colCell > (std::int64_t{1} << 40)) return;
    const std::int64_t i = rows.begin / (kTileCells * coarse.rowCell), j = cols.begin / (kTileCells * coarse.colCell);
    if (const TilePtr tile = cache.find(coarse.key(i, j))) return copyCells(map, coarse, i, j, *tile, rows, cols);
  }
}

} // namespace

MapSource mapOf(const weights::WeightsPtr& set, const weights::Weight& weight) {
  const std::int64_t cols = weight.mapCols();
  return {
      weight.mapRows(), cols, weightKey(*set, indexOf(*set, weight), kHeadOf),
      [set, &weight, cols](std::int64_t row, std::int64_t height, std::int64_t col, std::int64_t width, float* out) {
        if (width == cols) return readElements(*set, weight, row * cols, height * cols, out);
        for (std::int64_t r = 0; r < height; ++r)
          if (Status read = readElements(*set, weight, (row + r) * cols + col, width, out + r * width); !read)
            return read;
        return Status(Done{});
      }};
}

Result<MapSource> scalesOf(const weights::WeightsPtr& set, const weights::Weight& weight) {
  const std::int64_t block = weights::scaleBlock(weight);
  if (block == 0 || weight.mapCols() % block != 0)
    return unsupported(weight.name + " is stored as " + tensorio::typeName(*weight.info) +
                       ": there are no block scales to show");
  const std::int64_t cols = weight.mapCols() / block;
  return MapSource{weight.mapRows(), cols, weightKey(*set, indexOf(*set, weight), kHeadOf + 1),
                   [set, &weight, cols](std::int64_t row, std::int64_t height, std::int64_t col, std::int64_t width,
                                        float* out) -> Status {
                     for (std::int64_t r = 0; r < height; ++r) {
                       auto scales = weights::blockScales(*set, weight, (row + r) * cols + col, width);
                       if (!scales) return scales.error();
                       std::copy(scales->begin(), scales->end(), out + r * width);
                     }
                     return Done{};
                   }};
}

Result<WeightMap> weightMap(const MapSource& source, CellRange rows, CellRange cols, std::int64_t rowCell,
                            std::int64_t colCell, const std::shared_ptr<TileCache>& cache, Missing& missing,
                            const std::stop_token& stop) {
  const Tiling tiling{source, rowCell, colCell};
  WeightMap map;
  map.rowCell = rowCell;
  map.colCell = colCell;
  map.rows = {rows.begin / rowCell * rowCell, rows.end};
  map.cols = {cols.begin / colCell * colCell, cols.end};
  map.height = (map.rows.size() + rowCell - 1) / rowCell;
  map.width = (map.cols.size() + colCell - 1) / colCell;
  map.mean.assign(static_cast<std::size_t>(map.height * map.width), 0);
  map.extreme = map.mean;
  map.mask.assign(map.mean.size(), 1);
  std::int64_t here = 0;
  for (std::int64_t i = rows.begin / (kTileCells * rowCell); i * kTileCells * rowCell < rows.end; ++i)
    for (std::int64_t j = cols.begin / (kTileCells * colCell); j * kTileCells * colCell < cols.end; ++j) {
      if (stop.stop_requested()) return cancelled();
      const CellRange r = tiling.rowsOf(i), c = tiling.colsOf(j);
      const TileKey key = tiling.key(i, j);
      TilePtr tile = cache->find(key);
      if (!tile && (!missing.waits() || here < kHereElements)) {
        here += r.size() * c.size();
        auto made = computeTile(source, r, c, rowCell, colCell, stop);
        if (!made) return made.error();
        tile = std::make_shared<const Tile>(std::move(*made));
        cache->insert(key, tile);
      }
      if (tile) {
        copyCells(map, tiling, i, j, *tile, r, c);
        continue;
      }
      copyCoarser(map, tiling, r, c, *cache);
      missing.later({key, [source, r, c, rowCell, colCell](const std::stop_token& until) {
                       return computeTile(source, r, c, rowCell, colCell, until);
                     }});
    }
  return map;
}

} // namespace orrery::views
