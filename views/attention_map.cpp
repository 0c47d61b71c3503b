// SPDX-License-Identifier: MIT
#include "views/attention_map.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

namespace orrery::views {
namespace {

using hooks::TileRange;

constexpr std::int64_t kBlockCells = 64;   // cells a side of a cached tile
constexpr double kQuickWork = 4e8;         // multiply-adds that a picture may cost before the overview is taken instead
constexpr double kLargestScoreWork = 2e10; // there is no overview of scores: beyond this, refuse
constexpr std::int64_t kExactTokens = 256; // shorter texts are pooled from exact cells when the overview is too coarse

std::int64_t ceilDiv(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

std::uint64_t bitsAt(const TensorView& view, std::int64_t offset) {
  return std::bit_cast<std::uint64_t>(elementAt(view, offset));
}

// What the cells of these rows depend on, short of 2^-64: every row's log-sum-exp sums over its queries and keys.
std::uint64_t contentHash(const LayerAttention& attention, std::int64_t head, TileRange rows) {
  const TensorView& lse = attention.record->lse;
  std::uint64_t hash = 14695981039346656037u;
  if (lse.shape.size() != 2 || head >= lse.shape[0]) return hash;
  for (std::int64_t i = rows.begin; i < std::min(rows.end, lse.shape[1]); ++i) {
    hash ^= bitsAt(lse, head * lse.strides[0] + i * lse.strides[1]);
    hash *= 1099511628211u;
    hash ^= hash >> 29;
  }
  return hash;
}

double workOf(const LayerAttention& attention, TileRange rows, TileRange cols) {
  const double below = static_cast<double>(std::max<std::int64_t>(0, std::min(cols.end, rows.end) - cols.begin));
  return static_cast<double>(rows.size()) * below * static_cast<double>(attention.record->headDim);
}

// Scores have no meaning where they are masked: the mean and max run over allowed pairs only.
Result<Tile> pooledScores(const LayerAttention& attention, std::int64_t head, TileRange rows, TileRange cols,
                          std::int64_t cell, const std::stop_token& stop) {
  const float lowest = -std::numeric_limits<float>::infinity();
  Tile tile{ceilDiv(rows.size(), cell), ceilDiv(cols.size(), cell), {}, {}};
  tile.max.assign(static_cast<std::size_t>(tile.rows * tile.cols), lowest);
  std::vector<double> sum(tile.max.size(), 0), count(tile.max.size(), 0);
  for (std::int64_t i = rows.begin; i < rows.end; ++i) {
    if (stop.stop_requested()) return cancelled();
    auto strip = hooks::scoreTile(*attention.record, head, {i, i + 1}, cols);
    if (!strip.ok()) return strip.error();
    for (std::int64_t j = 0; j < cols.size(); ++j) {
      const float value = (*strip)[static_cast<std::size_t>(j)];
      if (value == lowest) continue;
      const auto at = static_cast<std::size_t>((i - rows.begin) / cell * tile.cols + j / cell);
      sum[at] += static_cast<double>(value);
      count[at] += 1;
      tile.max[at] = std::isnan(value) ? value : std::max(tile.max[at], value);
    }
  }
  for (std::size_t at = 0; at < sum.size(); ++at)
    tile.mean.push_back(count[at] > 0 ? static_cast<float>(sum[at] / count[at]) : lowest);
  return tile;
}

Result<Tile> computeTile(const LayerAttention& attention, std::int64_t head, TileRange rows, TileRange cols,
                         const MapRequest& wanted, const std::stop_token& stop) {
  if (wanted.quantity == Quantity::Scores && wanted.cell > 1)
    return pooledScores(attention, head, rows, cols, wanted.cell, stop);
  if (wanted.cell == 1) {
    auto cells = wanted.quantity == Quantity::Scores ? hooks::scoreTile(*attention.record, head, rows, cols)
                                                     : hooks::attentionTile(*attention.record, head, rows, cols);
    if (!cells.ok()) return cells.error();
    return Tile{rows.size(), cols.size(), std::move(*cells), {}};
  }
  auto pooled = hooks::pooledTile(*attention.record, head, rows, cols, wanted.cell);
  if (!pooled.ok()) return pooled.error();
  return Tile{pooled->rows, pooled->cols, std::move(pooled->mean), std::move(pooled->max)};
}

Result<TilePtr> cachedTile(const LayerAttention& attention, std::int64_t head, TileRange rows, TileRange cols,
                           const MapRequest& wanted, TileCache& cache, const std::stop_token& stop) {
  TileKey key{attention.run,   contentHash(attention, head, rows),
              attention.layer, head,
              rows.begin,      rows.end,
              cols.begin,      cols.end,
              wanted.cell,     static_cast<int>(wanted.quantity)};
  if (TilePtr known = cache.find(key)) return known;
  auto tile = computeTile(attention, head, rows, cols, wanted, stop);
  if (!tile.ok()) return tile.error();
  TilePtr made = std::make_shared<const Tile>(std::move(*tile));
  cache.insert(key, made);
  return made;
}

HeadMap emptyMap(const LayerAttention& attention, TileRange rows, TileRange cols, std::int64_t cell) {
  const std::int64_t T = attention.tokens;
  HeadMap map;
  map.cell = cell;
  map.rows = {rows.begin / cell * cell, std::min(T, ceilDiv(rows.end, cell) * cell)};
  map.cols = {cols.begin / cell * cell, std::min(T, ceilDiv(cols.end, cell) * cell)};
  map.height = ceilDiv(map.rows.size(), cell);
  map.width = ceilDiv(map.cols.size(), cell);
  const auto cells = static_cast<std::size_t>(map.height * map.width);
  map.mean.assign(cells, 0);
  map.max.assign(cells, 0);
  map.mask.assign(cells, 0);
  for (std::int64_t r = 0; r < map.height; ++r)
    for (std::int64_t c = 0; c < map.width; ++c) {
      const std::int64_t i = map.rows.begin + r * cell, j = map.cols.begin + c * cell;
      map.mask[map.at(r, c)] =
          allMasked(*attention.record, {i, std::min(T, i + cell)}, {j, std::min(T, j + cell)}) ? 1 : 0;
    }
  return map;
}

// Copies the part of a tile that lies inside the map.
void paste(HeadMap& map, const Tile& tile, TileRange rows, TileRange cols) {
  const std::int64_t cell = map.cell;
  const std::int64_t firstRow = (rows.begin - map.rows.begin) / cell, firstCol = (cols.begin - map.cols.begin) / cell;
  const std::int64_t r0 = std::max<std::int64_t>(0, -firstRow), r1 = std::min(tile.rows, map.height - firstRow);
  const std::int64_t c0 = std::max<std::int64_t>(0, -firstCol), c1 = std::min(tile.cols, map.width - firstCol);
  for (std::int64_t r = r0; r < r1; ++r)
    for (std::int64_t c = c0; c < c1; ++c) {
      const auto from = static_cast<std::size_t>(r * tile.cols + c);
      map.mean[map.at(firstRow + r, firstCol + c)] = tile.mean[from];
      map.max[map.at(firstRow + r, firstCol + c)] = tile.maxima()[from];
    }
}

Status fillFromTiles(HeadMap& map, const LayerAttention& attention, std::int64_t head, const MapRequest& wanted,
                     TileCache& cache, const std::stop_token& stop) {
  const std::int64_t span = kBlockCells * map.cell, T = attention.tokens;
  for (std::int64_t i = map.rows.begin / span * span; i < map.rows.end; i += span)
    for (std::int64_t j = map.cols.begin / span * span; j < map.cols.end; j += span) {
      if (stop.stop_requested()) return cancelled();
      const TileRange rows{i, std::min(T, i + span)}, cols{j, std::min(T, j + span)};
      if (allMasked(*attention.record, rows, cols)) continue;
      auto tile = cachedTile(attention, head, rows, cols, wanted, cache, stop);
      if (!tile.ok()) return tile.error();
      paste(map, **tile, rows, cols);
    }
  return Done{};
}

// Tokens that full overview rows cover at this T.
std::int64_t overviewTokens(const LayerAttention& attention) {
  const hooks::Overview& overview = attention.record->overview;
  if (overview.rows.empty() || overview.cell < 1) return 0;
  if (attention.tokens >= overview.tokens) return overview.tokens;
  return attention.tokens / overview.cell * overview.cell;
}

// (query, key) pairs of a pooled cell inside [0, tokens) x [0, tokens).
double pairsOf(const HeadMap& map, std::int64_t row, std::int64_t column) {
  const std::int64_t i = map.rows.begin + row * map.cell, j = map.cols.begin + column * map.cell;
  return static_cast<double>(std::min(map.cell, map.rows.end - i) * std::min(map.cell, map.cols.end - j));
}

void fillFromOverview(HeadMap& map, const LayerAttention& attention, std::int64_t head, std::int64_t tokens) {
  const hooks::Overview& overview = attention.record->overview;
  const std::int64_t factor = map.cell / overview.cell;
  const std::int64_t valid = std::min<std::int64_t>(ceilDiv(tokens, overview.cell), overview.side());
  std::vector<double> sum(map.mean.size(), 0);
  for (std::int64_t r = map.rows.begin / overview.cell; r < valid && r / factor * map.cell < map.rows.end; ++r) {
    const auto& row = overview.rows[static_cast<std::size_t>(r)];
    if (!row || head >= row->heads) continue;
    for (std::int64_t c = map.cols.begin / overview.cell; c < row->cells && c * overview.cell < map.cols.end; ++c) {
      const auto from = static_cast<std::size_t>(head * row->cells + c);
      const std::size_t to = map.at(r / factor - map.rows.begin / map.cell, c / factor - map.cols.begin / map.cell);
      sum[to] += row->sum[from];
      map.max[to] = std::isnan(row->max[from]) ? row->max[from] : std::max(map.max[to], row->max[from]);
    }
  }
  for (std::int64_t r = 0; r < map.height; ++r)
    for (std::int64_t c = 0; c < map.width; ++c)
      map.mean[map.at(r, c)] = static_cast<float>(sum[map.at(r, c)] / pairsOf(map, r, c));
}

// A row whose log-sum-exp is not finite has no pattern; tiles and overviews give 0 there, as hook_pattern does. A
// picture must not hide it.
void markNonFinite(HeadMap& map, const LayerAttention& attention, std::int64_t head) {
  const TensorView& lse = attention.record->lse;
  for (std::int64_t i = map.rows.begin; i < map.rows.end; ++i) {
    if (std::isfinite(elementAt(lse, head * lse.strides[0] + i * lse.strides[1]))) continue;
    const std::int64_t row = (i - map.rows.begin) / map.cell;
    for (std::int64_t c = 0; c < map.width; ++c) {
      const std::int64_t j = map.cols.begin + c * map.cell;
      if (allMasked(*attention.record, {i, i + 1}, {j, j + map.cell})) continue;
      map.mean[map.at(row, c)] = map.max[map.at(row, c)] = std::numeric_limits<float>::quiet_NaN();
    }
  }
}

bool overviewServes(const LayerAttention& attention, const MapRequest& wanted) {
  const std::int64_t covered = overviewTokens(attention);
  return wanted.quantity == Quantity::Pattern && covered > 0 && covered >= attention.tokens - attention.tokens / 8;
}

} // namespace

std::int64_t shownTokens(const Request& request) {
  if (!request.snapshot) return 0;
  const std::int64_t T = request.snapshot->length(), shown = request.selection.shownTokens;
  return shown < 0 ? T : std::min(shown, T);
}

Result<LayerAttention> layerAttention(const Request& request, std::int64_t layer) {
  if (!request.snapshot) return notFound("nothing has been run yet: open a checkpoint, type a prompt and run it");
  const auto& layers = request.snapshot->attention;
  if (layers.empty()) return notFound("the attention of this run was not captured: run it with attention capture on");
  if (layer < 0 || layer >= static_cast<std::int64_t>(layers.size()))
    return notFound("layer " + std::to_string(layer) + ": this run has layers 0 to " +
                    std::to_string(layers.size() - 1));
  const hooks::AttentionRecord& record = layers[static_cast<std::size_t>(layer)];
  const std::int64_t tokens = std::min(record.tokens, shownTokens(request));
  const bool shaped = record.lse.shape == Shape{record.heads, record.tokens} && record.lse.strides.size() == 2;
  if (tokens < 1 || record.heads < 1 || record.kvHeads < 1 || !shaped)
    return notFound("layer " + std::to_string(layer) + " has no attention yet");
  return LayerAttention{&record, request.snapshot->run, layer, tokens};
}

Result<LayerAttention> selectedAttention(const Request& request) {
  auto attention = layerAttention(request, request.selection.layer);
  if (!attention.ok()) return attention;
  const std::int64_t head = request.selection.head, heads = attention->record->heads;
  if (head < 0 || head >= heads)
    return notFound("head " + std::to_string(head) + ": layer " + std::to_string(request.selection.layer) +
                    " has heads 0 to " + std::to_string(heads - 1));
  return attention;
}

bool allMasked(const hooks::AttentionRecord& record, TileRange queries, TileRange keys) {
  if (keys.begin > queries.end - 1) return true;
  return record.window > 0 && keys.end - 1 <= queries.begin - record.window;
}

Result<HeadMap> headMap(const LayerAttention& attention, std::int64_t head, const MapRequest& wanted, TileCache& cache,
                        std::stop_token stop) {
  MapRequest request = wanted;
  const double work = workOf(attention, wanted.rows, wanted.cols);
  if (wanted.quantity == Quantity::Scores && work > kLargestScoreWork)
    return tooLarge("scores of " + std::to_string(wanted.rows.size()) + " x " + std::to_string(wanted.cols.size()) +
                    " tokens would take too long to compute: zoom in, or show the pattern");
  const hooks::Overview& overview = attention.record->overview;
  const bool fromOverview = overviewServes(attention, wanted) && wanted.cell >= overview.cell;
  const bool coarser = !wanted.exact && work > kQuickWork && overviewServes(attention, wanted);
  if (coarser) request.cell = std::max(wanted.cell, overview.cell);
  HeadMap map = emptyMap(attention, wanted.rows, wanted.cols, request.cell);
  map.coarse = request.cell > wanted.cell;
  if (!fromOverview && !coarser) {
    if (auto filled = fillFromTiles(map, attention, head, request, cache, stop); !filled.ok()) return filled.error();
    markNonFinite(map, attention, head);
    return map;
  }
  const std::int64_t covered = overviewTokens(attention);
  fillFromOverview(map, attention, head, covered);
  if (covered < map.rows.end) {
    // The rows after the last full overview cell, exact: at most one overview row of queries where T was cut back.
    const TileRange rest{std::max(map.rows.begin, covered / map.cell * map.cell), map.rows.end};
    auto tile = cachedTile(attention, head, rest, {map.cols.begin, map.cols.end}, request, cache, stop);
    if (!tile.ok()) return tile.error();
    paste(map, **tile, rest, map.cols);
  }
  markNonFinite(map, attention, head);
  return map;
}

Result<HeadMap> thumbnail(const LayerAttention& attention, std::int64_t head, std::int64_t cells, TileCache& cache,
                          std::stop_token stop) {
  const std::int64_t T = attention.tokens, covered = overviewTokens(attention);
  const std::int64_t cell = hooks::overviewCell(T, std::max<std::int64_t>(1, cells));
  const bool exact = covered == 0 || (T <= kExactTokens && covered < T);
  if (exact) {
    if (workOf(attention, {0, T}, {0, T}) > kQuickWork)
      return notFound("the overview maps of this run were not captured: run it with overviews on");
    return headMap(attention, head, {{0, T}, {0, T}, cell, Quantity::Pattern, true}, cache, stop);
  }
  LayerAttention whole = attention;
  whole.tokens = covered;
  HeadMap map = emptyMap(whole, {0, covered}, {0, covered}, std::max(cell, attention.record->overview.cell));
  fillFromOverview(map, whole, head, covered);
  markNonFinite(map, whole, head);
  return map;
}

} // namespace orrery::views
