// SPDX-License-Identifier: MIT
#include "core/hooks/overview.h"

#include <algorithm>

#include "core/hooks/pooling.h"

namespace orrery::hooks {
namespace {

std::size_t cellIndex(const OverviewRow& row, std::int64_t head, std::int64_t column) {
  return static_cast<std::size_t>(head * row.cells + column);
}

OverviewRow emptyRow(std::int64_t heads, std::int64_t row) {
  OverviewRow empty{heads, row + 1, {}, {}};
  empty.sum.resize(static_cast<std::size_t>(heads * empty.cells));
  empty.max.resize(static_cast<std::size_t>(heads * empty.cells));
  return empty;
}

void mergeInto(OverviewRow& wide, const OverviewRow& fine) {
  for (std::int64_t h = 0; h < fine.heads; ++h)
    for (std::int64_t c = 0; c < fine.cells; ++c) {
      const std::size_t from = cellIndex(fine, h, c), to = cellIndex(wide, h, c / 2);
      wide.sum[to] += fine.sum[from];
      wide.max[to] = std::max(wide.max[to], fine.max[from]);
    }
}

// [n, n] with value(row, column) at and below the diagonal
template <class Value> std::vector<float> mapOf(std::int64_t side, Value value) {
  std::vector<float> map(static_cast<std::size_t>(side * side));
  for (std::int64_t r = 0; r < side; ++r)
    for (std::int64_t c = 0; c <= r; ++c) map[static_cast<std::size_t>(r * side + c)] = static_cast<float>(value(r, c));
  return map;
}

} // namespace

double Overview::mean(std::int64_t head, std::int64_t row, std::int64_t column) const {
  if (column > row) return 0;
  const OverviewRow& cells = *rows[static_cast<std::size_t>(row)];
  const std::int64_t pairs = std::min(cell, tokens - row * cell) * std::min(cell, tokens - column * cell);
  return cells.sum[cellIndex(cells, head, column)] / static_cast<double>(pairs);
}

float Overview::max(std::int64_t head, std::int64_t row, std::int64_t column) const {
  if (column > row) return 0;
  const OverviewRow& cells = *rows[static_cast<std::size_t>(row)];
  return cells.max[cellIndex(cells, head, column)];
}

std::vector<float> Overview::meanMap(std::int64_t head) const {
  return mapOf(side(), [&](std::int64_t r, std::int64_t c) { return mean(head, r, c); });
}

std::vector<float> Overview::maxMap(std::int64_t head) const {
  return mapOf(side(), [&](std::int64_t r, std::int64_t c) { return max(head, r, c); });
}

std::int64_t overviewCell(std::int64_t tokens, std::int64_t cells) {
  std::int64_t cell = 1;
  while (cell < tokens && (tokens - 1) / cell + 1 > std::max<std::int64_t>(cells, 1)) cell *= 2;
  return cell;
}

Result<OverviewRow> overviewRow(const AttentionRecord& record, std::int64_t cell, std::int64_t row) {
  if (Status s = checkRecord(record, 0); !s) return s.error();
  if (cell < 1 || row < 0 || row > (record.tokens - 1) / cell || record.tokens == 0)
    return badInput("overview row " + std::to_string(row) + " of cells of " + std::to_string(cell) +
                    " tokens lies outside a text of " + std::to_string(record.tokens) + " tokens");
  OverviewRow made = emptyRow(record.heads, row);
  const std::int64_t width = std::min(cell, record.tokens); // the same cells, and no sum overflows
  const TileRange queries{row * width, std::min(row * width + width, record.tokens)};
  for (std::int64_t h = 0; h < record.heads; ++h) {
    const std::size_t at = cellIndex(made, h, 0);
    poolInto(record, h, queries, {0, queries.end}, width, made.sum.data() + at, made.max.data() + at);
  }
  return made;
}

Result<Overview> overviewOf(const AttentionRecord& record, std::int64_t cell) {
  Overview overview{cell, record.tokens, {}};
  for (std::int64_t row = 0; row * cell < record.tokens && cell > 0; ++row) {
    Result<OverviewRow> made = overviewRow(record, cell, row);
    if (!made) return made.error();
    overview.rows.push_back(std::make_shared<const OverviewRow>(std::move(*made)));
  }
  return overview;
}

Overview coarserOverview(const Overview& overview) {
  Overview wide{overview.cell * 2, overview.tokens, {}};
  for (std::int64_t r = 0; r < overview.side(); r += 2) {
    OverviewRow row = emptyRow(overview.rows.front()->heads, r / 2);
    mergeInto(row, *overview.rows[static_cast<std::size_t>(r)]);
    if (r + 1 < overview.side()) mergeInto(row, *overview.rows[static_cast<std::size_t>(r + 1)]);
    wide.rows.push_back(std::make_shared<const OverviewRow>(std::move(row)));
  }
  return wide;
}

} // namespace orrery::hooks
