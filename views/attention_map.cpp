// SPDX-License-Identifier: MIT
#include "views/attention_map.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <map>
#include <tuple>

namespace orrery::views {
namespace {

using hooks::TileRange;

constexpr std::int64_t kBlockCells = 64; // cells a side of a cached tile
constexpr double kQuickWork = 5e7;       // multiply-adds that a picture does itself before it leaves tiles to a loader
constexpr double kSlowWork = 4e8;        // that a thumbnail without an overview may cost
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

// In strips of whole cells, between which the work can be stopped.
Result<Tile> pooledPattern(const LayerAttention& attention, std::int64_t head, TileRange rows, TileRange cols,
                           std::int64_t cell, const std::stop_token& stop) {
  Tile tile{0, ceilDiv(cols.size(), cell), {}, {}};
  const std::int64_t strip = std::max<std::int64_t>(cell, 64);
  for (std::int64_t i = rows.begin; i < rows.end; i += strip) {
    if (stop.stop_requested()) return cancelled();
    auto part = hooks::pooledTile(*attention.record, head, {i, std::min(i + strip, rows.end)}, cols, cell);
    if (!part.ok()) return part.error();
    tile.rows += part->rows;
    tile.mean.insert(tile.mean.end(), part->mean.begin(), part->mean.end());
    tile.max.insert(tile.max.end(), part->max.begin(), part->max.end());
  }
  return tile;
}

struct Level {
  std::int64_t cell = 1;
  Quantity quantity = Quantity::Pattern;
};

Result<Tile> computeTile(const LayerAttention& attention, std::int64_t head, TileRange rows, TileRange cols,
                         const Level& level, const std::stop_token& stop) {
  if (level.cell > 1)
    return level.quantity == Quantity::Scores ? pooledScores(attention, head, rows, cols, level.cell, stop)
                                              : pooledPattern(attention, head, rows, cols, level.cell, stop);
  auto cells = level.quantity == Quantity::Scores ? hooks::scoreTile(*attention.record, head, rows, cols)
                                                  : hooks::attentionTile(*attention.record, head, rows, cols);
  if (!cells.ok()) return cells.error();
  return Tile{rows.size(), cols.size(), std::move(*cells), {}};
}

// One tile of a level. `content` is contentHash() of its rows.
TileKey keyOf(const LayerAttention& attention, std::int64_t head, TileRange rows, TileRange cols, const Level& level,
              std::uint64_t content) {
  return {attention.run, content,    attention.layer, head,       rows.begin,
          rows.end,      cols.begin, cols.end,        level.cell, static_cast<int>(level.quantity)};
}

Result<TilePtr> cachedTile(const LayerAttention& attention, std::int64_t head, const TileKey& key, const Level& level,
                           TileCache& cache, const std::stop_token& stop) {
  if (TilePtr known = cache.find(key)) return known;
  auto tile = computeTile(attention, head, {key.rowBegin, key.rowEnd}, {key.colBegin, key.colEnd}, level, stop);
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

// Cells of [rows] x [cols] of the map from a coarser level: value(r, c) gives mean and maximum of its cell (r, c).
template <class Value> void expand(HeadMap& map, TileRange rows, TileRange cols, std::int64_t coarse, Value value) {
  const TileRange inRows{std::max(rows.begin, map.rows.begin), std::min(rows.end, map.rows.end)};
  const TileRange inCols{std::max(cols.begin, map.cols.begin), std::min(cols.end, map.cols.end)};
  for (std::int64_t i = inRows.begin; i < inRows.end; i += map.cell)
    for (std::int64_t j = inCols.begin; j < inCols.end; j += map.cell) {
      const std::size_t to = map.at((i - map.rows.begin) / map.cell, (j - map.cols.begin) / map.cell);
      std::tie(map.mean[to], map.max[to]) = value(i / coarse, j / coarse);
    }
}

class PyramidFill {
public:
  PyramidFill(HeadMap& map, const LayerAttention& attention, std::int64_t head, const MapRequest& wanted,
              std::shared_ptr<TileCache> cache)
      : m_map(map), m_attention(attention), m_head(head), m_wanted(wanted), m_level{map.cell, wanted.quantity},
        m_cache(std::move(cache)) {}

  Status fill(const std::stop_token& stop) {
    std::vector<TileKey> missing;
    double work = 0;
    for (const TileKey& key : tiles()) {
      if (stop.stop_requested()) return cancelled();
      if (const TilePtr known = m_cache->find(key)) {
        pasteTile(*known, key);
        continue;
      }
      missing.push_back(key);
      work += workOf(m_attention, {key.rowBegin, key.rowEnd}, {key.colBegin, key.colEnd});
    }
    if (m_wanted.loader && work > kQuickWork) return leave(std::move(missing));
    if (m_wanted.loader) m_wanted.loader->want(m_cache, {});
    for (const TileKey& key : missing) {
      if (stop.stop_requested()) return cancelled();
      auto tile = cachedTile(m_attention, m_head, key, m_level, *m_cache, stop);
      if (!tile.ok()) return tile.error();
      pasteTile(**tile, key);
    }
    return Done{};
  }

private:
  // Of the map's own level, without those that are masked altogether.
  std::vector<TileKey> tiles() {
    const std::int64_t span = kBlockCells * m_map.cell, T = m_attention.tokens;
    std::vector<TileKey> keys;
    for (std::int64_t i = m_map.rows.begin / span * span; i < m_map.rows.end; i += span)
      for (std::int64_t j = m_map.cols.begin / span * span; j < m_map.cols.end; j += span)
        if (!allMasked(*m_attention.record, {i, std::min(T, i + span)}, {j, std::min(T, j + span)}))
          keys.push_back(key(m_level, i, j));
    return keys;
  }
  TileKey key(const Level& level, std::int64_t i, std::int64_t j) {
    const std::int64_t span = kBlockCells * level.cell, T = m_attention.tokens;
    const TileRange rows{i, std::min(T, i + span)}, cols{j, std::min(T, j + span)};
    const auto [at, isNew] = m_hashes.try_emplace({rows.begin, rows.end}, 0);
    if (isNew) at->second = contentHash(m_attention, m_head, rows);
    return keyOf(m_attention, m_head, rows, cols, level, at->second);
  }
  void pasteTile(const Tile& tile, const TileKey& key) {
    paste(m_map, tile, {key.rowBegin, key.rowEnd}, {key.colBegin, key.colEnd});
  }

  // Leaves the tiles to the loader, the middle of the map first, and shows what is known of them.
  Status leave(std::vector<TileKey> missing) {
    const std::int64_t row = (m_map.rows.begin + m_map.rows.end) / 2, col = (m_map.cols.begin + m_map.cols.end) / 2;
    const auto distance = [&](const TileKey& key) {
      const auto dy = static_cast<double>((key.rowBegin + key.rowEnd) / 2 - row);
      const auto dx = static_cast<double>((key.colBegin + key.colEnd) / 2 - col);
      return dy * dy + dx * dx;
    };
    std::sort(missing.begin(), missing.end(),
              [&](const TileKey& a, const TileKey& b) { return distance(a) < distance(b); });
    std::vector<TileWork> work;
    for (const TileKey& key : missing) {
      showCoarser(key);
      work.push_back(
          {key, [attention = m_attention, head = m_head, key, level = m_level](const std::stop_token& stop) {
             return computeTile(attention, head, {key.rowBegin, key.rowEnd}, {key.colBegin, key.colEnd}, level, stop);
           }});
    }
    m_map.incomplete = true;
    m_wanted.loader->want(m_cache, std::move(work));
    return Done{};
  }

  void showCoarser(const TileKey& missing) {
    const TileRange rows{missing.rowBegin, missing.rowEnd}, cols{missing.colBegin, missing.colEnd};
    const hooks::Overview& overview = m_attention.record->overview;
    const bool scores = m_level.quantity == Quantity::Scores;
    const std::int64_t widest = scores || overview.rows.empty() ? m_attention.tokens : overview.cell;
    for (Level level{2 * m_level.cell, m_level.quantity}; level.cell < widest; level.cell *= 2) {
      const std::int64_t span = kBlockCells * level.cell;
      const TileKey wide = key(level, rows.begin / span * span, cols.begin / span * span);
      const TilePtr tile = m_cache->find(wide);
      if (!tile) continue;
      const std::int64_t row = wide.rowBegin / level.cell, col = wide.colBegin / level.cell;
      return expand(m_map, rows, cols, level.cell, [&](std::int64_t r, std::int64_t c) {
        const auto at = static_cast<std::size_t>((r - row) * tile->cols + c - col);
        return std::pair{tile->mean[at], tile->maxima()[at]};
      });
    }
    if (scores || overview.rows.empty()) return;
    expand(m_map, rows, cols, overview.cell, [&](std::int64_t r, std::int64_t c) {
      const bool known = r < overview.side() && overview.rows[static_cast<std::size_t>(r)];
      return known ? std::pair{static_cast<float>(overview.mean(m_head, r, c)), overview.max(m_head, r, c)}
                   : std::pair{0.f, 0.f};
    });
  }

  HeadMap& m_map;
  const LayerAttention& m_attention;
  const std::int64_t m_head;
  const MapRequest& m_wanted;
  const Level m_level;
  const std::shared_ptr<TileCache> m_cache;
  std::map<std::pair<std::int64_t, std::int64_t>, std::uint64_t> m_hashes; // by rows
};

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
  return LayerAttention{request.snapshot, &record, request.snapshot->run, layer, tokens};
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

Result<HeadMap> headMap(const LayerAttention& attention, std::int64_t head, const MapRequest& wanted,
                        const std::shared_ptr<TileCache>& cache, std::stop_token stop) {
  const double work = workOf(attention, wanted.rows, wanted.cols);
  if (wanted.quantity == Quantity::Scores && work > kLargestScoreWork)
    return tooLarge("scores of " + std::to_string(wanted.rows.size()) + " x " + std::to_string(wanted.cols.size()) +
                    " tokens would take too long to compute: zoom in, or show the pattern");
  HeadMap map = emptyMap(attention, wanted.rows, wanted.cols, wanted.cell);
  if (!overviewServes(attention, wanted) || wanted.cell < attention.record->overview.cell) {
    if (auto filled = PyramidFill(map, attention, head, wanted, cache).fill(stop); !filled.ok()) return filled.error();
    markNonFinite(map, attention, head);
    return map;
  }
  if (wanted.loader) wanted.loader->want(cache, {});
  const std::int64_t covered = overviewTokens(attention);
  fillFromOverview(map, attention, head, covered);
  if (covered < map.rows.end) {
    // The rows after the last full overview cell, exact: at most one overview row of queries where T was cut back.
    const TileRange rest{std::max(map.rows.begin, covered / map.cell * map.cell), map.rows.end};
    const Level level{map.cell, wanted.quantity};
    const TileKey key = keyOf(attention, head, rest, map.cols, level, contentHash(attention, head, rest));
    auto tile = cachedTile(attention, head, key, level, *cache, stop);
    if (!tile.ok()) return tile.error();
    paste(map, **tile, rest, map.cols);
  }
  markNonFinite(map, attention, head);
  return map;
}

Result<HeadMap> thumbnail(const LayerAttention& attention, std::int64_t head, std::int64_t cells,
                          const std::shared_ptr<TileCache>& cache, std::stop_token stop) {
  const std::int64_t T = attention.tokens, covered = overviewTokens(attention);
  const std::int64_t cell = hooks::overviewCell(T, std::max<std::int64_t>(1, cells));
  const bool exact = covered == 0 || (T <= kExactTokens && covered < T);
  if (exact) {
    if (workOf(attention, {0, T}, {0, T}) > kSlowWork)
      return notFound("the overview maps of this run were not captured: run it with overviews on");
    return headMap(attention, head, {{0, T}, {0, T}, cell, Quantity::Pattern, nullptr}, cache, stop);
  }
  LayerAttention whole = attention;
  whole.tokens = covered;
  HeadMap map = emptyMap(whole, {0, covered}, {0, covered}, std::max(cell, attention.record->overview.cell));
  fillFromOverview(map, whole, head, covered);
  markNonFinite(map, whole, head);
  return map;
}

} // namespace orrery::views
